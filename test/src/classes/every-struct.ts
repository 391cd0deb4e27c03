import type { GetStream, PutStream } from '@ssmkit/runtime';
import {
  Bool,
  Callback,
  GCPhys,
  GCPhys32,
  GCPhys64,
  GCPtr,
  GCUInt,
  GCUIntPtr,
  GCUIntReg,
  HCPtrHackU32,
  HCPtrNI,
  IgnHCPtr,
  Ignore,
  IOPort,
  Mem,
  NoEntry,
  PadHCAuto,
  RCPtr,
  S8,
  S16,
  S32,
  S64,
  S128,
  Sel,
  SInt,
  SsmStruct,
  Struct,
  Transient,
  U8,
  U16,
  U32,
  U32ZxU64,
  U64,
  U128,
  UInt,
} from '@ssmkit/schema';
import { CHANNELS, limits, Mode, SECTOR } from './constants.js';
import { Channel, Segment } from './nested.js';

/** Every primitive as a member of a structure. */
@SsmStruct({ view: true })
export class Primitives {
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
}

/** Arrays of primitives. */
@SsmStruct({ view: true })
export class Arrays {
  @Bool({ count: 2 }) bools = [false, false];
  @U8({ count: 3 }) u8s = new Uint8Array(3);
  @U16({ count: 40 }) u16s = new Uint16Array(40);
  @U32({ count: CHANNELS }) u32s = new Uint32Array(CHANNELS);
  @U64({ count: 40 }) u64s = new BigUint64Array(40);
  @U128({ count: 2 }) u128s = [0n, 0n];
  @S8({ count: 2 }) s8s = new Int8Array(2);
  @S16({ count: 2 }) s16s = new Int16Array(2);
  @S32({ count: 2 }) s32s = new Int32Array(2);
  @S64({ count: 2 }) s64s = new BigInt64Array(2);
  @S128({ count: 2 }) s128s = [0n, 0n];
  @GCUInt({ count: 2 }) gcuints = new BigUint64Array(2);
  @RCPtr({ count: 2 }) rcptrs = new Uint32Array(2);
  @HCPtrNI({ count: 2 }) pointers = [false, false];
  @Mem({ count: 5 }) raw = new Uint8Array(5);
  @Mem({ count: SECTOR + 1 }) sector = new Uint8Array(SECTOR + 1);
  @U32({ count: 200 }) long = new Uint32Array(200);
  @Bool({ count: 600 }) flags = Array<boolean>(600).fill(false);
  @S128({ count: 40 }) wide = Array<bigint>(40).fill(0n);
}

/** What a value may be, and what the property holds. */
@SsmStruct({ view: true })
export class Options {
  @U8({ min: 1, max: 5 }) level = 1;
  @U32({ values: Mode }) mode = Mode.Off;
  @U16({ values: [1, 2, 4] }) width = 1;
  @S64({ min: -5n, max: 5n }) offset = 0n;
  @U64({ as: 'number' }) safe = 0;
  @S64({ as: 'number' }) signedSafe = 0;
  @U64({ hi: 'tscHi' }) tsc = 0;
  tscHi = 0;
  @GCPhys({ hi: 'baseHi' }) base = 0;
  baseHi = 0;
  @GCPtr({ as: 'number' }) pointer = 0;
  @HCPtrNI({ as: 'bigint' }) handle = 0n;
  @HCPtrNI({ as: 'bigint', count: 2 }) handles = [0n, 0n];
  @U8({ count: 4, each: { max: 9 } }) digits = new Uint8Array(4);
  @U64({ count: 2, each: { values: [0n, 1n] } }) bits = new BigUint64Array(2);
  @U16({ since: 3, default: 7 }) newer = 7;
  @U64({ since: 4, as: 'bigint' }) newest = 0n;
  @HCPtrHackU32({ since: 2 }) hack = 0;
  @Transient() cache = 0;
}

/** Structures in structures. */
@SsmStruct({ view: true })
export class Outer {
  @U8() first = 0;
  @Struct(Segment) segment = new Segment();
  @Struct(Segment, { count: 2 }) segments = [new Segment(), new Segment()];
  @Struct(() => Channel, { flatten: true }) channel = new Channel();
  @Struct(Channel, { flatten: true, count: CHANNELS }) channels = Array.from({ length: CHANNELS }, () => new Channel());
  @U8() last = 0;
}

/** Members that a table says nothing of, or places itself. */
@SsmStruct({ size: { bits32: 80, bits64: 96 }, view: true })
export class Placed {
  @U32() first = 0;
  @NoEntry('u64') declare unsaved: never;
  @NoEntry('hcptr', { count: 2 }) declare pointers: never;
  @U16({ offset: { of: 'first', add: 2 } }) high = 0;
  @U8({ offset: 60 }) far = 0;
  @U8({ offset: { bits32: 61, bits64: 62 } }) farther = 0;
  @Ignore('s128', { align: 4 }) declare ignored: never;
}

/** No padding between members. */
@SsmStruct({ packed: true, view: true })
export class Packed {
  @U8() a = 0;
  @U64() b = 0n;
  @HCPtrNI() c = false;
  @U16() d = 0;
}

/** Every gap an entry: may be saved with FULL_STRUCT on every host. */
@SsmStruct({ autoPad: true, view: true })
export class Padded {
  @U8() a = 0;
  @U64() b = 0n;
  @IgnHCPtr() declare c: never;
  @U16() d = 0;
  @GCPhys() e = 0n;
  @U8({ count: 3 }) f = new Uint8Array(3);
}

/** An entry that was 32 bits wide once: loading only. */
@SsmStruct({ view: true })
export class Widened {
  @U8() a = 0;
  @U32ZxU64() b = 0n;
  @U32ZxU64({ as: 'number' }) c = 0;
  @U16() z = 0;
}

/** What {@link Widened} was when it was saved. */
@SsmStruct()
export class BeforeWidened {
  @U8() a = 0;
  @U32() b = 0;
  @U32() c = 0;
  @U16() z = 0;
}

/** Members with methods of their own. */
@SsmStruct({ view: true })
export class Custom {
  @U8() a = 0;
  @PadHCAuto(3, 3) declare padBeforePair: never;
  @Callback('u32', { count: 2, put: 'putPair', get: 'getPair' }) pair = new Uint32Array(2);
  @Callback('u16', { get: 'getNothing', put: 'putNothing', since: 2 }) derived = 0;
  @PadHCAuto(2, 2) declare padAtEnd: never;

  putPair(stream: PutStream): void {
    stream.putU64((BigInt(this.pair[1]!) << 32n) | BigInt(this.pair[0]!));
  }

  getPair(stream: GetStream): void {
    const value = stream.getU64();
    this.pair = Uint32Array.of(Number(BigInt.asUintN(32, value)), Number(value >> 32n));
  }

  putNothing(): void {}

  getNothing(): void {
    this.derived = this.a + limits.queue;
  }
}

/** What every saved class of a family begins with. */
@SsmStruct({ view: true })
export class Base {
  @U32() kind = 0;
  @U8() version = 0;
}

/** A class that derives from a saved one: the base's fields come first. */
@SsmStruct({ view: true })
export class Derived extends Base {
  @U64() value = 0n;
}
