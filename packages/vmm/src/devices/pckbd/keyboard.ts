import { Ps2Keyboard } from '@ssmkit/vbox';
import type { KeyboardConnector } from '../../pdm/interfaces.js';
import type { TmTimer } from '../../tm/index.js';
import { Answer, KeyboardCommand, KeyType, keyTypes } from './keyboard-commands.js';
import { clear, push, shift } from './queue.js';
import { isKey, modifierOf, repeats, scanCodes, set3CodeOf } from './scan-codes.js';

export const Led = { SCROLL: 1, NUM: 2, CAPS: 4, ALL: 7 } as const;

/** What `typematicState` says of the key that repeats. */
const Typematic = { NONE: 0, DELAY: 1, REPEAT: 2 } as const;

/** 500 ms, 10.9 characters a second. */
const TYPEMATIC_DEFAULT = 0x2b;
const COMMANDS_MAX = 16;
/** Bytes of keystrokes that wait: more than the 16 of a real keyboard, as programs type faster than people. */
const KEYSTROKES_MAX = 256;
/** In the place of what no longer fits. */
const OVERRUN = { 1: 0xff, 2: 0x00, 3: 0x00 } as const;
/** Keys that can be down. */
const PRESSED_MAX = 128;
const RELEASED = 0x8000_0000;
/** From here on bytes are commands, and no parameters. */
const FIRST_COMMAND = 0xed;

/** What the keyboard needs around it. */
export interface KeyboardHost {
  readonly timer: Pick<TmTimer, 'setNano' | 'stop' | 'saveState' | 'loadState'>;
  readonly connector: KeyboardConnector | undefined;
  /** There is something to be fetched. */
  ready(): void;
  /** The byte that was fetched last is wanted again. */
  resend(): void;
}

/**
 * An enhanced keyboard with 101 keys and more, and with all three sets of scan codes.
 *
 * How single keys of set 3 behave stands in the unit as `typematic`, a byte for each code, once a guest has changed it.
 */
export class Keyboard {
  readonly #host: KeyboardHost;
  state = new Ps2Keyboard();

  constructor(host: KeyboardHost) {
    this.#host = host;
    this.#setDefaults();
  }

  /** The state as the unit has it. */
  save(): Ps2Keyboard {
    return Object.assign(this.state, { delayTimer: this.#host.timer.saveState() });
  }

  load(saved: Ps2Keyboard): void {
    this.state = saved;
    this.#host.timer.loadState(saved.delayTimer);
  }

  /** Tells what is behind it how it is. */
  tellConnector(): void {
    this.#tellLeds();
    this.#host.connector?.setActive(this.state.scanning);
  }

  /** A byte for the controller. */
  fetch(): number | undefined {
    const { commandQueue, keystrokeQueue, scanning } = this.state;
    return shift(commandQueue) ?? (scanning ? shift(keystrokeQueue) : undefined);
  }

  /** The byte behind the one that was fetched, where that is a prefix. */
  fetchBehind(): number | undefined {
    return shift(this.state.keystrokeQueue);
  }

  get hasAnswer(): boolean {
    return this.state.commandQueue.bytes.length > 0;
  }

  /** The guest writes a byte. */
  write(byte: number): void {
    const { state } = this;
    const { currentCommand } = state;
    if (currentCommand !== 0 && byte < FIRST_COMMAND) this.#parameter(currentCommand, byte);
    else {
      state.currentCommand = 0;
      this.#command(byte);
    }
    this.#host.ready();
  }

  /** A key is pressed or released (`KeyboardPort.putEventHid`). What is no key is not noticed. */
  putEvent(event: number): void {
    const usage = event & 0xffff;
    if (!isKey(usage)) return;
    if ((event & RELEASED) !== 0) this.#released(usage);
    else this.#pressed(usage);
  }

  /** The time of the key that repeats has come. */
  timerExpired(): void {
    const { state } = this;
    if (state.typematicState === Typematic.NONE || !isKey(state.typematicKey)) return;
    state.typematicState = Typematic.REPEAT;
    // A guest that does not fetch gets no more of the same.
    if (state.keystrokeQueue.bytes.length === 0) this.#send(state.typematicKey, true);
    this.#host.timer.setNano(repeatTime(state.typematicConfig));
  }

  /** Power on, or the machine's reset: what is down is up again. */
  reset(): void {
    this.state = new Ps2Keyboard();
    this.#setDefaults();
    this.tellConnector();
  }

  #tellLeds(): void {
    const { leds } = this.state;
    this.#host.connector?.ledStatusChange({
      scroll: (leds & Led.SCROLL) !== 0,
      num: (leds & Led.NUM) !== 0,
      caps: (leds & Led.CAPS) !== 0,
    });
  }

  #command(byte: number): void {
    const { state } = this;
    switch (byte) {
      case KeyboardCommand.ECHO:
        this.#answer(Answer.ECHO);
        return;
      case KeyboardCommand.SET_LEDS:
      case KeyboardCommand.SCAN_SET:
      case KeyboardCommand.TYPEMATIC:
      case KeyboardCommand.KEY_TYPEMATIC:
      case KeyboardCommand.KEY_MAKE_BREAK:
      case KeyboardCommand.KEY_MAKE:
        state.currentCommand = byte;
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.IDENTIFY:
        this.#answer(Answer.ACK, 0xab, 0x83);
        return;
      case KeyboardCommand.ENABLE:
        clear(state.keystrokeQueue);
        this.#setScanning(true);
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.DISABLE:
      case KeyboardCommand.DEFAULTS:
        this.#setDefaults();
        this.#setScanning(byte === KeyboardCommand.DEFAULTS);
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.ALL_TYPEMATIC:
      case KeyboardCommand.ALL_MAKE_BREAK:
      case KeyboardCommand.ALL_MAKE:
      case KeyboardCommand.ALL_TYPEMATIC_MAKE_BREAK:
        state.typematic = new Uint8Array(256).fill(keyTypes[byte]!);
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.RESEND:
        this.#host.resend();
        return;
      case KeyboardCommand.RESET:
        clear(state.commandQueue);
        this.#setDefaults();
        state.leds = 0;
        state.numLockOn = false;
        this.#tellLeds();
        this.#setScanning(true);
        this.#answer(Answer.ACK, Answer.TEST_PASSED);
        return;
      default:
        this.#answer(Answer.RESEND);
    }
  }

  #parameter(command: number, byte: number): void {
    const { state } = this;
    state.currentCommand = 0;
    switch (command) {
      case KeyboardCommand.SET_LEDS:
        state.leds = byte & Led.ALL;
        state.numLockOn = (byte & Led.NUM) !== 0;
        this.#tellLeds();
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.TYPEMATIC:
        state.typematicConfig = byte & 0x7f;
        this.#answer(Answer.ACK);
        return;
      case KeyboardCommand.SCAN_SET:
        if (byte > 3) this.#answer(Answer.RESEND);
        else if (byte === 0) this.#answer(Answer.ACK, state.scanSet);
        else {
          state.scanSet = byte;
          clear(state.keystrokeQueue);
          this.#answer(Answer.ACK);
        }
        return;
      default: {
        // Any number of keys may follow, up to the next command.
        state.currentCommand = command;
        const types = this.#keyTypes();
        types[byte] = keyTypes[command] ?? KeyType.ALL;
        state.typematic = types;
        this.#answer(Answer.ACK);
      }
    }
  }

  #answer(...bytes: number[]): void {
    push(this.state.commandQueue, bytes, COMMANDS_MAX);
  }

  #setScanning(on: boolean): void {
    this.state.scanning = on;
    if (!on) this.#stopRepeating();
    this.#host.connector?.setActive(on);
  }

  /** What is set without the guest's doing; lights stay as they are. */
  #setDefaults(): void {
    const { state } = this;
    state.scanSet = 2;
    state.typematicConfig = TYPEMATIC_DEFAULT;
    state.currentCommand = 0;
    state.typematic = new Uint8Array(0);
    clear(state.keystrokeQueue);
    this.#stopRepeating();
  }

  #stopRepeating(): void {
    const { state } = this;
    state.typematicState = Typematic.NONE;
    state.typematicKey = 0;
    this.#host.timer.stop();
  }

  /** How the keys of set 3 behave, by their codes. */
  #keyTypes(): Uint8Array<ArrayBuffer> {
    const { typematic } = this.state;
    return typematic.length === 256 ? typematic.slice() : new Uint8Array(256).fill(KeyType.ALL);
  }

  #typeOf(usage: number): number {
    const { scanSet, typematic } = this.state;
    if (scanSet !== 3) return KeyType.ALL;
    return typematic[set3CodeOf(usage)] ?? KeyType.ALL;
  }

  #pressed(usage: number): void {
    const { state } = this;
    const isDown = state.pressed.includes(usage);
    // A key that is down already is one that the host repeats; the keyboard does so by itself.
    if (isDown || state.pressed.length >= PRESSED_MAX) return;
    if (state.scanning) {
      this.#send(usage, true);
      if (repeats(usage) && (this.#typeOf(usage) & KeyType.TYPEMATIC) !== 0) {
        state.typematicKey = usage;
        state.typematicState = Typematic.DELAY;
        this.#host.timer.setNano(delayTime(state.typematicConfig));
      } else this.#stopRepeating();
    }
    state.pressed = Uint8Array.of(...state.pressed, usage);
    state.modifiers |= modifierOf(usage);
  }

  #released(usage: number): void {
    const { state } = this;
    if (!state.pressed.includes(usage)) return;
    state.pressed = state.pressed.filter((each) => each !== usage);
    state.modifiers &= ~modifierOf(usage);
    if (state.typematicKey === usage) this.#stopRepeating();
    if (state.scanning && (this.#typeOf(usage) & KeyType.MAKE_BREAK) !== 0) this.#send(usage, false);
  }

  #send(usage: number, down: boolean): void {
    const { keystrokeQueue, scanSet, modifiers, numLockOn } = this.state;
    const set = scanSet as 1 | 2 | 3;
    const bytes = scanCodes(set, usage, down, { modifiers: modifiers & ~modifierOf(usage), numLock: numLockOn });
    if (!push(keystrokeQueue, bytes, KEYSTROKES_MAX) && keystrokeQueue.bytes.at(-1) !== OVERRUN[set]) {
      push(keystrokeQueue, [OVERRUN[set]], KEYSTROKES_MAX + 1);
    }
    this.#host.ready();
  }
}

/** Nanoseconds before a key repeats: 250 ms to 1 s. */
export function delayTime(config: number): number {
  return (((config >> 5) & 3) + 1) * 250_000_000;
}

/** Nanoseconds from one repetition to the next: 30 to 2 a second. */
export function repeatTime(config: number): number {
  return Math.round(((8 + (config & 7)) * 2 ** ((config >> 3) & 3) * 1_000_000_000) / 240);
}
