import { Ps2Mouse } from '@ssmkit/vbox';
import type { MouseConnector } from '../../pdm/interfaces.js';
import type { TmTimer } from '../../tm/index.js';
import { Answer } from './keyboard-commands.js';
import { decodeReport, encodeReport, fitting, type Movement, Protocol, Status, scaleReport } from './mouse-report.js';
import { clear, push, shift } from './queue.js';

/** Commands of the guest. */
export const MouseCommand = {
  SCALING_1_1: 0xe6,
  SCALING_2_1: 0xe7,
  RESOLUTION: 0xe8,
  STATUS: 0xe9,
  STREAM: 0xea,
  READ_DATA: 0xeb,
  RESET_WRAP: 0xec,
  WRAP: 0xee,
  REMOTE: 0xf0,
  IDENTIFY: 0xf2,
  SAMPLE_RATE: 0xf3,
  ENABLE: 0xf4,
  DISABLE: 0xf5,
  DEFAULTS: 0xf6,
  RESEND: 0xfe,
  RESET: 0xff,
} as const;

export const Mode = { NORMAL: 0, WRAP: 1 } as const;

/** How far a sequence of sample rates has come that asks for a protocol: `knockState` by the rate that follows. */
const knocks: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  0: { 200: 1 },
  1: { 100: 2, 200: 3 },
  2: { 80: 4, 200: 1 },
  3: { 80: 5, 200: 3, 100: 2 },
};
const knocked: Readonly<Record<number, number>> = { 4: Protocol.WHEEL, 5: Protocol.FIVE_BUTTONS };

/** The rates there are, in reports a second. */
const SAMPLE_RATES = [10, 20, 40, 60, 80, 100, 200];
const RESOLUTION_MAX = 3;

const COMMANDS_MAX = 16;
/** Bytes of reports that wait. */
const EVENTS_MAX = 64;

/** What the mouse needs around it. */
export interface MouseHost {
  readonly timer: Pick<TmTimer, 'setNano' | 'stop' | 'isActive' | 'saveState' | 'loadState'>;
  readonly connector: MouseConnector | undefined;
  /** There is something to be fetched. */
  ready(): void;
  /** The byte that was fetched last is wanted again. */
  resend(): void;
}

/**
 * A mouse with a wheel and up to five buttons.
 *
 * What has moved stands in reports from the beginning, so that nothing is lost with the machine's state: a movement is added
 * to the last report that waits, as long as that has not begun to be fetched. Not more reports a second are fetched than the
 * guest has asked for.
 */
export class Mouse {
  readonly #host: MouseHost;
  state = new Ps2Mouse();

  constructor(host: MouseHost) {
    this.#host = host;
  }

  get hasAnswer(): boolean {
    return this.state.commandQueue.bytes.length > 0;
  }

  /** The state as the unit has it. */
  save(): Ps2Mouse {
    return Object.assign(this.state, { delayTimer: this.#host.timer.saveState() });
  }

  load(saved: Ps2Mouse): void {
    this.state = saved;
    this.#host.timer.loadState(saved.delayTimer);
  }

  /** A byte for the controller. */
  fetch(): number | undefined {
    const { state } = this;
    const answer = shift(state.commandQueue);
    if (answer !== undefined) return answer;
    if (!this.#isReporting || state.eventQueue.bytes.length === 0) return undefined;
    if (this.#begun === 0) {
      if (this.#host.timer.isActive) return undefined;
      if ((state.state & Status.SCALING) !== 0) this.#scaleFirst();
      this.#host.timer.setNano(Math.floor(1_000_000_000 / state.sampleRate));
    }
    return shift(state.eventQueue);
  }

  /** The time for another report has come. */
  timerExpired(): void {
    this.#host.ready();
  }

  /** The guest writes a byte. */
  write(byte: number): void {
    const { state } = this;
    // What was being sent is given up.
    this.#dropBegun();
    const { currentCommand } = state;
    const isWrapped = state.mode === Mode.WRAP && byte !== MouseCommand.RESET && byte !== MouseCommand.RESET_WRAP;
    if (isWrapped) this.#answer(byte);
    else if (currentCommand !== 0) this.#parameter(currentCommand, byte);
    else this.#command(byte);
    this.#host.ready();
  }

  /**
   * The mouse moves, or its buttons change.
   *
   * @param dx to the right. @param dy down. @param dz wheel towards the user.
   * @param buttons bits: left, right, middle, fourth, fifth.
   */
  putEvent(dx: number, dy: number, dz: number, buttons: number): void {
    const { state } = this;
    const before = state.state;
    const has = (bit: number, status: number) => ((buttons & bit) !== 0 ? status : 0);
    const pressed =
      has(1, Status.LEFT) |
      has(2, Status.RIGHT) |
      has(4, Status.MIDDLE) |
      has(8, Status.BUTTON_4) |
      has(16, Status.BUTTON_5);
    state.state = (before & (Status.SCALING | Status.ENABLED | Status.REMOTE)) | pressed;
    const takes = this.#isReporting || (before & Status.REMOTE) !== 0;
    if (!takes) return;
    const hasWheel = state.protocol !== Protocol.PS2;
    this.#report({ x: dx, y: -dy, z: hasWheel ? dz : 0 }, state.state !== before);
    this.#host.ready();
  }

  reset(): void {
    this.#host.timer.stop();
    this.state = new Ps2Mouse();
    this.tellModes();
  }

  /** Tells whether anybody is interested in movements. */
  tellModes(): void {
    this.#host.connector?.reportModes((this.state.state & (Status.ENABLED | Status.REMOTE)) !== 0, false, false);
  }

  get #isReporting(): boolean {
    const { state, mode } = this.state;
    return mode === Mode.NORMAL && (state & (Status.ENABLED | Status.REMOTE)) === Status.ENABLED;
  }

  /** Bytes of a report. */
  get #reportBytes(): number {
    return this.state.protocol === Protocol.PS2 ? 3 : 4;
  }

  /** Bytes that are left of a report that was begun. */
  get #begun(): number {
    return this.state.eventQueue.bytes.length % this.#reportBytes;
  }

  #command(byte: number): void {
    const { state } = this;
    switch (byte) {
      case MouseCommand.SCALING_1_1:
      case MouseCommand.SCALING_2_1:
        this.#setStatus(Status.SCALING, byte === MouseCommand.SCALING_2_1);
        break;
      case MouseCommand.RESOLUTION:
      case MouseCommand.SAMPLE_RATE:
        state.currentCommand = byte;
        break;
      case MouseCommand.STATUS:
        this.#answer(Answer.ACK, state.state & Status.TOLD, state.resolution, state.sampleRate);
        return;
      case MouseCommand.STREAM:
      case MouseCommand.REMOTE:
        clear(state.eventQueue);
        this.#setStatus(Status.REMOTE, byte === MouseCommand.REMOTE);
        break;
      case MouseCommand.READ_DATA:
        this.#answer(Answer.ACK, ...this.#takeReport());
        return;
      case MouseCommand.WRAP:
        clear(state.eventQueue);
        state.mode = Mode.WRAP;
        break;
      case MouseCommand.RESET_WRAP:
        state.mode = Mode.NORMAL;
        break;
      case MouseCommand.IDENTIFY:
        this.#answer(Answer.ACK, state.protocol);
        return;
      case MouseCommand.ENABLE:
      case MouseCommand.DISABLE:
        clear(state.eventQueue);
        this.#setStatus(Status.ENABLED, byte === MouseCommand.ENABLE);
        break;
      case MouseCommand.DEFAULTS:
        this.#setDefaults();
        break;
      case MouseCommand.RESEND:
        this.#host.resend();
        return;
      case MouseCommand.RESET:
        clear(state.commandQueue);
        this.#setDefaults();
        state.protocol = Protocol.PS2;
        this.#answer(Answer.ACK, Answer.TEST_PASSED, state.protocol);
        return;
      default:
        this.#answer(Answer.RESEND);
        return;
    }
    this.#answer(Answer.ACK);
  }

  #parameter(command: number, byte: number): void {
    const { state } = this;
    const isRate = command === MouseCommand.SAMPLE_RATE;
    // The guest may try again.
    if (isRate ? !SAMPLE_RATES.includes(byte) : byte > RESOLUTION_MAX) {
      this.#answer(Answer.RESEND);
      return;
    }
    state.currentCommand = 0;
    if (isRate) {
      state.sampleRate = byte;
      this.#knock(byte);
    } else state.resolution = byte;
    this.#answer(Answer.ACK);
  }

  /** Rates 200, 100, 80 turn the wheel on; 200, 200, 80 after that two more buttons. */
  #knock(rate: number): void {
    const { state } = this;
    const next = knocks[state.knockState]?.[rate] ?? 0;
    const protocol = knocked[next];
    state.knockState = protocol === undefined ? next : 0;
    if (protocol === undefined) return;
    if (protocol === Protocol.FIVE_BUTTONS && state.protocol === Protocol.PS2) return;
    if (protocol === Protocol.WHEEL && state.protocol === Protocol.FIVE_BUTTONS) return;
    state.protocol = protocol;
    clear(state.eventQueue);
  }

  /** What is set without the guest's doing. The protocol, and buttons that are down, stay. */
  #setDefaults(): void {
    const { state } = this;
    const fresh = new Ps2Mouse();
    state.state &= ~(Status.SCALING | Status.ENABLED | Status.REMOTE);
    state.sampleRate = fresh.sampleRate;
    state.resolution = fresh.resolution;
    state.currentCommand = 0;
    state.mode = Mode.NORMAL;
    state.knockState = 0;
    clear(state.eventQueue);
    this.#host.timer.stop();
    this.tellModes();
  }

  #setStatus(bit: number, on: boolean): void {
    this.state.state = on ? this.state.state | bit : this.state.state & ~bit;
    this.tellModes();
  }

  #answer(...bytes: number[]): void {
    push(this.state.commandQueue, bytes, COMMANDS_MAX);
  }

  #dropBegun(): void {
    const { eventQueue } = this.state;
    eventQueue.bytes = eventQueue.bytes.slice(this.#begun);
  }

  /** Takes the oldest report; one without movement where there is none. */
  #takeReport(): number[] {
    const { eventQueue } = this.state;
    const size = this.#reportBytes;
    if (eventQueue.bytes.length < size) return encodeReport(this.state, { x: 0, y: 0, z: 0 });
    const report = [...eventQueue.bytes.subarray(0, size)];
    eventQueue.bytes = eventQueue.bytes.slice(size);
    return report;
  }

  /** Puts a movement into reports: into the last one that waits, unless buttons have changed since, and into new ones. */
  #report(movement: Movement, isNew: boolean): void {
    const { eventQueue } = this.state;
    const size = this.#reportBytes;
    const waiting = eventQueue.bytes.length - this.#begun;
    let left = movement;
    if (!isNew && waiting > 0) {
      const at = eventQueue.bytes.length - size;
      const last = decodeReport(eventQueue.bytes.subarray(at));
      left = { x: last.x + left.x, y: last.y + left.y, z: last.z + left.z };
      eventQueue.bytes = eventQueue.bytes.slice(0, at);
    } else if (!isNew && left.x === 0 && left.y === 0 && left.z === 0) return;
    do {
      const part = fitting(left);
      // A guest that fetches nothing loses what is too much, as with a real mouse.
      if (!push(eventQueue, encodeReport(this.state, part), EVENTS_MAX)) return;
      left = { x: left.x - part.x, y: left.y - part.y, z: left.z - part.z };
    } while (left.x !== 0 || left.y !== 0 || left.z !== 0);
  }

  #scaleFirst(): void {
    const { eventQueue } = this.state;
    eventQueue.bytes = scaleReport(eventQueue.bytes);
  }
}
