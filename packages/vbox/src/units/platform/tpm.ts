import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { listOf, STRUCT_BEGIN, STRUCT_END, TERMINATOR } from '../common.js';

// `tpm` and `tpm-ppi` (`VirtualBox 7.2 DevTpm.cpp`). What the TPM itself knows is in `NvramStore`.

/** Bytes of the buffer for commands and responses. */
const BUFFER_BYTES = 3968;

/** Interrupts of a locality. */
@SsmStream()
export class TpmLocality {
  @U32() interruptEnable = 0;
  @U32() interruptStatus = 0;
}

/** `tpm` version 1: the registers. */
@SsmStream()
export class Tpm {
  @GCPhys() base = 0xfed40000n;
  @U16() vendorId = 0;
  @U16() deviceId = 0;
  @U8() revision = 0;
  @U8() irq = 0;
  /** What it says is not known. */
  @Bool() flag = false;
  /** 1, 2: TPM 1.2, 2.0. */
  @U32() tpmVersion = 2;
  @U32({ values: [BUFFER_BYTES] }) bufferBytes = BUFFER_BYTES;
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Bool() establishmentSet = false;
  @U8() locality = 0;
  @Nested(TpmLocality, { count: 5 }) localities = listOf(5, TpmLocality);
  /** Bit n: locality n has requested access. */
  @U32() requested = 0;
  /** Bit n: locality n has seized access. */
  @U32() seized = 0;
  @U32() state = 0;
  @U32() bufferOffset = 0;
  @Mem({ count: BUFFER_BYTES }) buffer = new Uint8Array(BUFFER_BYTES);
  @Marker('u32', STRUCT_END) declare end: never;
  @Marker('u32', TERMINATOR) declare terminator: never;
}

/** `tpm-ppi` version 1: the interface by which the user is asked to be present. */
@SsmStream()
export class TpmPpi {
  @GCPhys() base = 0xfed45000n;
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Mem({ count: 256 }) functions = new Uint8Array(256);
  @U8() ppin = 0;
  @U32() ppip = 0;
  @U32() pprp = 0;
  @U32() pprq = 0;
  @U32() pprm = 0;
  @U32() lppr = 0;
  @U32() fret = 0;
  @U8() nextStep = 0;
  @U8() movv = 0;
  @Marker('u32', STRUCT_END) declare end: never;
  @Marker('u32', TERMINATOR) declare terminator: never;
}
