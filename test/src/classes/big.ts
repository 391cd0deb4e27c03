import type { GetStream, PutStream } from '@ssmkit/runtime';
import {
  Callback,
  GCPhys,
  GCPtr,
  HCPtrHackU32,
  HCPtrNI,
  IgnGCPhys,
  IgnGCPtr,
  IgnHCPtr,
  Ignore,
  IgnRCPtr,
  Mem,
  Old,
  OldGCPhys,
  OldGCPtr,
  OldHCPtr,
  OldPadHC,
  OldPadHC32,
  OldPadHC64,
  OldPadMsc32,
  OldRCPtr,
  PadHC,
  PadHC32,
  PadHC64,
  PadHCAuto,
  PadMsc32Auto,
  RCPtr,
  SsmStruct,
  U8,
  U16,
  U32,
  U64,
} from '@ssmkit/schema';

/** The structure `BIG` of the collection's manifests: one member of every kind. */
@SsmStruct({ view: true })
export class Big {
  @U8() u8 = 0;
  @Ignore('u8', { count: 3 }) declare abIgn: never;
  @U32() u32 = 0;
  @GCPhys() GCPhys = 0n;
  @GCPtr() GCPtr = 0n;
  @RCPtr() RCPtr = 0;
  @RCPtr({ count: 3 }) aRCPtrs = new Uint32Array(3);
  @HCPtrNI({ as: 'bigint' }) pvNI = 0n;
  @HCPtrNI({ as: 'bigint', count: 3 }) apvNI = [0n, 0n, 0n];
  @HCPtrHackU32() pvHack = 0;
  @Ignore('u32') declare u32Ign: never;
  @U32() u32b = 0;
  @IgnGCPhys() declare IgnGCPhys: never;
  @IgnGCPtr() declare IgnGCPtr: never;
  @IgnRCPtr() declare IgnRCPtr: never;
  @U32() u32c = 0;
  @IgnHCPtr() declare pvIgnHC: never;
  @Old(5) declare oldBlob: never;
  @OldGCPhys() declare oldGCPhys: never;
  @OldGCPtr() declare oldGCPtr: never;
  @OldRCPtr() declare oldRCPtr: never;
  @OldHCPtr() declare oldHCPtr: never;
  @OldPadHC(3, 6) declare oldPadHC: never;
  @OldPadHC64(2) declare oldPadHC64: never;
  @OldPadHC32(9) declare oldPadHC32: never;
  @OldPadMsc32(4) declare oldPadMsc32: never;
  @PadHC(2, 8) declare abPadHC: never;
  @PadHC64(4) declare abPad64: never;
  @PadHC32(12) declare abPad32: never;
  @U32() u32d = 0;
  @U32() u32e = 0;
  @PadHCAuto(0, 4) declare padBeforeU64: never;
  @PadMsc32Auto(4) declare msc32PadBeforeU64: never;
  @U64() u64Aligned = 0n;
  @U16({ offset: { of: 'u64Aligned', add: 8 } }) fBits1_and_fBits2 = 0;
  @U16() u16 = 0;
  @U16({ since: 5 }) u16Ver5 = 0;
  @U16({ since: 1 }) u16Ver1 = 0;
  @Callback('u64', { put: 'putCb', get: 'getCb' }) u64Cb = 0n;
  @Mem({ count: 16 }) abTail = new Uint8Array(16);

  /** What the test program's callback writes: a mark, the flags, a string, and the value's low bytes. */
  putCb(stream: PutStream, flags: number): void {
    stream.putU8(0xc8);
    stream.putU8(flags);
    stream.putStrZ('cb');
    stream.putU32(Number(BigInt.asUintN(32, this.u64Cb)));
  }

  getCb(stream: GetStream): void {
    stream.getU8();
    stream.getU8();
    stream.getStrZ(7);
    this.u64Cb = BigInt(stream.getU32()) | (0xcbn << 56n);
  }
}
