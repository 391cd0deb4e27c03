import type { UartCore } from './core.js';
import { characterTime } from './line.js';
import { Lsr, Mcr } from './registers.js';

/*
 * The half that receives
 *
 *     connector ─▶ FIFO ─▶ RBR ─▶ guest
 *
 * Only RBR, the first byte of the FIFO, is in the chip, as only that is in the unit. The others are the first bytes that
 * the connector has: they count as received, but stay where they are until the byte before is read, so that nothing is lost
 * when the machine goes on somewhere else. So bytes never overrun: they wait. Those of the loop, which nobody else has,
 * do, as the chip's manual says.
 */

/** Characters' times without any activity after which bytes below the trigger level interrupt. */
const TIMEOUT = 4n;

export class Receiver {
  readonly #core: UartCore;
  /** Bytes of the loop behind RBR. */
  readonly #looped: number[] = [];
  /** Whether bytes are taken: before the machine runs, or is loaded, they would be forgotten. */
  #isOn = false;

  constructor(core: UartCore) {
    this.#core = core;
  }

  /** Bytes in the FIFO. */
  get level(): number {
    const { state, depth, connector } = this.#core;
    if ((state.lsr & Lsr.DATA_READY) === 0) return 0;
    const waiting = this.#looped.length > 0 || this.#isLooping ? this.#looped.length : (connector?.available ?? 0);
    return 1 + Math.min(depth - 1, waiting);
  }

  /** The connector has bytes. */
  arrived(): void {
    if (this.#isLooping || !this.#isOn) return;
    this.#fill();
    this.#touch();
  }

  /** A byte comes by the loop. */
  looped(byte: number): void {
    const { state, depth, hasFifo } = this.#core;
    const isReady = (state.lsr & Lsr.DATA_READY) !== 0;
    if (isReady && this.#looped.length + 1 >= depth) {
      state.lsr |= Lsr.OVERRUN;
      // A FIFO keeps what it has; without one the byte takes the place of the one before.
      if (!hasFifo) state.rbr = byte;
    } else if (isReady) this.#looped.push(byte);
    else this.#put(byte);
    this.#touch();
  }

  /** The line was low for more than a character: as a character of 0. */
  breakReceived(): void {
    const { state, hasFifo } = this.#core;
    const isReady = (state.lsr & Lsr.DATA_READY) !== 0;
    state.lsr |= Lsr.BREAK;
    if (!isReady) this.#put(0);
    else if (!hasFifo) {
      state.lsr |= Lsr.OVERRUN;
      state.rbr = 0;
    }
    this.#touch();
  }

  /** The guest reads RBR. */
  read(): number {
    const { state } = this.#core;
    const { rbr } = state;
    state.lsr &= ~Lsr.DATA_READY;
    state.ctiPending = false;
    this.#fill();
    this.#touch();
    return rbr;
  }

  /** Throws away what the FIFO holds. */
  clearFifo(): void {
    const { state, connector } = this.#core;
    const behind = this.level - 1;
    if (behind > 0 && this.#looped.length === 0) {
      // They had come, if only to be thrown away.
      this.#core.received.add(connector?.read(behind).length ?? 0);
    }
    this.#looped.length = 0;
    state.lsr &= ~Lsr.DATA_READY;
    state.ctiPending = false;
    this.#core.timeoutTimer.stop();
  }

  /** The machine is about to run: bytes are taken from now on. */
  turnOn(): void {
    this.#isOn = true;
    this.refill();
  }

  /** Takes what has come meanwhile. */
  refill(): void {
    if (!this.#isOn || (this.#core.state.lsr & Lsr.DATA_READY) !== 0) return;
    this.#fill();
    this.#touch();
  }

  reset(): void {
    this.#looped.length = 0;
    this.#core.state.lsr &= ~(Lsr.DATA_READY | Lsr.ERRORS);
    this.#core.timeoutTimer.stop();
  }

  /** Whether bytes are lost if the machine is saved now: all but the first that have come by the loop. */
  get losesBytes(): boolean {
    return this.#looped.length > 0;
  }

  /** Goes on from the registers that were loaded. */
  load(): void {
    this.#looped.length = 0;
  }

  get #isLooping(): boolean {
    return (this.#core.state.mcr & Mcr.LOOP) !== 0;
  }

  #fill(): void {
    const { state, connector } = this.#core;
    if ((state.lsr & Lsr.DATA_READY) !== 0) return;
    const looped = this.#looped.shift();
    const byte = looped ?? (this.#isLooping ? undefined : connector?.read(1)[0]);
    if (byte === undefined) return;
    if (looped === undefined) this.#core.received.inc();
    this.#put(byte);
  }

  #put(byte: number): void {
    const { state } = this.#core;
    state.rbr = byte;
    state.lsr |= Lsr.DATA_READY;
  }

  /** Something has gone in or out: the timeout begins again. */
  #touch(): void {
    const { state, timeoutTimer: timer, hasFifo } = this.#core;
    if (hasFifo && this.level > 0) timer.setRelative(TIMEOUT * characterTime(state));
    else timer.stop();
  }
}
