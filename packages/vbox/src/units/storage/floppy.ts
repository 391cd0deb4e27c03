import { Mem, Nested, SsmStream, Transient, U8, U32 } from '@ssmkit/schema';
import { Led, Timer } from '../common.js';

// `i82078`: the floppy controller (`VirtualBox 7.2 DevFdc.cpp, fdcSaveExec`).

/** Bytes of the FIFO, which holds a sector. */
const FIFO_BYTES = 512;

/** A drive. */
@SsmStream()
export class FloppyDrive {
  @Transient() longLeds = false;
  @Nested(Led, { with: ['longLeds'] }) led = new Led();
  @U32() driveType = 0;
  @U8() diskChanged = 0;
  @U8() perpendicular = 0;
  @U8() head = 0;
  @U8() track = 0;
  @U8() sector = 1;
}

/** `i82078` versions 1 to 3. */
@SsmStream()
export class Floppy {
  /** As of {@link Led}. */
  @Transient() longLeds = false;
  @U8() statusA = 0;
  @U8() statusB = 0;
  @U8() digitalOutput = 0;
  @U8() tapeDrive = 0;
  @U8() dataRateSelect = 0;
  @U8() mainStatus = 0x80;
  @U8() status0 = 0;
  @U8() status1 = 0;
  @U8() status2 = 0;
  @Mem({ count: { stream: 'u32' }, max: FIFO_BYTES }) fifo = new Uint8Array(FIFO_BYTES);
  @U32() dataPosition = 0;
  @U32() dataLength = 0;
  @U8() dataState = 0;
  @U8() dataDirection = 0;
  @U8() resetSenseInterrupt = 0;
  /** Last sector of the track. */
  @U8() endOfTrack = 0;
  @U8() timer0 = 0;
  @U8() timer1 = 0;
  @U8() precompensationTrack = 0;
  @U8() config = 0;
  @U8() lock = 0;
  @U8() powerDown = 0;
  @U8() version = 0x90;
  @U8({ max: 4 }) driveCount = 2;
  @Nested(FloppyDrive, { count: 'driveCount', max: 4, with: ['longLeds'] }) drives = [
    new FloppyDrive(),
    new FloppyDrive(),
  ];
  @Nested(Timer, { since: 3 }) transferDelayTimer = new Timer();
  @Nested(Timer, { since: 3 }) irqDelayTimer = new Timer();
  @Nested(Timer) resultTimer = new Timer();
}
