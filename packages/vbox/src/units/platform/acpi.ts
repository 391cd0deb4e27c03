import { Bool, Marker, Mem, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

/** `acpi` versions 4 to 8 (`VirtualBox 7.2 DevACPI.cpp, acpiR3SaveState`, g_AcpiSavedStateFields4 to 8). */
@SsmStream()
export class Acpi {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U16() pm1aEnable = 0;
  @U16() pm1aStatus = 0;
  @U16() pm1aControl = 0;
  /** When the PM timer was 0, in nanoseconds of virtual time. */
  @U64() pmTimerInitial = 0n;
  @U32({ since: 7 }) pmTimerValue = 0;
  @U32() gpe0Enable = 0;
  @U32() gpe0Status = 0;
  @U32() batteryIndex = 0;
  @U32() systemInfoIndex = 0;
  @U64({ until: 4 }) oldRamSize = 0n;
  @U8({ until: 4 }) oldIndexShift = 0;
  @U8({ until: 4 }) oldUseIoApic = 0;
  /** The S state that the guest asked for. */
  @U32() sleepState = 0;
  @U8({ since: 5 }) indexShift = 0;
  @U16({ since: 5 }) pmIoPortBase = 0x4000;
  @Bool({ since: 6 }) suspendToSavedState = false;
  @U16({ since: 8 }) smBusIoPortBase = 0x4100;
  @U8({ since: 8 }) smBusHostStatus = 0;
  @U8({ since: 8 }) smBusSlaveStatus = 0;
  @U8({ since: 8 }) smBusHostControl = 0;
  @U8({ since: 8 }) smBusHostCommand = 0;
  @U8({ since: 8 }) smBusHostAddress = 0;
  @U8({ since: 8 }) smBusHostData0 = 0;
  @U8({ since: 8 }) smBusHostData1 = 0;
  @U8({ since: 8 }) smBusSlaveControl = 0;
  @U8({ since: 8 }) smBusShadowCommand = 0;
  @U16({ since: 8 }) smBusSlaveEvent = 0;
  @U16({ since: 8 }) smBusSlaveData = 0;
  @Mem({ count: 32, since: 8 }) smBusBlockData = new Uint8Array(32);
  @U8({ since: 8 }) smBusBlockIndex = 0;
  @Marker('u32', STRUCT_END) declare end: never;
}
