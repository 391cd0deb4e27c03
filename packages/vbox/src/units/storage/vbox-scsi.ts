import { Bool, Mem, SsmStream, U8, U32 } from '@ssmkit/schema';

/**
 * What the BIOS's way of talking to SCSI controllers had in progress, in states of releases up to 6.1
 * (`VirtualBox 6.1 VBoxSCSI.cpp, vboxscsiR3SaveExec`).
 *
 * The data buffer that follows while a command is in progress does not tell its size: such a state is not understood.
 */
@SsmStream()
export class VBoxScsi {
  @U8() identify = 0;
  @U8() target = 0;
  @U8() txDirection = 0;
  @U8() cdbBytes = 0;
  @Mem({ count: 20 }) cdb = new Uint8Array(20);
  @U8() cdbPosition = 0;
  @U32() bufferLeft = 0;
  @U32() bufferPosition = 0;
  @Bool() busy = false;
  @U8() state = 0;
}
