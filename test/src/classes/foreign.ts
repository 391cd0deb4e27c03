import { Bool, Nested, SsmStream, SsmStruct, Struct, StructFlags, Transient, U8, U16, U32 } from '@ssmkit/schema';
import { Led, Timer } from '@ssmkit/vbox';
import * as parts from '#parts';
import { Corner, DEPTH, Entry, Segment as FarSegment, Given, limits, Mode, Named, Page, Ring } from '#parts';
import { Segment } from './nested.js';

/** Parts of packages in a stream: one, under conditions, and in every kind of array. */
@SsmStream()
export class ForeignParts {
  @Transient() longLeds = false;
  @U16() before = 0;
  @Nested(Timer) timer = new Timer();
  @Nested(Led, { with: ['longLeds'] }) led = new Led();
  @Bool() hasPage = false;
  @Nested(Page, { when: 'hasPage' }) page = new Page();
  @Nested(() => Page, { since: 2, until: 3 }) other = new Page();
  @Nested(parts.Page, { count: DEPTH }) fixed = Array.from({ length: DEPTH }, () => new Page());
  @U8({ max: 3 }) count = 0;
  @Nested(Page, { count: 'count', max: 3, since: 3 }) counted: Page[] = [];
  @Nested(Page, { count: { stream: 'u16' }, max: limits.queue }) open: Page[] = [];
  @Nested(Entry, { end: { name: '' }, max: 4 }) entries: Entry[] = [];
  @U32({ min: 1, max: 8 }) length = 1;
  @Nested(Given, { end: { key: 0xffff }, max: 4, with: ['length'] }) given: Given[] = [];
  @U16() after = 0;
}

/** Structures of packages in a stream, two of them of one name. */
@SsmStream()
export class ForeignStructs {
  @U8({ values: Mode }) mode = Mode.Off;
  @Struct(Segment) near = new Segment();
  @Struct(FarSegment, { flags: StructFlags.NO_TAIL_MARKER }) far = new FarSegment();
  @Struct(parts.Segment, { count: { stream: 'u8' }, max: 4 }) segments: FarSegment[] = [];
  @Struct(Ring, { flags: StructFlags.NO_MARKERS | StructFlags.DONT_IGNORE }) ring = new Ring();
}

/** Structures of packages in a structure: their bytes. */
@SsmStruct()
export class ForeignImage {
  @U16() before = 0;
  @Struct(Corner) corner = new Corner();
  @Struct(FarSegment, { count: 2 }) segments = [new FarSegment(), new FarSegment()];
  @U8() after = 0;
}

/** Structures of packages in a structure: their bytes, which differ from host to host, and their entries. */
@SsmStruct()
export class ForeignEntries {
  @U8() before = 0;
  @Struct(Ring, { flatten: true }) ring = new Ring();
  @U16() between = 0;
  @Struct(Segment, { flatten: true }) near = new Segment();
  @Struct(FarSegment, { flatten: true }) far = new FarSegment();
  @U32({ since: 3 }) after = 0;
}

/** A class that holds foreign ones in classes of its own, and has a base class from elsewhere. */
@SsmStream()
export class ForeignInside extends Named {
  @U8() before = 0;
  @Nested(ForeignStructs) structs = new ForeignStructs();
  @Struct(ForeignImage) image = new ForeignImage();
  @Struct(ForeignEntries, { flags: StructFlags.DONT_IGNORE }) entries = new ForeignEntries();
  @U8({ since: 2, default: 7 }) after = 0;
}

/** The bytes of a structure that holds a foreign one. */
@SsmStruct()
export class ForeignDeep {
  @U8() before = 0;
  @Struct(ForeignImage) image = new ForeignImage();
  @U16() after = 0;
}
