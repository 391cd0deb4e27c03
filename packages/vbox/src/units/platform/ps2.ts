import { Bool, Marker, Mem, Nested, S32, SsmStream, U8, U32 } from '@ssmkit/schema';
import { TERMINATOR, Timer } from '../common.js';

// `pckbd`: the PS/2 controller with keyboard and mouse (`VirtualBox 7.2 DevPS2.cpp, DevPS2K.cpp, DevPS2M.cpp`).

/** Bytes that wait, the oldest first (`DevPS2.cpp, PS2CmnR3SaveQueue`). */
@SsmStream()
export class Ps2Queue {
  @Mem({ count: { stream: 'u32' }, max: 4096 }) bytes = new Uint8Array(0);
}

/** The keyboard (`DevPS2K.cpp, PS2KR3SaveState`). */
@SsmStream()
export class Ps2Keyboard {
  /** The command whose parameter has not come yet; 0: none. */
  @U8() currentCommand = 0;
  @U8() leds = 0;
  @U8() typematicConfig = 0;
  /** HID code of the key that repeats. */
  @U8() typematicKey = 0;
  @U8() modifiers = 0;
  @U8() scanSet = 2;
  @U8() typematicState = 0;
  @Bool() numLockOn = false;
  @Bool() scanning = true;
  @Nested(Ps2Queue) commandQueue = new Ps2Queue();
  @Nested(Ps2Queue) keystrokeQueue = new Ps2Queue();
  @Nested(Timer) delayTimer = new Timer();
  /** HID codes of the keys that are down. */
  @Mem({ count: { stream: 'u32' }, max: 256 }) pressed = new Uint8Array(0);
  /** Private typematic state; none is written. */
  @Mem({ count: { stream: 'u32' }, max: 4096 }) typematic = new Uint8Array(0);
}

/** The mouse since version 8 (`DevPS2M.cpp, PS2MR3SaveState`). */
@SsmStream()
export class Ps2Mouse {
  @U8() state = 0;
  /** Reports a second. */
  @U8() sampleRate = 100;
  @U8() resolution = 2;
  /** The command whose parameter has not come yet; 0: none. */
  @U8() currentCommand = 0;
  @U8() mode = 0;
  @U8() protocol = 0;
  /** How much of the sequence that turns the wheel on has come. */
  @U8() knockState = 0;
  @Nested(Ps2Queue) commandQueue = new Ps2Queue();
  @Nested(Ps2Queue) eventQueue = new Ps2Queue();
  @Nested(Timer) delayTimer = new Timer();
}

/** The mouse up to version 7 (`DevPS2.cpp, kbd_load`): of most values only the place is known. */
@SsmStream()
export class Ps2OldMouse {
  @U32() unknown0 = 0;
  @U8() state = 0;
  @U8() unknown1 = 0;
  @U8() sampleRate = 100;
  @U8() unknown2 = 0;
  @U8() protocol = 0;
  @U8() unknown3 = 0;
  @S32({ count: 3 }) unknown4 = new Int32Array(3);
  @S32({ count: 2, since: 3 }) unknown5 = new Int32Array(2);
  @U8() unknown6 = 0;
  @U8({ since: 4 }) unknown7 = 0;
}

/** `pckbd` versions 2 to 8 (`DevPS2.cpp, kbdR3SaveExec` and `kbd_load`). */
@SsmStream()
export class Ps2Controller {
  /** The command whose parameter port 0x60 takes next. */
  @U8() writeCommand = 0;
  /** Port 0x64. */
  @U8() status = 0x18;
  /** The command byte. */
  @U8() mode = 0x03;
  @U32({ count: 2, until: 5 }) unknown = new Uint32Array(2);
  /** The byte in the output buffer. */
  @U8({ since: 6 }) outputBuffer = 0;
  @Nested(Ps2OldMouse, { until: 7 }) oldMouse = new Ps2OldMouse();
  @Nested(Ps2Queue, { until: 5 }) oldQueue = new Ps2Queue();
  @Nested(Ps2Queue, { until: 7 }) oldQueue1 = new Ps2Queue();
  @Nested(Ps2Queue, { until: 7 }) oldQueue2 = new Ps2Queue();
  @Marker('u32', TERMINATOR) declare terminator: never;
  @Nested(Ps2Keyboard, { since: 6 }) keyboard = new Ps2Keyboard();
  @Nested(Ps2Mouse, { since: 8 }) mouse = new Ps2Mouse();
}
