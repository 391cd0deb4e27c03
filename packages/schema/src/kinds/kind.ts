import type { HostProfile } from '../host.js';

/*
 * Kinds
 *
 * A field of a saved class has a kind: what its C member looks like on a host, what of it goes into the stream, and
 * what it is in TypeScript. All of that stands in one table (`primitives.ts` and `transformers.ts`), and everything
 * else derives from the rows: decorators, layout, the reflective and the generated engines, JSON codecs, arbitraries,
 * the documentation. A new kind is a new row.
 *
 * A primitive in a C structure is an SSMFIELD entry: most are copied as they are (SSMFIELD_ENTRY, "no
 * transformation"), guest addresses are entries of their own (SSMFIELD_ENTRY_GCPHYS …). In a stream the same primitive
 * is a put and a get of SSM's API. The other rows are the entries that C needs because a structure is more than its
 * values: host pointers, members that are not saved, members that are gone, padding.
 */

/** SSMFIELD transformers by name, with the numbers of VirtualBox 7.2 (`include/VBox/vmm/ssm.h`, SSMFIELDTRANS). */
export const transformers = {
  NO_TRANSFORMATION: 1,
  GCPHYS: 2,
  GCPTR: 3,
  RCPTR: 4,
  RCPTR_ARRAY: 5,
  HCPTR_NI: 6,
  HCPTR_NI_ARRAY: 7,
  HCPTR_HACK_U32: 8,
  U32_ZX_U64: 9,
  IGNORE: 10,
  IGN_GCPHYS: 11,
  IGN_GCPTR: 12,
  IGN_RCPTR: 13,
  IGN_HCPTR: 14,
  OLD: 15,
  OLD_GCPHYS: 16,
  OLD_GCPTR: 17,
  OLD_RCPTR: 18,
  OLD_HCPTR: 19,
  OLD_PAD_HC: 20,
  OLD_PAD_MSC32: 21,
  PAD_HC: 22,
  PAD_HC32: 23,
  PAD_HC64: 24,
  PAD_HC_AUTO: 25,
  PAD_MSC32_AUTO: 26,
} as const;

export type Transformer = keyof typeof transformers;

/** What a kind's rows have in common in the engines. */
export type Family =
  /** A number, bigint or boolean of a fixed size. */
  | 'scalar'
  /** Bytes. */
  | 'mem'
  /** A string with its length in front. */
  | 'strz'
  /** A host pointer. */
  | 'pointer'
  /** A member that is saved only as zeros, and only with DONT_IGNORE. */
  | 'ignore'
  /** A former member: zeros are saved, and skipped. */
  | 'old'
  /** Padding that depends on the host. */
  | 'pad'
  /** A member that a callback saves and loads. */
  | 'callback'
  /** An object of another decorated class. */
  | 'class'
  /** A constant in the stream that marks a place. */
  | 'marker'
  /** A C member without an SSMFIELD entry. */
  | 'noentry';

/** The values of a scalar. */
export interface ValueType {
  /** What a property holds unless the option `as` says otherwise. */
  readonly js: 'number' | 'bigint' | 'boolean';
  readonly bits: number;
  readonly signed: boolean;
  /** What a property holds for an array; a plain array where there is none. */
  readonly array?: TypedArrayName;
}

export type TypedArrayName =
  | 'Uint8Array'
  | 'Uint16Array'
  | 'Uint32Array'
  | 'BigUint64Array'
  | 'Int8Array'
  | 'Int16Array'
  | 'Int32Array'
  | 'BigInt64Array';

/** A row of the table of kinds. */
export interface Kind {
  readonly name: string;
  /** Name of the decorator. */
  readonly decorator: string;
  readonly family: Family;
  /** Where the kind may stand. */
  readonly shapes: readonly ('struct' | 'stream')[];
  /** Name of the C type, for `describe`. */
  readonly cType: string;
  /** Bytes of the C member (of one element of an array). */
  readonly size: (host: HostProfile) => number;
  /** Alignment of the C member. */
  readonly align: (host: HostProfile) => number;
  /** Macro suffix of the SSMFIELD entry: `GCPHYS` of `SSMFIELD_ENTRY_GCPHYS`; `''` is the plain entry. */
  readonly entry: string;
  readonly transformer: Transformer;
  /** Transformer and macro suffix for an array; none: an array is the plain entry's bytes, or not possible. */
  readonly arrayTransformer?: Transformer;
  /** Whether SSMR3PutStruct and SSMR3GetStruct take it. */
  readonly simple: boolean;
  /** Whether the flag DONT_IGNORE changes what is saved. */
  readonly heedsDontIgnore: boolean;
  /** The values, for kinds that have any. */
  readonly value?: ValueType;
  /** Which width of the saved side decides how many bytes a get reads, if any. */
  readonly savedWidth?: 'gcPhys' | 'gcPtr' | 'pointer';
  /** One sentence for the documentation: what is saved. */
  readonly summary: string;
}
