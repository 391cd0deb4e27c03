import { Nested, SsmStream, StrZ, U16, U32, U64 } from '@ssmkit/schema';

// The units that the manager and the memory manager have for themselves.

/** A name and its value. */
@SsmStream()
export class SsmPair {
  @StrZ({ max: 127 }) name = '';
  @StrZ({ max: 1023 }) value = '';
}

/** `SSM` version 1: who saved (`VirtualBox 7.2 SSMR3.cpp, ssmR3SelfSaveExec`). */
@SsmStream()
export class Ssm {
  /** "Build Type", "Host OS", "OSE". */
  @Nested(SsmPair, { end: { name: '', value: '' }, max: 64 }) pairs: SsmPair[] = [];
}

/** `SSMLiveControl` version 1: how far the saving side was (`SSMR3.cpp, ssmR3LiveControlEmit`). */
@SsmStream()
export class SsmLiveControl {
  /** 98 / 100 of a percent: 0…9800. */
  @U16() progress = 0;
}

/** `mm` version 2: the memory manager (`MMR3.cpp, mmR3Save`). */
@SsmStream()
export class Mm {
  /** Pages of RAM and ROM, those of shadowed ROM counted twice. */
  @U64() basePages = 0n;
  /** Bytes of RAM that the machine has. */
  @U64() ramBytes = 0n;
}

/** `mm` version 1. */
@SsmStream()
export class MmV1 {
  /** Bytes of RAM and ROM. */
  @U32() baseBytes = 0;
  @U32() ramBytes = 0;
}
