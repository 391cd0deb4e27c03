import { Bool, GCPhys, Marker, Mem, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END, TERMINATOR } from '../common.js';

// What the machine boots from, and devices for firmware only.

/** `pcbios` version 0 (`VirtualBox 7.2 DevPcBios.cpp, pcbiosSaveExec`). */
@SsmStream()
export class PcBios {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** Whether the guest asked for the newer way of telling shutdown. */
  @Bool() newControlPort = false;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** `flash`, and `efi` version 3 (`VirtualBox 7.2 FlashCore.cpp, flashR3SaveExec`): the store of EFI's variables. */
@SsmStream()
export class Flash {
  /** Version of what follows. */
  @Marker('u32', 1) declare coreVersion: never;
  /** The command in effect. */
  @U8() command = 0;
  @U8() status = 0;
  /** Which of a command's bus cycles comes next. */
  @U8() busCycle = 0;
  @U16() blockSize = 4096;
  @U16() flashId = 0;
  @Mem({ count: { stream: 'u32' }, max: 0x1000000 }) contents = new Uint8Array(0);
}

/** `qemu-fw-cfg` version 1: the frame buffer that firmware draws to. */
@SsmStream()
export class QemuFwCfg {
  @Bool() ramFbSupported = false;
  @GCPhys() base = 0n;
  /** Bytes from one line to the next. */
  @U32() stride = 0;
  @U32() width = 0;
  @U32() height = 0;
  /** Format of the pixels. */
  @U32() fourCc = 0;
  @U32() flags = 0;
  @Marker('u32', TERMINATOR) declare terminator: never;
}
