import type { CTypeName, KindName } from './kinds/index.js';

/*
 * Descriptors
 *
 * A descriptor says of a class what its decorators said: its fields in order, each with a kind and options. Two
 * producers make it: the decorators at run time (`metadata.ts`) and the scanner of the code generator, which reads the
 * same decorators from the source. Both record decorator calls and leave the rest to `decorator-calls.ts`, so that
 * there is one truth. A descriptor is plain data, except for references to other classes.
 */

/** A reference to another decorated class. */
export interface ClassRef {
  readonly name: string;
  /** The class's descriptor. @throws DescriptorError when it has none. */
  descriptor(): Descriptor;
  /** The code generator does not see all of the class's source: only at run time is there a descriptor (`foreign.ts`). */
  readonly isForeign?: boolean;
  /** The class itself; only at run time. */
  target?(): new () => object;
}

/** When a part of a stream is there: a field, getter or method of the class that is true, or a comparison. */
export type Condition = string | FieldCondition;

/** A comparison of an earlier field, getter or method with a constant; all that are given must hold. */
export interface FieldCondition {
  readonly field: string;
  readonly is?: Constant;
  readonly not?: Constant;
  /** Any of these bits is set. */
  readonly mask?: number;
  readonly min?: number;
  readonly max?: number;
}

export type Constant = number | bigint | boolean | string;

/** How many elements an array has: a constant, the name of an earlier field, getter or method, or read from the stream. */
export type Count = number | string | { readonly stream: 'u8' | 'u16' | 'u32' };

/** Where a member lies: an offset, one for each pointer width, or relative to another member. */
export type Offset =
  | number
  | { readonly bits32: number; readonly bits64: number }
  | { readonly of: string; readonly add?: number };

/** The values a scalar, or each element of an array of scalars, may have. */
export interface Domain {
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  readonly values?: readonly (number | bigint)[];
}

/** What a 64-bit value, a host pointer or a string is in TypeScript, where it is not the default of its kind. */
export type Representation = 'number' | 'bigint' | 'boolean' | 'bytes';

/** One field of a class. */
export interface Field {
  /** Name of the property. Generated paddings have names in angle brackets. */
  readonly name: string;
  readonly kind: KindName;
  /** First unit version that has the field. In a structure it is always written (SSMFIELD_ENTRY_VER). */
  readonly since?: number;
  /** Last unit version that has the field. Streams only. */
  readonly until?: number;
  readonly when?: Condition;
  /** What the property becomes when the field is not there. */
  readonly default?: unknown;
  readonly domain?: Domain;
  readonly count?: Count;
  /** Most elements, bytes or UTF-8 bytes, where the number is not constant. */
  readonly limit?: number;
  /** Leading values of an element that ends an array (its fields by name, or the value itself). */
  readonly end?: Readonly<Record<string, Constant>> | Constant;
  readonly as?: Representation;
  /** The property with the high 32 bits of a 64-bit value whose low 32 bits this property holds. */
  readonly hi?: string;
  readonly offset?: Offset;
  readonly align?: number;
  /** C type of a member without a value of its own: `@Ignore`, `@NoEntry`, `@Callback`, `@Marker`. */
  readonly type?: CTypeName;
  /** Bytes of a former member or padding. */
  readonly cb?: number;
  readonly cb32?: number;
  readonly cb64?: number;
  /** Names of the methods of a callback. */
  readonly put?: string;
  readonly get?: string;
  /** Value of a marker. */
  readonly value?: number | bigint;
  /** Class of a nested object. */
  readonly class?: ClassRef;
  /** The nested structure's entries stand in this structure's table. */
  readonly flatten?: boolean;
  /** Names of properties that nested objects are given before they are put or got. */
  readonly with?: readonly string[];
  /** SSMSTRUCT_FLAGS of a structure in a stream. */
  readonly flags?: number;
}

/** What is known of a decorated class. */
export interface Descriptor {
  readonly name: string;
  readonly shape: 'struct' | 'stream';
  /** Members follow each other without padding (`#pragma pack(1)`). */
  readonly packed?: boolean;
  /** sizeof, where the structure ends after its last member's alignment. */
  readonly size?: Offset;
  /** Generated code brings a second class, whose objects keep the structure's memory. */
  readonly view?: boolean;
  readonly fields: readonly Field[];
}

/** Wrong use of a decorator: names the class and the property. */
export class DescriptorError extends Error {
  override readonly name = 'DescriptorError';

  constructor(
    readonly className: string,
    readonly property: string | undefined,
    readonly problem: string,
  ) {
    super(`${className}${property === undefined ? '' : `.${property}`}: ${problem}`);
  }
}

/** SSMSTRUCT_FLAGS (`VirtualBox 7.2 include/VBox/vmm/ssm.h`). */
export const StructFlags = {
  /** Every byte of the structure is covered by the table, in order. */
  FULL_STRUCT: 0x01,
  NO_MARKERS: 0x02,
  /** Ignored members and paddings are saved as zeros, so that the bytes are those of the C structure. */
  DONT_IGNORE: 0x04,
  /** What is loaded was saved as plain memory: the high half of a pointer that holds 32 bits may be anything. */
  SAVED_AS_MEM: 0x08,
  NO_LEAD_MARKER: 0x10,
  NO_TAIL_MARKER: 0x20,
  /** DONT_IGNORE, FULL_STRUCT, NO_MARKERS and SAVED_AS_MEM: a byte image of the C structure. */
  MEM_BAND_AID: 0x0f,
  /** MEM_BAND_AID without FULL_STRUCT. */
  MEM_BAND_AID_RELAXED: 0x0e,
  MASK: 0x3f,
} as const;
