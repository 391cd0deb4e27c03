import { Callback, Nested, SsmStream, SsmStruct, Struct, U8, U16, U32, U64 } from '@ssmkit/schema';
import { Segment as FarSegment, Marked, Named, Numbered, Ring } from '#parts';
import * as nested from './nested.js';

/** A structure that begins with the fields of one of a package: the generator sees half of it. */
@SsmStruct()
export class Longer extends FarSegment {
  @U64() more = 0n;
  @U8() kind = 0;
}

/** A structure that is one of a package under another name. */
@SsmStruct()
export class Same extends FarSegment {}

/** A structure whose base class has no fields. */
@SsmStruct()
export class Tagged extends Named {
  @U8() kind = 0;
  @U64() tag = 0n;
}

/** A structure whose base class has what saves a member. */
@SsmStruct()
export class Own extends Marked {
  @U8() kind = 0;
  @Callback('u32', { put: 'putMark', get: 'getMark' }) mark = 0;
}

/** A structure that places a member relative to one of its base class. */
@SsmStruct()
export class Overlaid extends FarSegment {
  @U16({ offset: { of: 'base', add: 2 } }) high = 0;
  @U64() more = 0n;
}

/** A structure whose base class has a name in a namespace. */
@SsmStruct()
export class Wider extends nested.Segment {
  @U64() more = 0n;
}

/** A structure that holds such structures in every way. */
@SsmStruct()
export class LongerHolder {
  @U8() before = 0;
  @Struct(Longer) image = new Longer();
  @Struct(Longer, { count: 2 }) images = [new Longer(), new Longer()];
  @Struct(Longer, { flatten: true }) entries = new Longer();
  @Struct(Same) same = new Same();
  @U64() after = 0n;
}

/** A structure that holds one that does. */
@SsmStruct()
export class LongerDeep {
  @U16() before = 0;
  @Struct(LongerHolder) holder = new LongerHolder();
  @U8() after = 0;
}

/** A structure without gaps, if one looks at half of it only. */
@SsmStruct()
export class Roomy extends Ring {
  @U64() more = 0n;
}

/** The same as a part. */
@SsmStruct()
export class RoomyHolder {
  @Struct(Roomy, { flatten: true }) entries = new Roomy();
}

/** The same with a class of whose base there are no fields. */
@SsmStruct()
export class TaggedHolder {
  @U8() before = 0;
  @Struct(Tagged) image = new Tagged();
  @Struct(Tagged, { flatten: true }) entries = new Tagged();
  @U8() after = 0;
}

/** A part of a stream that asks for what its base class has. */
@SsmStream()
export class Counted extends Numbered {
  @U8({ count: 'number', max: 0xffff }) values = new Uint8Array(0);
  @U16({ when: { field: 'number', min: 2 } }) tail = 0;
}

/** A part of a stream that asks for a getter and a method of its base class. */
@SsmStream()
export class Asking extends Named {
  @U8({ when: 'isNamed' }) named = 0;
  @U32({ when: 'isLong' }) long = 0;
  @U8() last = 0;
}

/** A stream that holds all of them. */
@SsmStream()
export class LongerStream {
  @U8() before = 0;
  @Nested(Counted) counted = new Counted();
  @Nested(Asking, { count: { stream: 'u8' }, max: 3 }) asking: Asking[] = [];
  @Struct(LongerHolder) holder = new LongerHolder();
  @Struct(Tagged, { count: 2 }) tags = [new Tagged(), new Tagged()];
  @U16() after = 0;
}
