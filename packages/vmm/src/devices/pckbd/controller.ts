import { Ps2Controller } from '@ssmkit/vbox';
import type { Counter } from '../../stam/index.js';
import type { Keyboard } from './keyboard.js';
import type { Mouse } from './mouse.js';
import { translate } from './scan-codes.js';

/** Commands at port 0x64 (IBM, "PS/2 Hardware Interface Technical Reference", keyboard and auxiliary device controller). */
export const ControllerCommand = {
  READ_MEMORY: 0x20,
  WRITE_MEMORY: 0x60,
  /** Behind the last command that has an address in it. */
  MEMORY_SIZE: 0x20,
  PASSWORD_INSTALLED: 0xa4,
  LOAD_PASSWORD: 0xa5,
  DISABLE_MOUSE: 0xa7,
  ENABLE_MOUSE: 0xa8,
  TEST_MOUSE: 0xa9,
  SELF_TEST: 0xaa,
  TEST_KEYBOARD: 0xab,
  DISABLE_KEYBOARD: 0xad,
  ENABLE_KEYBOARD: 0xae,
  READ_INPUT_PORT: 0xc0,
  READ_OUTPUT_PORT: 0xd0,
  WRITE_OUTPUT_PORT: 0xd1,
  WRITE_AS_KEYBOARD: 0xd2,
  WRITE_AS_MOUSE: 0xd3,
  WRITE_TO_MOUSE: 0xd4,
  DISABLE_A20: 0xdd,
  ENABLE_A20: 0xdf,
  READ_TEST_INPUTS: 0xe0,
  /** The lowest four bits say which lines of the output port are pulsed: 0 is. */
  PULSE: 0xf0,
} as const;

/** Port 0x64, read. */
const Status = { OUTPUT_FULL: 0x01, SYSTEM: 0x04, COMMAND: 0x08, UNLOCKED: 0x10, FROM_MOUSE: 0x20 } as const;

/** The command byte. */
const Mode = {
  KEYBOARD_IRQ: 0x01,
  MOUSE_IRQ: 0x02,
  SYSTEM: 0x04,
  KEYBOARD_OFF: 0x10,
  MOUSE_OFF: 0x20,
  TRANSLATE: 0x40,
} as const;

export { Mode as ControllerMode, Status as ControllerStatus };

/** The output port. */
const Output = { NO_RESET: 0x01, A20: 0x02, KEYBOARD_FULL: 0x10, MOUSE_FULL: 0x20, KEYBOARD_LINES: 0xc0 } as const;

/** The keyboard is not locked. */
const INPUT_PORT = 0x80;
const NO_PASSWORD = 0xf1;
const SELF_TEST_PASSED = 0x55;
const PREFIX_BREAK = 0xf0;

/** What the controller needs around it. */
export interface ControllerHost {
  readonly keyboard: Keyboard;
  readonly mouse: Mouse;
  /** Bytes that were fetched for the guest. */
  readonly keyboardBytes: Counter;
  readonly mouseBytes: Counter;
  setKeyboardIrq(high: boolean): void;
  setMouseIrq(high: boolean): void;
  setA20(on: boolean): void;
  readonly a20: boolean;
  /** The CPU is to be reset. */
  reset(): void;
}

/**
 * The 8042 between the ports and two devices.
 *
 * It has an output buffer of one byte. As soon as the guest has read that, the next comes: answers first, then keys, then
 * movements. What the controller itself has to say takes the place of a byte that was not read.
 */
export class Controller {
  readonly #host: ControllerHost;
  /** All but keyboard and mouse, which know their parts themselves. */
  state = new Ps2Controller();
  #keyboardIrq = false;
  #mouseIrq = false;

  constructor(host: ControllerHost) {
    this.#host = host;
  }

  /** Port 0x60. Without a new byte it is the last one. */
  readData(): number {
    const { state } = this;
    const { outputBuffer } = state;
    state.status &= ~Status.OUTPUT_FULL;
    this.#updateIrqs();
    this.update();
    return outputBuffer;
  }

  /** Port 0x64. */
  readStatus(): number {
    return this.state.status;
  }

  /** Port 0x60. */
  writeData(value: number): void {
    const { state } = this;
    const { writeCommand } = state;
    state.status &= ~Status.COMMAND;
    state.writeCommand = 0;
    if (writeCommand !== 0) this.#parameter(writeCommand, value);
    else {
      state.mode &= ~Mode.KEYBOARD_OFF;
      this.#host.keyboard.write(value);
    }
    this.update();
  }

  /** Port 0x64. */
  writeCommand(command: number): void {
    const { state } = this;
    state.status |= Status.COMMAND;
    state.writeCommand = 0;
    this.#command(command);
    this.update();
  }

  /** Fills the output buffer, if it is empty and there is something. */
  update(): void {
    const { state } = this;
    if ((state.status & Status.OUTPUT_FULL) !== 0) return;
    const { keyboard, mouse } = this.#host;
    const hasKeyboard = (state.mode & Mode.KEYBOARD_OFF) === 0;
    const hasMouse = (state.mode & Mode.MOUSE_OFF) === 0;
    if (hasKeyboard && (keyboard.hasAnswer || !(hasMouse && mouse.hasAnswer)) && this.#fetchKey()) return;
    const byte = hasMouse ? mouse.fetch() : undefined;
    if (byte === undefined) return;
    this.#host.mouseBytes.inc();
    this.#put(byte, true);
  }

  /** The device whose byte was fetched last wants it sent again. */
  resend(fromMouse: boolean): void {
    const { state } = this;
    const isLast = ((state.status & Status.FROM_MOUSE) !== 0) === fromMouse;
    if (isLast) this.#put(state.outputBuffer, fromMouse);
  }

  reset(): void {
    this.state = new Ps2Controller();
    this.#updateIrqs();
  }

  /** A state was loaded: the lines are as they must be. */
  loadDone(): void {
    this.#keyboardIrq = this.#isFull(Status.OUTPUT_FULL, Mode.KEYBOARD_IRQ);
    this.#mouseIrq = this.#isFull(Status.OUTPUT_FULL | Status.FROM_MOUSE, Mode.MOUSE_IRQ);
    this.#host.setKeyboardIrq(this.#keyboardIrq);
    this.#host.setMouseIrq(this.#mouseIrq);
  }

  #fetchKey(): boolean {
    const { keyboard } = this.#host;
    const byte = keyboard.fetch();
    if (byte === undefined) return false;
    this.#host.keyboardBytes.inc();
    if ((this.state.mode & Mode.TRANSLATE) === 0) this.#put(byte, false);
    else if (byte === PREFIX_BREAK) {
      const code = keyboard.fetchBehind();
      this.#put(code === undefined ? byte : translate(code) | 0x80, false);
    } else this.#put(translate(byte), false);
    return true;
  }

  #command(command: number): void {
    const { state } = this;
    const host = this.#host;
    if (command >= ControllerCommand.PULSE) {
      if ((command & Output.NO_RESET) === 0) host.reset();
      return;
    }
    if (isMemory(command, ControllerCommand.READ_MEMORY)) {
      // Of the controller's memory there is the first byte.
      this.#put(command === ControllerCommand.READ_MEMORY ? state.mode : 0, false);
      return;
    }
    if (isMemory(command, ControllerCommand.WRITE_MEMORY)) {
      state.writeCommand = command;
      return;
    }
    switch (command) {
      case ControllerCommand.PASSWORD_INSTALLED:
        this.#put(NO_PASSWORD, false);
        break;
      case ControllerCommand.DISABLE_MOUSE:
        state.mode |= Mode.MOUSE_OFF;
        break;
      case ControllerCommand.ENABLE_MOUSE:
        state.mode &= ~Mode.MOUSE_OFF;
        break;
      case ControllerCommand.TEST_MOUSE:
      case ControllerCommand.TEST_KEYBOARD:
      case ControllerCommand.READ_TEST_INPUTS:
        this.#put(0, false);
        break;
      case ControllerCommand.SELF_TEST:
        state.status |= Status.SYSTEM;
        this.#put(SELF_TEST_PASSED, false);
        break;
      case ControllerCommand.DISABLE_KEYBOARD:
        state.mode |= Mode.KEYBOARD_OFF;
        break;
      case ControllerCommand.ENABLE_KEYBOARD:
        state.mode &= ~Mode.KEYBOARD_OFF;
        break;
      case ControllerCommand.READ_INPUT_PORT:
        this.#put(INPUT_PORT, false);
        break;
      case ControllerCommand.READ_OUTPUT_PORT:
        this.#put(this.#outputPort, false);
        break;
      case ControllerCommand.LOAD_PASSWORD:
      case ControllerCommand.WRITE_OUTPUT_PORT:
      case ControllerCommand.WRITE_AS_KEYBOARD:
      case ControllerCommand.WRITE_AS_MOUSE:
      case ControllerCommand.WRITE_TO_MOUSE:
        state.writeCommand = command;
        break;
      case ControllerCommand.DISABLE_A20:
      case ControllerCommand.ENABLE_A20:
        host.setA20(command === ControllerCommand.ENABLE_A20);
        break;
      default: // the others do nothing that could be noticed
    }
  }

  #parameter(command: number, value: number): void {
    const { state } = this;
    const host = this.#host;
    switch (command) {
      case ControllerCommand.WRITE_MEMORY:
        state.mode = value;
        state.status = (value & Mode.SYSTEM) !== 0 ? state.status | Status.SYSTEM : state.status & ~Status.SYSTEM;
        this.#updateIrqs();
        break;
      case ControllerCommand.LOAD_PASSWORD:
        // A password ends with 0; it is forgotten.
        if (value !== 0) state.writeCommand = command;
        break;
      case ControllerCommand.WRITE_OUTPUT_PORT:
        host.setA20((value & Output.A20) !== 0);
        if ((value & Output.NO_RESET) === 0) host.reset();
        break;
      case ControllerCommand.WRITE_AS_KEYBOARD:
      case ControllerCommand.WRITE_AS_MOUSE:
        this.#put(value, command === ControllerCommand.WRITE_AS_MOUSE);
        break;
      case ControllerCommand.WRITE_TO_MOUSE:
        host.mouse.write(value);
        break;
      default: // memory that is not there
    }
  }

  get #outputPort(): number {
    const { status } = this.state;
    const full = (status & Status.FROM_MOUSE) !== 0 ? Output.MOUSE_FULL : Output.KEYBOARD_FULL;
    return (
      Output.NO_RESET |
      Output.KEYBOARD_LINES |
      (this.#host.a20 ? Output.A20 : 0) |
      ((status & Status.OUTPUT_FULL) !== 0 ? full : 0)
    );
  }

  #put(byte: number, fromMouse: boolean): void {
    const { state } = this;
    // What interrupts anew needs an edge.
    state.status &= ~(Status.OUTPUT_FULL | Status.FROM_MOUSE);
    this.#updateIrqs();
    state.outputBuffer = byte;
    state.status |= Status.OUTPUT_FULL | (fromMouse ? Status.FROM_MOUSE : 0);
    this.#updateIrqs();
  }

  #isFull(status: number, irq: number): boolean {
    const { state } = this;
    return (state.status & (Status.OUTPUT_FULL | Status.FROM_MOUSE)) === status && (state.mode & irq) !== 0;
  }

  #updateIrqs(): void {
    const keyboardIrq = this.#isFull(Status.OUTPUT_FULL, Mode.KEYBOARD_IRQ);
    const mouseIrq = this.#isFull(Status.OUTPUT_FULL | Status.FROM_MOUSE, Mode.MOUSE_IRQ);
    if (keyboardIrq !== this.#keyboardIrq) {
      this.#keyboardIrq = keyboardIrq;
      this.#host.setKeyboardIrq(keyboardIrq);
    }
    if (mouseIrq !== this.#mouseIrq) {
      this.#mouseIrq = mouseIrq;
      this.#host.setMouseIrq(mouseIrq);
    }
  }
}

function isMemory(command: number, first: number): boolean {
  return command >= first && command < first + ControllerCommand.MEMORY_SIZE;
}
