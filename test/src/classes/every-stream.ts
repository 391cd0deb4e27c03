import * as ssm from '@ssmkit/schema';
import {
  Bool,
  GCPhys,
  GCPhys32,
  GCPhys64,
  GCPtr,
  GCUInt,
  GCUIntPtr,
  GCUIntReg,
  IOPort,
  Marker,
  Mem,
  Nested,
  Old,
  OldGCPhys,
  OldHCPtr,
  OldPadHC,
  RCPtr,
  S8,
  S16,
  S32,
  S64,
  S128,
  Sel,
  SInt,
  SsmStream,
  Struct,
  StructFlags,
  StrZ,
  Transient,
  U8,
  U16,
  U32,
  U64,
  U128,
  UInt,
} from '@ssmkit/schema';
import { limits, Mode } from './constants.js';
import { Channel, Descriptor, Given, Pair, Segment, Tree } from './nested.js';

/** Every primitive as SSM's API puts it. */
@SsmStream()
export class StreamPrimitives {
  @Bool() bool = false;
  @U8() u8 = 0;
  @U16() u16 = 0;
  @U32() u32 = 0;
  @U64() u64 = 0n;
  @U128() u128 = 0n;
  @S8() s8 = 0;
  @S16() s16 = 0;
  @S32() s32 = 0;
  @S64() s64 = 0n;
  @S128() s128 = 0n;
  @UInt() uint = 0;
  @SInt() sint = 0;
  @GCUInt() gcuint = 0n;
  @GCUIntReg() gcuintreg = 0n;
  @GCPhys32() gcphys32 = 0;
  @GCPhys64() gcphys64 = 0n;
  @GCPhys() gcphys = 0n;
  @GCPtr() gcptr = 0n;
  @GCUIntPtr() gcuintptr = 0n;
  @RCPtr() rcptr = 0;
  @IOPort() ioport = 0;
  @Sel() sel = 0;
  @Mem({ count: 3 }) mem = new Uint8Array(3);
  @StrZ() strz = '';
  @StrZ({ as: 'bytes', max: 64 }) raw = new Uint8Array(0);
  @GCPhys({ as: 'number' }) safe = 0;
  @S64({ hi: 'pairHi' }) pair = 0;
  pairHi = 0;
}

/** Loops: counts from constants, fields, getters, methods and the stream; and arrays that a value ends. */
@SsmStream()
export class Loops {
  @U8() n = 0;
  @U16({ count: 3 }) three = new Uint16Array(3);
  @U32({ count: 100 }) hundred = new Uint32Array(100);
  @U8({ count: 'n', max: 255 }) bytes = new Uint8Array(0);
  @Mem({ count: 'n', max: 255 }) memory = new Uint8Array(0);
  @U64({ count: 'twice', max: 510 }) wide = new BigUint64Array(0);
  @Bool({ count: 'half', max: 128 }) flags: boolean[] = [];
  @S128({ count: { stream: 'u8' }, max: 4 }) huge: bigint[] = [];
  @GCPhys({ count: { stream: 'u16' }, max: limits.queue }) pages = new BigUint64Array(0);
  @U32({ count: { stream: 'u32' }, max: 2000, each: { max: 0xffff } }) checked = new Uint32Array(0);
  @S16({ end: -1, max: 8 }) list = new Int16Array(0);
  @U64({ end: 0n, max: 8 }) chain = new BigUint64Array(0);
  @Nested(Descriptor, { count: { stream: 'u8' }, max: 3 }) ring: Descriptor[] = [];
  @Nested(Pair, { end: { name: '', value: '' }, max: 4 }) pairs: Pair[] = [];
  @Nested(Tree) tree = new Tree();

  get twice(): number {
    return this.n * 2;
  }

  half(): number {
    return this.n >> 1;
  }
}

/** Parts that depend on the unit's version or on earlier values. */
@SsmStream()
export class Parts {
  @U8({ values: Mode }) mode = Mode.Off;
  @U32() features = 0;
  @U64() size = 0n;
  @U16({ since: 2 }) second = 0;
  @U16({ since: 2, until: 4, default: 9 }) middle = 9;
  @U8({ until: 3 }) early = 0;
  @U32({ when: 'mode' }) counter = 0;
  @U32({ when: { field: 'mode', is: Mode.Square } }) square = 0;
  @U32({ when: { field: 'mode', not: Mode.Off }, default: 5 }) running = 5;
  @Mem({ count: 4, when: { field: 'features', mask: 0x10 } }) extra = new Uint8Array(4);
  @U8({ when: { field: 'size', min: 2, max: 9 } }) small = 0;
  @U8({ when: { field: 'size', is: 7 } }) seven = 0;
  @StrZ({ when: 'hasName', max: limits.name }) name = '';
  @Nested(Descriptor, { when: 'isBig', since: 3 }) tail = new Descriptor();
  @StrZ({ since: 5 }) note = '';
  @U8() last = 0;

  get isBig(): boolean {
    return this.size > 100n;
  }

  hasName(stream: { version: number }): boolean {
    return stream.version >= 2 && (this.features & 1) !== 0;
  }
}

/** Structures, former values and markers in a stream. */
@SsmStream()
export class Mixed {
  @Struct(Channel) plain = new Channel();
  @Struct(Channel, { flags: StructFlags.NO_MARKERS | StructFlags.DONT_IGNORE }) image = new Channel();
  @Struct(Segment, { count: { stream: 'u8' }, max: 4, flags: StructFlags.NO_TAIL_MARKER }) segments: Segment[] = [];
  @Old(3) declare gone: never;
  @Old(700) declare longGone: never;
  @OldGCPhys() declare oldAddress: never;
  @OldHCPtr() declare oldPointer: never;
  @OldPadHC(2, 6) declare oldPadding: never;
  @Marker('u8', 0xff) declare separator: never;
  @ssm.U32() other = 0;
  @Marker('u64', 0xfeed_face_dead_beefn, { since: 2 }) declare wideSeparator: never;
  @Marker('s16', -1) declare end: never;
}

/** Parts that are given what they need to know. */
@SsmStream()
export class Giving {
  @Transient() outside = 2;
  @U8({ max: 32 }) length = 1;
  @Bool() hasTail = false;
  @Nested(Given, { with: ['length', 'hasTail'] }) one = new Given();
  @Nested(Given, { count: 'outside', max: 8, with: ['length'] }) two = [new Given(), new Given()];
  @Nested(Given, { count: { stream: 'u8' }, max: 4, with: ['hasTail', 'length'] }) many: Given[] = [];
  @Nested(Given, { end: { key: 0xffff }, max: 4, with: ['length', 'hasTail'] }) list: Given[] = [];
}
