import {
  GCPhys,
  HCPtrNI,
  Mem,
  Nested,
  PadHC64,
  SsmStream,
  SsmStruct,
  StrZ,
  Transient,
  U8,
  U16,
  U32,
  U64,
} from '@ssmkit/schema';
import { CHANNELS } from './constants.js';

/** A structure that is laid out alike on every host. */
@SsmStruct({ view: true })
export class Segment {
  @U16() selector = 0;
  @U16() flags = 0;
  @U32() limit = 0;
}

/** A structure that is laid out differently on each host. */
@SsmStruct({ view: true })
export class Channel {
  @U8() mode = 0;
  @HCPtrNI() attached = false;
  @U64() deadline = 0n;
  @PadHC64(4) declare pad: never;
}

/** A part of a stream. */
@SsmStream()
export class Descriptor {
  @GCPhys() address = 0n;
  @U32() length = 0;
  @Mem({ count: CHANNELS }) tag = new Uint8Array(CHANNELS);
}

/** An element of a list that two empty strings end. */
@SsmStream()
export class Pair {
  @StrZ({ max: 127 }) name = '';
  @StrZ({ max: 1023 }) value = '';
}

/** A tree: a stream class that holds an array of itself. */
@SsmStream()
export class Tree {
  @U32() value = 0;
  @Nested(() => Tree, { count: { stream: 'u8' }, max: 4 }) children: Tree[] = [];
}

/** A part whose layout the object around it knows. */
@SsmStream()
export class Given {
  @Transient() length = 1;
  @Transient() hasTail = false;
  @U16() key = 0;
  @Mem({ count: 'length', max: 32 }) data = new Uint8Array(1);
  @U32({ when: 'hasTail' }) tail = 0;
}
