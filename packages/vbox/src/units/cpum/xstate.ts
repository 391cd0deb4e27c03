import { Marker, Mem, SsmStream, U64, U128 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

// Parts of the XSAVE area (`VirtualBox 7.2 CPUMR3-x86.cpp, g_aCpumXSaveHdrFields` and those after it).

/** Bits of the mask that says which parts there are, as far as they are saved. The masks of AVX-512 are not. */
export const XState = { YMM: 0x04, BND_REGS: 0x08, BND_CSR: 0x10, ZMM_HIGH: 0x40, ZMM_UPPER: 0x80 } as const;

/** The header. */
@SsmStream()
export class XStateHeader {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** Parts that are not in their initial state. */
  @U64() parts = 0n;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** Bits 128 to 255 of YMM0 to YMM15. */
@SsmStream()
export class YmmHigh {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U128({ count: 16 }) ymm = new Array<bigint>(16).fill(0n);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** MPX: BND0 to BND3, of each the lower and the upper bound. */
@SsmStream()
export class BndRegs {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U64({ count: 8 }) bounds = new BigUint64Array(8);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** MPX: configuration and status. */
@SsmStream()
export class BndCsr {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U64() config = 0n;
  @U64() status = 0n;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** Bits 256 to 511 of ZMM0 to ZMM15, 32 bytes each. */
@SsmStream()
export class ZmmHigh {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Mem({ count: 512 }) zmm = new Uint8Array(512);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** ZMM16 to ZMM31, 64 bytes each. */
@SsmStream()
export class ZmmUpper {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Mem({ count: 1024 }) zmm = new Uint8Array(1024);
  @Marker('u32', STRUCT_END) declare end: never;
}
