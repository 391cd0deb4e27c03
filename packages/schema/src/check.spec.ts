import { expect } from 'chai';
import type { CallbackOptions, ScalarOptions } from './decorators.js';
import * as ssm from './decorators.js';
import { DescriptorError } from './descriptor.js';
import { descriptorFor, type StateClass } from './metadata.js';

const {
  Bool,
  Callback,
  GCPhys,
  GCPtr,
  HCPtrHackU32,
  HCPtrNI,
  IgnHCPtr,
  Ignore,
  Marker,
  Mem,
  Nested,
  NoEntry,
  Old,
  OldPadHC,
  OldPadMsc32,
  PadHC,
  PadHC32,
  PadHCAuto,
  PadMsc32Auto,
  S8,
  S64,
  SsmStream,
  SsmStruct,
  Struct,
  StrZ,
  Transient,
  U128,
  U16,
  U32,
  U32ZxU64,
  U64,
  U8,
} = ssm;

/** Options that TypeScript would refuse: what JavaScript, or a cast, lets through. */
const any = <T>(value: unknown): T => value as T;

type Decorate = (prototype: object, property: string) => void;

/** A class `Wrong` whose properties are decorated in order. */
function make(shape: (target: StateClass) => void, properties: Record<string, Decorate>, body: StateClass = class {}) {
  const Wrong = { Wrong: class extends body {} }.Wrong;
  for (const [name, decorate] of Object.entries(properties)) decorate(Wrong.prototype, name);
  shape(Wrong);
  return Wrong;
}

const struct = (properties: Record<string, Decorate>, body?: StateClass) => make(SsmStruct(), properties, body);
const stream = (properties: Record<string, Decorate>, body?: StateClass) => make(SsmStream(), properties, body);

@SsmStruct()
class Point {
  @U32() x = 0;
  @U32() y = 0;
}

@SsmStream()
class Entry {
  @U16() key = 0;
  @StrZ() text = '';
  @U64({ hi: 'high' }) pair = 0;
  high = 0;
}

@SsmStream()
class Versioned {
  @U8({ since: 2 }) tag = 0;
}

@SsmStream()
class Raw {
  @StrZ({ as: 'bytes' }) text = new Uint8Array(0);
}

class Plain {
  x = 0;
}

class Methods {
  get length(): number {
    return 1;
  }
  save(): void {}
}

type Mistake = readonly [what: string, target: () => StateClass, property: string | undefined, problem: string];

const everywhere: readonly Mistake[] = [
  ['no kinds at all', () => struct({}), undefined, 'no property has a kind (such as @U32())'],
  [
    'a class without a class decorator',
    () => make(() => {}, { a: U8() }),
    undefined,
    'is not decorated with @SsmStruct or @SsmStream',
  ],
  [
    'two class decorators',
    () => {
      const target = struct({ a: U8() });
      SsmStream()(target);
      return target;
    },
    undefined,
    'has two class decorators',
  ],
  [
    'an option that the class has not',
    () => make(SsmStruct(any({ pack: 1 })), { a: U8() }),
    undefined,
    "@SsmStruct: no option 'pack'",
  ],
  [
    'an option of the other class decorator',
    () => make(SsmStream(any({ packed: true })), { a: U8() }),
    undefined,
    "@SsmStream: no option 'packed'",
  ],
  [
    'two kinds on a property',
    () => {
      const target = struct({ a: U8() });
      U16()(target.prototype, 'a');
      return target;
    },
    'a',
    'two kinds, @U8 and @U16',
  ],
  [
    'a kind on a property that is not saved',
    () => {
      const target = struct({ a: U8() });
      Transient()(target.prototype, 'a');
      return target;
    },
    'a',
    'is @Transient and has a kind',
  ],
  [
    'an option that the kind has not',
    () => struct({ a: U32(any({ as: 'number' })) }),
    'a',
    "@U32: no option 'as'; it takes since",
  ],
  ['an option where there are none', () => struct({ a: Old(4, any({ offset: 4 })) }), 'a', "@Old: no option 'offset'"],
  ['a missing argument', () => struct({ a: any<() => Decorate>(Old)() }), 'a', '@Old: wants (cb, options?)'],
  [
    'one argument of two',
    () => struct({ a: any<(cb: number) => Decorate>(PadHC)(4) }),
    'a',
    '@PadHC: wants (cb32, cb64, options?)',
  ],
  [
    'an argument too many',
    () => struct({ a: any<(a: number, b: number) => Decorate>(Old)(4, 4) }),
    'a',
    '@Old: wants (cb, options?)',
  ],
  ['a number for options', () => struct({ a: U32(any(4)) }), 'a', '@U32: wants (options?)'],
  [
    'something else for a class',
    () => struct({ a: Struct(any('Point')) }),
    'a',
    '@Struct: wants a decorated class, or a function that returns one',
  ],
  [
    'a class that is not decorated',
    () => struct({ a: Struct(Plain) }),
    'a',
    'Plain is not decorated with @SsmStruct or @SsmStream',
  ],
  [
    'a function that returns no class',
    () => struct({ a: Struct(any(() => 5)) }),
    'a',
    '5 is not decorated with @SsmStruct or @SsmStream',
  ],
  [
    'a class that is not there yet',
    () => struct({ a: Struct(any(() => undefined)) }),
    'a',
    'undefined is not decorated with',
  ],
  ['a version that is none', () => struct({ a: U8({ since: -1 }) }), 'a', 'a unit version is a u32'],
  ['a fraction of a version', () => stream({ a: U8({ until: 1.5 }) }), 'a', 'a unit version is a u32'],
  [
    'a representation that is not there',
    () => struct({ a: U64({ as: any('string') }) }),
    'a',
    "as: 'string' is not possible here; it may be bigint or number",
  ],
  [
    'a representation for an array',
    () => struct({ a: U64({ as: 'number', count: 2 }) }),
    'a',
    "as: 'number' is not possible here",
  ],
  [
    'a number for a pointer',
    () => struct({ a: HCPtrNI({ as: any('number') }) }),
    'a',
    "as: 'number' is not possible here; it may be boolean or bigint",
  ],
  [
    'a text for a string',
    () => stream({ a: StrZ({ as: any('text') }) }),
    'a',
    "as: 'text' is not possible here; it may be bytes",
  ],
  ['halves of an array', () => struct({ a: U64({ hi: 'b', count: 2 }) }), 'a', "'hi' splits one 64-bit value"],
  [
    'halves of a safe integer',
    () => struct({ a: U64({ hi: 'b', as: 'number' }) }),
    'a',
    "'hi' splits one 64-bit value",
  ],
  ['a high half without a name', () => struct({ a: U64({ hi: any(1) }) }), 'a', "'hi' is the name of a property"],
  [
    'a high half with a kind',
    () => struct({ a: U64({ hi: 'b' }), b: U32() }),
    'a',
    "the property of the high half, 'b', has a kind of its own",
  ],
  [
    'a high half of two pairs',
    () => struct({ a: U64({ hi: 'c' }), b: U64({ hi: 'c' }) }),
    'b',
    "the property of the high half, 'c', is that of another pair, too",
  ],
  [
    'a high half that is a getter',
    () => struct({ a: U64({ hi: 'length' }) }, Methods),
    'a',
    "the property of the high half, 'length', is a getter, method or @Transient property",
  ],
  ['a domain of halves', () => struct({ a: U64({ hi: 'b', min: 1 }) }), 'a', 'only plain numbers have a domain'],
  ['a domain of booleans', () => struct({ a: Bool({ min: 0 }) }), 'a', 'only plain numbers have a domain'],
  ['a domain upside down', () => struct({ a: U8({ min: 5, max: 4 }) }), 'a', 'min 5 is above max 4'],
  ['a bound that the kind cannot reach', () => struct({ a: U8({ max: 256 }) }), 'a', 'max 256 is no uint8_t'],
  ['a negative bound of an unsigned kind', () => struct({ a: U64({ min: -1 }) }), 'a', 'min -1 is no uint64_t'],
  ['a bound that is no number', () => struct({ a: U8({ max: any('9') }) }), 'a', "'max' is a whole number"],
  ['a bound between numbers', () => struct({ a: U8({ min: 0.5 }) }), 'a', "'min' is a whole number"],
  ['no values', () => struct({ a: U8({ values: [] }) }), 'a', "'values' has no number"],
  ['names for values', () => struct({ a: U8({ values: any(['on', 'off']) }) }), 'a', "'values' has no number"],
  ['values between numbers', () => struct({ a: U8({ values: [1, 1.5] }) }), 'a', "'values' are whole numbers"],
  [
    'values that the kind cannot hold',
    () => struct({ a: S8({ values: [200, -200] }) }),
    'a',
    "none of the 'values' is a int8_t",
  ],
  [
    'bounds of elements beside the array',
    () => struct({ a: U8({ count: 2, min: 1 }) }),
    'a',
    "@U8: 'min' of the elements of an array belongs into 'each'",
  ],
  ['elements of what is no array', () => struct({ a: U8({ each: { min: 1 } }) }), 'a', "@U8: 'each' is for arrays"],
  [
    'a bound of elements that is none',
    () => struct({ a: U8({ count: 2, each: any({ most: 1 }) }) }),
    'a',
    "a domain has min, max and values, not 'most'",
  ],
  [
    'a default of another type',
    () => struct({ a: U8({ since: 2, default: '1' }) }),
    'a',
    'the default is not what the property holds: a number from 0 to 255',
  ],
  [
    'a default that does not fit',
    () => struct({ a: U8({ since: 2, default: 256 }) }),
    'a',
    'the default is not what the property holds: a number from 0 to 255',
  ],
  [
    'a number as the default of a bigint',
    () => struct({ a: U64({ since: 2, default: 1 }) }),
    'a',
    'a bigint from 0 to 18446744073709551615',
  ],
  [
    'a number as the default of a boolean',
    () => struct({ a: HCPtrNI({ since: 2, default: 1 }) }),
    'a',
    'the property holds: a boolean',
  ],
  [
    'an array as the default of a typed one',
    () => struct({ a: U32({ since: 2, count: 1, default: [0] }) }),
    'a',
    'the property holds: a Uint32Array',
  ],
  [
    'a typed array as the default of a plain one',
    () => struct({ a: Bool({ since: 2, count: 1, default: new Uint8Array(1) }) }),
    'a',
    'the property holds: an array',
  ],
  [
    'an array as the default of bytes',
    () => struct({ a: Mem({ since: 2, count: 1, default: [0] }) }),
    'a',
    'the property holds: a Uint8Array',
  ],
  [
    'a number as the default of a string',
    () => stream({ a: StrZ({ since: 2, default: 0 }) }),
    'a',
    'the property holds: a string',
  ],
  [
    'an object as a default',
    () => struct({ a: Struct(Point, { since: 2, default: new Point() }) }),
    'a',
    'objects are made by their class',
  ],
  [
    'objects as a default',
    () => stream({ a: Nested(Entry, { since: 2, count: { stream: 'u8' }, max: 1, default: [new Entry()] }) }),
    'a',
    'an empty array',
  ],
  [
    'a default of a pair',
    () => struct({ a: U64({ since: 2, hi: 'b', default: 0 }) }),
    'a',
    "with 'hi' there are two properties",
  ],
];

const structs: readonly Mistake[] = [
  ['a string', () => struct({ a: StrZ() }), 'a', '@StrZ is for @SsmStream classes'],
  ['a stream class as a member', () => struct({ a: Nested(Entry) }), 'a', '@Nested is for @SsmStream classes'],
  ['a marker', () => struct({ a: Marker('u8', 1) }), 'a', '@Marker is for @SsmStream classes'],
  ['a last version', () => struct({ a: U8({ until: 3 }) }), 'a', "'until' and 'when' are for @SsmStream"],
  ['a condition', () => struct({ a: U8({ when: 'b' }) }), 'a', "'until' and 'when' are for @SsmStream"],
  ['an array that a value ends', () => struct({ a: U8({ end: 0 }) }), 'a', "'end' is for @SsmStream"],
  [
    'flags of a member',
    () => struct({ a: Struct(Point, { flags: 1 }) }),
    'a',
    "'flags' are for a structure in a @SsmStream",
  ],
  [
    'an array of no elements',
    () => struct({ a: U8({ count: 0 }) }),
    'a',
    'the count of an array in a C structure is a whole number, at least 1',
  ],
  [
    'an array as long as a field says',
    () => struct({ n: U8(), a: U8({ count: 'n' }) }),
    'a',
    'the count of an array in a C structure is a whole number, at least 1',
  ],
  [
    'most elements of a constant array',
    () => struct({ a: Struct(Point, { count: 2, max: 3 }) }),
    'a',
    "'max' is for counts that are not constant; for elements use 'each'",
  ],
  ...[GCPhys, GCPtr, HCPtrHackU32, U32ZxU64].map(
    (decorator): Mistake => [
      'an array that SSMFIELD has not',
      () => struct({ a: any<(options: ScalarOptions) => Decorate>(decorator)({ count: 2 }) }),
      'a',
      'SSMFIELD has no array of',
    ],
  ),
  ['bytes without a count', () => struct({ a: Mem(any({})) }), 'a', '@Mem wants a count'],
  ['a callback that does nothing', () => struct({ a: Callback('u8', {}) }), 'a', "@Callback wants 'put' or 'get'"],
  [
    'a callback that the class has not',
    () => struct({ a: Callback('u8', { put: 'save', get: 'load' }) }, Methods),
    'a',
    "the class has no method 'load'",
  ],
  ['a member of a stream class', () => struct({ a: Struct(Entry) }), 'a', 'Entry is no @SsmStruct class'],
  [
    'a version for flattened entries',
    () => struct({ a: Struct(Point, { flatten: true, since: 2 }) }),
    'a',
    "'since' belongs on the entries of a flattened structure",
  ],
  [
    'a structure in itself',
    () => {
      const target: StateClass = struct({ a: U8(), b: Struct(() => target) });
      return target;
    },
    'b',
    'Wrong contains itself',
  ],
  [
    'an array of itself',
    () => {
      const target: StateClass = struct({ b: Struct(() => target, { count: 2 }) });
      return target;
    },
    'b',
    'Wrong contains itself',
  ],
  [
    'a type that C has not',
    () => struct({ a: Ignore(any('float')) }),
    'a',
    "'float' is no C type; use one of the primitives or 'hcptr'",
  ],
  ['a type without a size', () => struct({ a: NoEntry(any('strz')) }), 'a', "'strz' is no C type"],
  ['a type that every object has', () => struct({ a: NoEntry(any('toString')) }), 'a', "'toString' is no C type"],
  ['a former member of no bytes', () => struct({ a: Old(0) }), 'a', 'the size cb must be a whole number from 1 to'],
  ['padding of no bytes', () => struct({ a: PadHC(0, 4) }), 'a', 'the size cb32 must be a whole number from 1 to 255'],
  [
    'padding that does not fit its byte',
    () => struct({ a: PadHC(4, 256) }),
    'a',
    'the size cb64 must be a whole number from 1 to 255',
  ],
  [
    '32-bit padding that does not fit its byte',
    () => struct({ a: PadHC32(256) }),
    'a',
    'the size cb must be a whole number from 1 to 255',
  ],
  [
    'MSC padding of half a byte',
    () => struct({ a: PadMsc32Auto(0.5) }),
    'a',
    'the size cb must be a whole number from 1 to 255',
  ],
  [
    'former padding that does not fit its word',
    () => struct({ a: OldPadHC(0x10000, 0) }),
    'a',
    'the size cb32 must be a whole number from 0 to 65535',
  ],
  [
    'former MSC padding of no bytes',
    () => struct({ a: OldPadMsc32(0) }),
    'a',
    'the size cb must be a whole number from 1 to',
  ],
  ['padding nowhere', () => struct({ a: PadHCAuto(0, 0) }), 'a', 'both sizes are 0'],
  ['former padding nowhere', () => struct({ a: OldPadHC(0, 0) }), 'a', 'both sizes are 0'],
  ['a negative offset', () => struct({ a: U8({ offset: -1 }) }), 'a', 'an offset is a whole number from 0'],
  [
    'an offset that is none',
    () => struct({ a: U8({ offset: any('4') }) }),
    'a',
    'an offset is a number, { bits32, bits64 } or { of, add }',
  ],
  [
    'an offset for one width',
    () => struct({ a: U8({ offset: any({ bits32: 4 }) }) }),
    'a',
    'an offset for 32-bit and 64-bit hosts is two whole numbers',
  ],
  [
    'an offset from nowhere',
    () => struct({ a: U8({ offset: any({ of: 4 }) }) }),
    'a',
    "an offset is relative to the member that 'of' names",
  ],
  [
    'a fraction of an offset',
    () => struct({ a: U8(), b: U8({ offset: { of: 'a', add: 0.5 } }) }),
    'b',
    "'add' is a whole number",
  ],
  [
    'an offset from a later member',
    () => struct({ a: U8({ offset: { of: 'b' } }), b: U8() }),
    'a',
    "offset of 'b', which is no earlier member",
  ],
  [
    'an offset from a member of other hosts',
    () => struct({ a: PadHC32(4), b: U8({ offset: { of: 'a' } }) }),
    'b',
    "offset of 'a', which is no earlier member",
  ],
  [
    'an offset before the structure',
    () => struct({ a: U8(), b: U8({ offset: { of: 'a', add: -1 } }) }),
    'b',
    'its offset is -1 on linux.amd64',
  ],
  ['an alignment that is none', () => struct({ a: U8({ align: 3 }) }), 'a', 'an alignment is 1, 2, 4, 8 or 16'],
  [
    'a structure of no bytes',
    () => make(SsmStruct({ size: 0 }), { a: U8() }),
    undefined,
    'the size of a structure is at least 1',
  ],
  [
    'a size that is none',
    () => make(SsmStruct({ size: any('8') }), { a: U8() }),
    undefined,
    'the size of a structure is a number',
  ],
  [
    'a size for one width',
    () => make(SsmStruct({ size: any({ bits64: 8 }) }), { a: U8() }),
    undefined,
    'the size of a structure for 32-bit and 64-bit hosts is two whole numbers',
  ],
  [
    'a member behind the end',
    () => make(SsmStruct({ size: 4 }), { a: U8(), b: U32() }),
    'b',
    'it ends at 8, and the structure at 4, on linux.amd64',
  ],
  [
    'a pointer behind the end of one host',
    () => make(SsmStruct({ size: { bits32: 2, bits64: 8 } }), { a: IgnHCPtr() }),
    'a',
    'it ends at 4, and the structure at 2, on linux.x86',
  ],
  [
    'a member of a view that has the name of its memory',
    () => make(SsmStruct({ view: true }), { a: U8(), bytes: U8() }),
    'bytes',
    "a view has a 'bytes' of its own",
  ],
  [
    'a method of a view that has the name of its own one',
    () =>
      make(
        SsmStruct({ view: true }),
        { a: U8() },
        class {
          toPlain() {}
        },
      ),
    'toPlain',
    "a view has a 'toPlain' of its own",
  ],
  [
    'a part of a view that has none',
    () => make(SsmStruct({ view: true }), { a: U8(), b: Struct(Point) }),
    'b',
    'no view: Point must be a @SsmStruct({ view: true }), too',
  ],
  [
    'a view of a stream',
    () => make(SsmStream(any({ view: true })), { a: U8() }),
    undefined,
    "@SsmStream: no option 'view'",
  ],
  [
    'a gap that no entry can cover',
    () => make(SsmStruct({ autoPad: true }), { a: U8(), b: NoEntry('u32') }),
    'b',
    'autoPad cannot cover a member without an entry; use @Ignore',
  ],
  [
    'a gap that is too large for an entry',
    () => make(SsmStruct({ autoPad: true }), { a: U8(), b: U8({ offset: 300 }) }),
    'b',
    'the padding before it cannot be written as entries; declare a padding member',
  ],
  [
    'a gap at the end that is too large',
    () => make(SsmStruct({ autoPad: true, size: 300 }), { a: U8() }),
    undefined,
    'the padding at the end cannot be written as entries',
  ],
  [
    'a gap that only gcc leaves',
    () => make(SsmStruct({ autoPad: true }), { a: U32(), b: U64(), c: U8({ align: 8 }) }),
    'c',
    'the padding before it cannot be written as entries',
  ],
  [
    'members that overlap',
    () => make(SsmStruct({ autoPad: true }), { a: U32(), b: U16({ offset: 2 }) }),
    'b',
    'autoPad cannot cover linux.x86: Wrong::b lies at 2, but the entries so far end at 4',
  ],
  [
    'a gap that 64-bit compilers disagree on',
    () => make(SsmStruct({ autoPad: true }), { a: U64(), b: U128() }),
    'b',
    'autoPad cannot cover win.amd64',
  ],
];

const streams: readonly Mistake[] = [
  ['a host pointer', () => stream({ a: HCPtrNI() }), 'a', '@HCPtrNI is for @SsmStruct classes'],
  ['a member that is not saved', () => stream({ a: Ignore('u8') }), 'a', '@Ignore is for @SsmStruct classes'],
  ['padding', () => stream({ a: PadHC32(4) }), 'a', '@PadHC32 is for @SsmStruct classes'],
  [
    'a callback',
    () => stream({ a: Callback('u8', any<CallbackOptions>({ put: 'save' })) }, Methods),
    'a',
    '@Callback is for @SsmStruct classes',
  ],
  ['versions upside down', () => stream({ a: U8({ since: 3, until: 2 }) }), 'a', 'since 3 is after until 2'],
  ['an offset', () => stream({ a: U8({ offset: 4 }) }), 'a', "'offset' is for @SsmStruct"],
  ['an alignment', () => stream({ a: U8({ align: 4 }) }), 'a', "'align' is for @SsmStruct"],
  ['flattening', () => stream({ a: Struct(Point, { flatten: true }) }), 'a', "'flatten' is for @SsmStruct"],
  [
    'a count that nobody knows',
    () => stream({ a: U8({ count: 'n' }) }),
    'a',
    "the count 'n' is no earlier field, @Transient property, getter or method",
  ],
  [
    'a count that comes later',
    () => stream({ a: U8({ count: 'n' }), n: U8() }),
    'a',
    "the count 'n' is no earlier field, @Transient property, getter or method",
  ],
  [
    'a count that every object has',
    () => stream({ a: U8({ count: 'toString' }) }),
    'a',
    "the count 'toString' is no earlier field",
  ],
  [
    'a constructor for a count',
    () => stream({ a: U8({ count: 'constructor' }) }),
    'a',
    "the count 'constructor' is no earlier field",
  ],
  [
    'a string for a count',
    () => stream({ n: StrZ(), a: Mem({ count: 'n', max: 4 }) }),
    'a',
    "the count 'n' is no number",
  ],
  [
    'an array for a count',
    () => stream({ n: U8({ count: 2 }), a: Mem({ count: 'n', max: 4 }) }),
    'a',
    "the count 'n' is no number",
  ],
  [
    'half a number for a count',
    () => stream({ n: U64({ hi: 'm' }), a: Mem({ count: 'n', max: 4 }) }),
    'a',
    "the count 'n' is no number",
  ],
  ['a negative count', () => stream({ a: U8({ count: -1 }) }), 'a', 'a count is a whole number'],
  [
    'a count in the stream that is no number',
    () => stream({ a: Mem({ count: { stream: any('u64') }, max: 4 }) }),
    'a',
    'a count in the stream is a u8, u16 or u32',
  ],
  [
    'a count and an end',
    () => stream({ a: Nested(Entry, { count: 2, end: { key: 0 }, max: 4 }) }),
    'a',
    "'count' and 'end' exclude each other",
  ],
  [
    'no limit for a count in the stream',
    () => stream({ a: Mem({ count: { stream: 'u8' } }) }),
    'a',
    "'max', the most elements to load, is mandatory where the count is not constant",
  ],
  [
    'no limit for a count from a field',
    () => stream({ n: U8(), a: Mem({ count: 'n' }) }),
    'a',
    "'max', the most elements to load, is mandatory",
  ],
  [
    'no limit before an end',
    () => stream({ a: U8({ end: 0 }) }),
    'a',
    "'max', the most elements to load, is mandatory",
  ],
  [
    'a limit of nothing',
    () => stream({ a: Mem({ count: { stream: 'u8' }, max: 0 }) }),
    'a',
    "'max', the most elements to load, is mandatory",
  ],
  [
    'a limit that cannot be counted',
    () => stream({ a: Mem({ count: { stream: 'u8' }, max: 256 }) }),
    'a',
    "'max' 256 is more than a u8 can count",
  ],
  [
    'a limit of a constant count',
    () => stream({ a: Mem({ count: 4, max: 4 }) }),
    'a',
    "'max' goes with a count that is not constant; for elements use 'each'",
  ],
  [
    'a limit of one object',
    () => stream({ a: Nested(Entry, { max: 4 }) }),
    'a',
    "'max' goes with a count that is not constant",
  ],
  [
    'a string that SSM does not save',
    () => stream({ a: StrZ({ max: 1_048_577 }) }),
    'a',
    "'max' of a string is at most 1048576 bytes",
  ],
  ['bytes without a count', () => stream({ a: Mem(any({})) }), 'a', '@Mem wants a count'],
  [
    'one value as the end of objects',
    () => stream({ a: Nested(Entry, { end: 0, max: 4 }) }),
    'a',
    "the 'end' of objects names their leading fields: { field: value }",
  ],
  [
    'fields as the end of numbers',
    () => stream({ a: U8({ end: { key: 0 }, max: 4 }) }),
    'a',
    "an 'end' with fields is for @Nested elements",
  ],
  [
    'fields as the end of structures',
    () => stream({ a: Struct(Point, { end: { x: 0 }, max: 4 }) }),
    'a',
    "an 'end' with fields is for @Nested elements",
  ],
  ['an end without fields', () => stream({ a: Nested(Entry, { end: {}, max: 4 }) }), 'a', "the 'end' names no field"],
  [
    'an end that leaves the first field out',
    () => stream({ a: Nested(Entry, { end: { text: '' }, max: 4 }) }),
    'a',
    "the 'end' must name Entry's leading fields: 'key' is missing",
  ],
  [
    'an end with half a value',
    () => stream({ a: Nested(Entry, { end: { key: 0, text: '', pair: 0 }, max: 4 }) }),
    'a',
    "the 'end' needs plain values, which Entry.pair is not",
  ],
  [
    'an end that may not be there',
    () => stream({ a: Nested(Versioned, { end: { tag: 0 }, max: 4 }) }),
    'a',
    "the 'end' needs plain values, which Versioned.tag is not",
  ],
  [
    'an end with more fields than there are',
    () => stream({ a: Nested(Versioned, { end: { tag: 0, more: 0 }, max: 4 }) }),
    'a',
    "the 'end' needs plain values",
  ],
  [
    'an end that is no such number',
    () => stream({ a: U8({ end: -1, max: 4 }) }),
    'a',
    "the 'end' of uint8_t elements is a whole number from 0 to 255",
  ],
  [
    'a number that ends booleans',
    () => stream({ a: Bool({ end: 0, max: 4 }) }),
    'a',
    "the 'end' of bool elements is true or false",
  ],
  [
    'a number for a string in the end',
    () => stream({ a: Nested(Entry, { end: { key: 0, text: 0 }, max: 4 }) }),
    'a',
    "the 'end' of char * elements is a string",
  ],
  [
    'bytes in the end',
    () => stream({ a: Nested(Raw, { end: { text: '' }, max: 4 }) }),
    'a',
    'a string kept as bytes cannot tell the end',
  ],
  [
    'nested objects that are given nothing',
    () => stream({ a: Nested(Entry, { with: [] }) }),
    'a',
    "'with' is a list of names",
  ],
  [
    'nested objects that are given what nobody knows',
    () => stream({ a: Nested(Entry, { with: ['b'] }) }),
    'a',
    "the property to give 'b' is no earlier field, @Transient property, getter or method",
  ],
  [
    'nested objects that are given what they save',
    () => stream({ key: U8(), a: Nested(Entry, { with: ['key'] }) }),
    'a',
    'Entry.key has a kind: what a nested object is given is @Transient there',
  ],
  [
    'a condition that nobody knows',
    () => stream({ a: U8({ when: 'b' }) }),
    'a',
    "the condition 'b' is no earlier field, @Transient property, getter or method",
  ],
  [
    'a condition on itself',
    () => stream({ a: U8({ when: { field: 'a', is: 1 } }) }),
    'a',
    "the condition 'a' is no earlier field",
  ],
  [
    'a condition that is none',
    () => stream({ a: U8({ when: any(5) }) }),
    'a',
    "'when' is a name or { field, is, not, mask, min, max }",
  ],
  [
    'a condition without a field',
    () => stream({ a: U8({ when: any({ is: 5 }) }) }),
    'a',
    "'when' is a name or { field, is, not, mask, min, max }",
  ],
  [
    'a condition without a test',
    () => stream({ n: U8(), a: U8({ when: { field: 'n' } }) }),
    'a',
    "'when' with a field wants is, not, mask, min or max",
  ],
  [
    'a test that is not there',
    () => stream({ n: U8(), a: U8({ when: any({ field: 'n', above: 1 }) }) }),
    'a',
    "'when' has no 'above'",
  ],
  [
    'a mask that is no number',
    () => stream({ n: U8(), a: U8({ when: { field: 'n', mask: any('1') } }) }),
    'a',
    "'mask' of a condition is a whole number",
  ],
  [
    'a mask of a string',
    () => stream({ n: StrZ(), a: U8({ when: { field: 'n', mask: 1 } }) }),
    'a',
    "'mask' of a condition is for numbers, and 'n' is a string",
  ],
  [
    'a condition on an array',
    () => stream({ n: Mem({ count: 2 }), a: U8({ when: 'n' }) }),
    'a',
    "the condition asks for 'n', which holds no single value",
  ],
  [
    'a condition on half a number',
    () => stream({ n: U64({ hi: 'm' }), a: U8({ when: 'n' }) }),
    'a',
    "the condition asks for 'n', which holds no single value",
  ],
  ['a stream class as a structure', () => stream({ a: Struct(Entry) }), 'a', 'Entry is no @SsmStruct class'],
  ['a structure as a stream class', () => stream({ a: Nested(Point) }), 'a', 'Point is no @SsmStream class'],
  [
    'flags that are none',
    () => stream({ a: Struct(Point, { flags: 0x40 }) }),
    'a',
    'flags are a combination of StructFlags',
  ],
  ['a pointer for a marker', () => stream({ a: Marker(any('hcptr'), 1) }), 'a', 'a marker is an integer'],
  [
    'a marker that its type cannot hold',
    () => stream({ a: Marker('u8', 256) }),
    'a',
    'the marker is no uint8_t: a whole number from 0 to 255',
  ],
  ['a negative marker of an unsigned type', () => stream({ a: Marker('u64', -1n) }), 'a', 'the marker is no uint64_t'],
  ['a marker that is no number', () => stream({ a: Marker('u8', any('x')) }), 'a', 'the marker is no uint8_t'],
  [
    'a stream in itself',
    () => {
      const target: StateClass = stream({ n: U8(), b: Nested(() => target) });
      return target;
    },
    'b',
    'Wrong contains itself',
  ],
  [
    'a constant number of itself',
    () => {
      const target: StateClass = stream({ b: Nested(() => target, { count: 2 }) });
      return target;
    },
    'b',
    'Wrong contains itself',
  ],
  [
    'itself in newer versions',
    () => {
      const target: StateClass = stream({ n: U8(), b: Nested(() => target, { since: 2 }) });
      return target;
    },
    'b',
    'Wrong contains itself',
  ],
];

for (const [where, mistakes] of Object.entries({
  'any class': everywhere,
  'a @SsmStruct': structs,
  'a @SsmStream': streams,
})) {
  describe(`wrong use in ${where}`, () => {
    for (const [what, target, property, problem] of mistakes) {
      it(`${what}: ${problem}`, () => {
        const wrong = target();
        let error: unknown;
        try {
          descriptorFor(wrong);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).to.be.instanceOf(DescriptorError);
        const { className, property: told, message } = error as DescriptorError;
        expect([className, told]).to.deep.equal(['Wrong', property]);
        expect(message).to.include(problem);
        expect(() => descriptorFor(wrong), 'at the next use').to.throw(DescriptorError, problem);
      });
    }
  });
}

describe('wrong use that a decorator sees itself', () => {
  const at = (run: () => void, className: string, property: string | undefined, problem: string) => {
    try {
      run();
    } catch (error) {
      expect(error).to.be.instanceOf(DescriptorError).and.include({ className, property });
      expect((error as Error).message).to.include(problem);
      return;
    }
    expect.fail('nothing was thrown');
  };

  it('a kind on a static property', () => {
    at(() => U8()(Plain, 'x'), 'Plain', 'x', '@U8: a static property is not saved with objects');
  });

  it('a kind on a method', () => {
    at(() => U8()(Methods.prototype, 'save'), 'Methods', 'save', '@U8: a method is no property');
    at(() => Transient()(Methods.prototype, 'save'), 'Methods', 'save', '@Transient: a method is no property');
  });

  it('a compiler that knows only the decorators of ECMAScript', () => {
    const standard = any<(value: undefined, context: object) => void>(U8());
    const problem = "@U8 is a decorator of TypeScript's kind: compile with experimentalDecorators";
    at(() => standard(undefined, { kind: 'field', name: 'x' }), 'a class', 'x', problem);
  });
});

describe('right use', () => {
  const right: readonly (readonly [what: string, target: () => StateClass])[] = [
    [
      'an enum that has names for values beyond its kind',
      () => struct({ a: U8({ values: { Off: 0, On: 1, Hack: 0x7fffffff } }) }),
    ],
    ['plain numbers as bounds of 64 bits', () => struct({ a: S64({ min: -5, max: 5 }) })],
    ['as many elements as the count can say', () => stream({ a: Mem({ count: { stream: 'u8' }, max: 255 }) })],
    ['a getter that counts', () => stream({ a: Mem({ count: 'length', max: 4 }) }, Methods)],
    [
      'an empty array of itself',
      () => {
        const target: StateClass = stream({ a: Nested(() => target, { count: 0 }) });
        return target;
      },
    ],
    [
      'an array of itself',
      () => {
        const target: StateClass = stream({ a: Nested(() => target, { count: { stream: 'u8' }, max: 4 }) });
        return target;
      },
    ],
    [
      'itself under a condition',
      () => {
        const target: StateClass = stream({ n: Bool(), a: Nested(() => target, { when: 'n' }) });
        return target;
      },
    ],
    ['a callback that only loads', () => struct({ a: Callback('u8', { get: 'save' }) }, Methods)],
    ['an offset back into another member', () => struct({ a: U32(), b: U16({ offset: { of: 'a', add: 2 } }) })],
    [
      'defaults of every sort',
      () =>
        stream({
          a: U8({ since: 2, default: 255 }),
          b: U64({ since: 2, default: 5n }),
          c: U64({ since: 2, as: 'number', default: 5 }),
          d: Bool({ since: 2, default: true }),
          e: StrZ({ since: 2, default: 'x' }),
          f: Mem({ since: 2, count: 1, default: new Uint8Array(1) }),
          g: U32({ since: 2, count: 1, default: new Uint32Array(1) }),
          h: Nested(Entry, { since: 2, count: { stream: 'u8' }, max: 1, default: [] }),
        }),
    ],
  ];
  for (const [what, target] of right) {
    it(what, () => {
      expect(descriptorFor(target()).name).to.equal('Wrong');
    });
  }
});
