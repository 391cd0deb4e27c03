import type { ClassOptions } from './decorator-calls.js';
import type { Condition, Constant, Count, Offset } from './descriptor.js';
import type { CTypeName } from './kinds/index.js';
import { recordClass, recordField, recordTransient, type StateClass } from './metadata.js';

/*
 * The decorators
 *
 * Each property of a saved class has one decorator, which names its kind; nothing is inferred from TypeScript types.
 * A decorator only records its call. What the calls mean is decided in `decorator-calls.ts`, when the class is first
 * used, or when the code generator reads the same calls from the source.
 */

/** When a field is there. */
export interface PresenceOptions {
  /**
   * First unit version that has the field. In a `@SsmStruct` that is SSMFIELD_ENTRY_VER: always written, read when the
   * unit's version is at least this one.
   */
  since?: number;
  /** Last unit version that has the field. `@SsmStream` only. */
  until?: number;
  /** A field, getter or method that must be true, or a comparison with a constant. `@SsmStream` only. */
  when?: Condition;
  /** What the property becomes when the field is not there; without it the property is left alone. */
  default?: unknown;
}

/** Where a member lies. `@SsmStruct` only. */
export interface MemberOptions {
  /** Explicit offset, as of SSMFIELD_ENTRY_CUSTOM: for bit fields, unions and members the compiler does not place. */
  offset?: Offset;
  /** Alignment of the member, where it is not its type's. */
  align?: number;
}

/** How many elements. */
export interface ArrayOptions {
  /**
   * Number of elements: a constant; in a `@SsmStream` also the name of an earlier field, getter, method or `@Transient` property, or
   * `{ stream: 'u32' }` for a number that stands in the stream before the elements.
   */
  count?: Count;
  /** Most elements that are loaded. Mandatory where the count is not constant. */
  max?: number;
  /** The element (or its leading fields) that ends the array. `@SsmStream` only. */
  end?: Constant | Record<string, Constant>;
}

/** Which values a number may have, when saving and when loading. */
export interface DomainOptions {
  min?: number | bigint;
  max?: number | bigint;
  /** A list of numbers, or a TypeScript enum. */
  values?: readonly (number | bigint)[] | object;
}

/** Options of numbers. For arrays, `max` is the most elements, and the domain of the elements stands in `each`. */
export interface ScalarOptions extends PresenceOptions, MemberOptions, Omit<ArrayOptions, 'max'>, DomainOptions {
  each?: DomainOptions;
}

/** Options of 64-bit numbers. */
export interface WideOptions extends ScalarOptions {
  /** `'number'`: the property is a safe integer; larger values are an error on load. */
  as?: 'bigint' | 'number';
  /** Name of the property that holds the high 32 bits; this property then holds the low ones, both as numbers. */
  hi?: string;
}

/** Options of `@Mem`. */
export interface MemOptions extends PresenceOptions, MemberOptions {
  /** Number of bytes. */
  count: Count;
  /** Most bytes that are loaded. Mandatory where the count is not constant. */
  max?: number;
}

/** Options of `@StrZ`. */
export interface StrZOptions extends PresenceOptions {
  /** Most bytes of UTF-8; 1 MiB where not given, which is the most that can be saved. */
  max?: number;
  /** `'bytes'`: the property is a `Uint8Array`, for strings that may not be UTF-8. */
  as?: 'bytes';
}

/** Options of `@HCPtrNI`. */
export interface PointerOptions extends Pick<PresenceOptions, 'since' | 'default'>, MemberOptions {
  /** Number of pointers. */
  count?: number;
  /** `'bigint'`: the property is the pointer, which DONT_IGNORE saves whole; else it is whether there is one. */
  as?: 'boolean' | 'bigint';
}

/** Options of members that are not saved. */
export interface IgnoreOptions extends Pick<PresenceOptions, 'since'>, MemberOptions {
  count?: number;
}

/** Options of `@Callback`. */
export interface CallbackOptions extends Pick<PresenceOptions, 'since' | 'default'>, MemberOptions {
  count?: number;
  /** Name of the method that saves: `(stream: PutStream, flags: number) => void`. */
  put?: string;
  /** Name of the method that loads: `(stream: GetStream, flags: number) => void`. */
  get?: string;
}

/** Options of `@Struct`. */
export interface StructOptions extends PresenceOptions, MemberOptions, ArrayOptions {
  /** In a `@SsmStruct`: the nested structure's entries stand in this table, instead of one entry for its bytes. */
  flatten?: boolean;
  /** In a `@SsmStream`: StructFlags of the structure. */
  flags?: number;
}

/** Options of `@Nested`. */
export interface NestedOptions extends PresenceOptions, ArrayOptions {
  /**
   * Properties that the nested objects are given, under the same names, before they are put or got: what conditions
   * and counts in them ask for and only the outer object knows. In the nested class they are `@Transient()`.
   */
  with?: readonly string[];
}

type Decorator = (prototype: object, property: string) => void;
type ClassArgument = StateClass | (() => StateClass);

function field(decorator: string, ...args: readonly unknown[]): Decorator {
  const given = args.filter((argument) => argument !== undefined);
  return (prototype, property) => recordField(prototype, { property, decorator, args: given });
}

const scalar = (name: string) => (options?: ScalarOptions) => field(name, options);
const wide = (name: string) => (options?: WideOptions) => field(name, options);

/** A C structure with an SSMFIELD table. */
export const SsmStruct =
  (options?: ClassOptions) =>
  (target: StateClass): void =>
    recordClass(target, { decorator: 'SsmStruct', args: options === undefined ? [] : [options] });

/** Values in stream order, as most units of VirtualBox are written. */
export const SsmStream =
  (options?: Readonly<Record<string, never>>) =>
  (target: StateClass): void =>
    recordClass(target, { decorator: 'SsmStream', args: options === undefined ? [] : [options] });

/** A property that is not saved and is no member of the C structure. */
export const Transient = (): Decorator => recordTransient;

export const Bool = scalar('Bool');
export const U8 = scalar('U8');
export const U16 = scalar('U16');
export const U32 = scalar('U32');
export const U64 = wide('U64');
export const U128 = scalar('U128');
export const S8 = scalar('S8');
export const S16 = scalar('S16');
export const S32 = scalar('S32');
export const S64 = wide('S64');
export const S128 = scalar('S128');
export const UInt = scalar('UInt');
export const SInt = scalar('SInt');
export const GCUInt = wide('GCUInt');
export const GCUIntReg = wide('GCUIntReg');
export const GCPhys32 = scalar('GCPhys32');
export const GCPhys64 = wide('GCPhys64');
export const GCPhys = wide('GCPhys');
export const GCPtr = wide('GCPtr');
export const GCUIntPtr = wide('GCUIntPtr');
export const RCPtr = scalar('RCPtr');
export const IOPort = scalar('IOPort');
export const Sel = scalar('Sel');
/** Bytes (`uint8_t[]`), as a `Uint8Array`. */
export const Mem = (options: MemOptions): Decorator => field('Mem', options);
export const StrZ = (options?: StrZOptions): Decorator => field('StrZ', options);

/** A host pointer of which only "is not NULL" matters. */
export const HCPtrNI = (options?: PointerOptions): Decorator => field('HCPtrNI', options);
/** A host pointer that holds a 32-bit value. */
export const HCPtrHackU32 = (options?: PresenceOptions & MemberOptions): Decorator => field('HCPtrHackU32', options);
/** A 64-bit member that was saved as 32 bits. Loading only. */
export const U32ZxU64 = (options?: PresenceOptions & MemberOptions & Pick<WideOptions, 'as' | 'hi'>): Decorator =>
  field('U32ZxU64', options);

/** A member that is not saved (zeros with DONT_IGNORE). */
export const Ignore = (type: CTypeName, options?: IgnoreOptions): Decorator => field('Ignore', type, options);
export const IgnGCPhys = (options?: IgnoreOptions): Decorator => field('IgnGCPhys', options);
export const IgnGCPtr = (options?: IgnoreOptions): Decorator => field('IgnGCPtr', options);
export const IgnRCPtr = (options?: IgnoreOptions): Decorator => field('IgnRCPtr', options);
export const IgnHCPtr = (options?: IgnoreOptions): Decorator => field('IgnHCPtr', options);
/** A C member that the SSMFIELD table leaves out. */
export const NoEntry = (type: CTypeName, options?: Omit<IgnoreOptions, 'since'>): Decorator =>
  field('NoEntry', type, options);

/** A former member of `cb` bytes. On a `declare` property. */
export const Old = (cb: number, options?: PresenceOptions): Decorator => field('Old', cb, options);
export const OldGCPhys = (options?: PresenceOptions): Decorator => field('OldGCPhys', options);
export const OldGCPtr = (options?: PresenceOptions): Decorator => field('OldGCPtr', options);
export const OldRCPtr = (options?: PresenceOptions): Decorator => field('OldRCPtr', options);
export const OldHCPtr = (options?: PresenceOptions): Decorator => field('OldHCPtr', options);
/** Former padding: bytes on 32-bit hosts, bytes on 64-bit hosts. */
export const OldPadHC = (cb32: number, cb64: number, options?: PresenceOptions): Decorator =>
  field('OldPadHC', cb32, cb64, options);
export const OldPadHC32 = (cb: number, options?: PresenceOptions): Decorator => field('OldPadHC32', cb, options);
export const OldPadHC64 = (cb: number, options?: PresenceOptions): Decorator => field('OldPadHC64', cb, options);
export const OldPadMsc32 = (cb: number, options?: PresenceOptions): Decorator => field('OldPadMsc32', cb, options);

type PadOptions = Pick<PresenceOptions, 'since'> & MemberOptions;
/** A padding member with one size on 32-bit hosts and another on 64-bit hosts. On a `declare` property. */
export const PadHC = (cb32: number, cb64: number, options?: PadOptions): Decorator =>
  field('PadHC', cb32, cb64, options);
/** A padding member that only 32-bit hosts have. */
export const PadHC32 = (cb: number, options?: PadOptions): Decorator => field('PadHC32', cb, options);
/** A padding member that only 64-bit hosts have. */
export const PadHC64 = (cb: number, options?: PadOptions): Decorator => field('PadHC64', cb, options);
/** The compiler's own padding: bytes on 32-bit hosts, bytes on 64-bit hosts. */
export const PadHCAuto = (cb32: number, cb64: number, options?: Pick<PresenceOptions, 'since'>): Decorator =>
  field('PadHCAuto', cb32, cb64, options);
/** The compiler's own padding that only 32-bit MSC leaves. */
export const PadMsc32Auto = (cb: number, options?: Pick<PresenceOptions, 'since'>): Decorator =>
  field('PadMsc32Auto', cb, options);

/** A member that the class's own methods save and load (SSMFIELD_ENTRY_CALLBACK). */
export const Callback = (type: CTypeName, options: CallbackOptions): Decorator => field('Callback', type, options);
/** An object of a `@SsmStruct` class. */
export const Struct = (type: ClassArgument, options?: StructOptions): Decorator => field('Struct', type, options);
/** An object of a `@SsmStream` class, whose values stand in this stream. */
export const Nested = (type: ClassArgument, options?: NestedOptions): Decorator => field('Nested', type, options);
/** A constant that is written and must be there when loading. On a `declare` property. */
export const Marker = (
  type: Exclude<CTypeName, 'hcptr'>,
  value: number | bigint,
  options?: Pick<PresenceOptions, 'since' | 'until' | 'when'>,
): Decorator => field('Marker', type, value, options);
