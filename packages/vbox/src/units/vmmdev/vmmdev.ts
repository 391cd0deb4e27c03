import { Bool, Marker, Mem, Nested, S32, S64, SsmStream, StrZ, U16, U32, U64 } from '@ssmkit/schema';
import { listOf, STRUCT_BEGIN, STRUCT_END, Timer } from '../common.js';
import { HgcmCommand, HgcmCommandV6, HgcmCommandV9 } from './hgcm.js';

// `VMMDev`: the device of Guest Additions (`VirtualBox 7.2 VMMDev.cpp`).

const COMMANDS_MAX = 0x10000;
const MONITORS = 64;

/** How the device is configured: alone in pass 0, and in front of the state since version 12 (`vmmdevLiveExec`). */
@SsmStream()
export class VmmDevConfig {
  @Bool() getHostTimeDisabled = false;
  @Bool() backdoorLogDisabled = false;
  @Bool() keepCredentials = false;
  @Bool() heapEnabled = true;
  /** Whether requests can be made by memory-mapped I/O, too. */
  @Bool({ since: 20 }) mmioRequests = true;
}

/** What a part of Guest Additions has reported of itself. */
@SsmStream()
export class VmmDevFacility {
  @U32() facility = 0;
  @U32() flags = 0;
  @U16() status = 0;
  /** When, in nanoseconds since 1970. */
  @S64() time = 0n;
}

/** What the display is to be. */
@SsmStream()
export class VmmDevDisplay {
  @U32() flags = 0;
  @U32() id = 0;
  @S32() x = 0;
  @S32() y = 0;
  @U32() width = 0;
  @U32() height = 0;
  @U32() bitsPerPixel = 0;
}

/** A request to change the display. */
@SsmStream()
export class VmmDevDisplayChange {
  @Bool() pending = false;
  @Bool() acknowledged = false;
  @Mem({ count: 2 }) unused = new Uint8Array(2);
  @Nested(VmmDevDisplay) display = new VmmDevDisplay();
  @Nested(VmmDevDisplay) lastRead = new VmmDevDisplay();
}

/** The requests to change displays, one for each monitor. */
@SsmStream()
export class VmmDevDisplayChanges {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** The monitor that the guest was told of last. */
  @S32() currentMonitor = 0;
  @Bool() acknowledges = false;
  @Mem({ count: 3 }) unused = new Uint8Array(3);
  @Nested(VmmDevDisplayChange, { count: MONITORS }) monitors = listOf(MONITORS, VmmDevDisplayChange);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** `VMMDev` versions 6 to 20 (`vmmdevSaveExec`, `vmmdevLoadExec`). */
@SsmStream()
export class VmmDev {
  @Nested(VmmDevConfig, { since: 12 }) config = new VmmDevConfig();
  /** Always 0. */
  @U32() hypervisorSize = 0;
  @U32() mouseCapabilities = 0;
  /** 0…0xFFFF. */
  @S32() mouseX = 0;
  @S32() mouseY = 0;
  /** Movement of the wheels, and the buttons that are down. */
  @S32({ since: 19 }) mouseZ = 0;
  @S32({ since: 19 }) mouseW = 0;
  @U32({ since: 19 }) mouseButtons = 0;
  @Bool() newGuestFilterMaskValid = false;
  @U32() newGuestFilterMask = 0;
  @U32() guestFilterMask = 0;
  @U32() hostEvents = 0;
  /** Sizes and version as they stand in the memory that is shared with the guest. */
  @Mem({ count: 8 }) memoryHeader = new Uint8Array(8);
  /** What Guest Additions have reported: version of the interface, and operating system. */
  @U32() interfaceVersion = 0;
  @U32() osType = 0;
  @U32() additionsOk = 0;
  @U32() videoAcceleration = 0;
  @Bool({ since: 11 }) guestAcknowledges = false;
  @U32() guestCapabilities = 0;
  @U32({ count: 2, since: 7, until: 7 }) unnamed7 = new Uint32Array(2);
  @Nested(HgcmCommandV6, { count: { stream: 'u32' }, max: COMMANDS_MAX, until: 8 }) commandsV6: HgcmCommandV6[] = [];
  @Nested(HgcmCommandV9, { count: { stream: 'u32' }, max: COMMANDS_MAX, since: 9, until: 16 })
  commandsV9: HgcmCommandV9[] = [];
  /** Calls to the host's services in progress. */
  @Nested(HgcmCommand, { count: { stream: 'u32' }, max: COMMANDS_MAX, since: 17 }) commands: HgcmCommand[] = [];
  @U32({ since: 9 }) commandsReserved = 0;
  @U32({ since: 10 }) hostCursorRequested = 0;
  /** Version of Guest Additions: major << 24, minor << 16, build. */
  @U32({ since: 14 }) additionsVersion = 0;
  @U32({ since: 14 }) additionsRevision = 0;
  @U32({ since: 14 }) additionsFeatures = 0;
  @StrZ({ since: 14, max: 1024 }) additionsName = '';
  @Nested(VmmDevFacility, { count: { stream: 'u32' }, max: 1024, since: 15 }) facilities: VmmDevFacility[] = [];
  @Bool({ since: 16 }) heartbeatActive = false;
  /** Whether the guest has stopped to send heartbeats. */
  @Bool({ since: 16 }) flatlined = false;
  @U64({ since: 16 }) lastHeartbeat = 0n;
  @Nested(Timer, { since: 16 }) flatlineTimer = new Timer();
  @Nested(VmmDevDisplayChanges, { since: 18 }) displayChanges = new VmmDevDisplayChanges();
}
