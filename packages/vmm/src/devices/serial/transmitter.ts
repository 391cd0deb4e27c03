import type { Timer } from '@ssmkit/vbox';
import type { UartCore } from './core.js';
import { characterTime } from './line.js';
import { Lsr, Mcr } from './registers.js';

/*
 * The half that sends
 *
 *     guest ─▶ THR or FIFO ─▶ shift register ─ a character's time ─▶ connector
 *
 * A byte leaves when its time is over. The unit has no room for the bytes of the FIFO, and none may be lost or sent twice;
 * so before the machine is saved all but the last byte are handed to the connector at once. Their times are kept: they go
 * on as ghosts, which take as long and send nothing, so that the guest never notices. How many there are the unit tells by
 * the time at which the FIFO is going to be empty. The last byte stays in THR, which the unit has.
 */

/** A byte on its way, or the ghost of one that the connector has already. */
type Sent = number | undefined;

/** What the rest of the chip does for the transmitter. */
export interface TransmitterHost {
  /** THR or the FIFO has become empty. */
  holdingEmpty(): void;
  /** A byte comes back by the loop. */
  looped(byte: number): void;
}

export class Transmitter {
  readonly #core: UartCore;
  readonly #host: TransmitterHost;
  readonly #holding: Sent[] = [];
  #shift: Sent;
  /** Sent, and not yet fetched by the connector: it holds up what follows. */
  #outgoing: number[] = [];

  constructor(core: UartCore, host: TransmitterHost) {
    this.#core = core;
    this.#host = host;
  }

  /** The guest writes a byte. What does not fit is lost: in THR the byte before, in the FIFO this one. */
  write(byte: number): void {
    const { state, depth } = this.#core;
    state.thr = byte;
    if (this.#isIdle) {
      this.#begin(byte);
      return;
    }
    if (this.#holding.length < depth) this.#holding.push(byte);
    else if (depth === 1) this.#holding[0] = byte;
    state.lsr &= ~Lsr.HOLDING_EMPTY;
  }

  /** The byte in the shift register is through. */
  shifted(): void {
    const { state, connector } = this.#core;
    const byte = this.#shift;
    this.#shift = undefined;
    if (byte !== undefined) {
      if ((state.mcr & Mcr.LOOP) !== 0) this.#host.looped(byte);
      else {
        this.#core.sent.inc();
        if (connector !== undefined) {
          this.#outgoing.push(byte);
          connector.dataAvailable();
          // The connector has gone on by itself, or has no room.
          return;
        }
      }
    }
    this.#next();
  }

  /** The connector fetches. */
  read(max: number): Uint8Array {
    if (this.#outgoing.length === 0 || max < 1) return new Uint8Array(0);
    const bytes = Uint8Array.from(this.#outgoing.splice(0, max));
    if (this.#outgoing.length === 0) this.#next();
    return bytes;
  }

  /** The connector has changed: nobody will fetch what the one before was offered. */
  connectorChanged(): void {
    if (this.#outgoing.length === 0) return;
    if (this.#core.connector === undefined) {
      this.#outgoing = [];
      this.#next();
    } else this.#core.connector.dataAvailable();
  }

  /** Bits take another time now: the byte in the shift register begins again. */
  rateChanged(): void {
    const { transmitTimer: timer, state } = this.#core;
    if (timer.isActive) timer.setRelative(characterTime(state));
  }

  /** Throws away what waits. The byte in the shift register goes on. */
  clearFifo(): void {
    if (this.#holding.length === 0) return;
    this.#holding.length = 0;
    this.#empty();
  }

  reset(): void {
    this.#holding.length = 0;
    this.#shift = undefined;
    this.#outgoing = [];
    this.#core.transmitTimer.stop();
    this.#core.state.lsr |= Lsr.HOLDING_EMPTY | Lsr.EMPTY;
  }

  /** The machine is about to be saved. */
  prepareSave(): void {
    const { transmitTimer: timer, state, connector } = this.#core;
    // What is due now would otherwise be taken for a byte that has just begun.
    while (timer.isActive && timer.expire <= timer.now) {
      timer.stop();
      this.shifted();
    }
    if ((state.mcr & Mcr.LOOP) !== 0) return;
    const stalled = this.#outgoing;
    this.#outgoing = [];
    if (stalled.length > 0) this.#next();
    const early = [...stalled, this.#shift, ...this.#holding.slice(0, -1)].filter((byte) => byte !== undefined);
    this.#shift = undefined;
    this.#holding.fill(undefined, 0, -1);
    this.#core.sent.add(early.length - stalled.length);
    if (early.length > 0) connector?.drain(Uint8Array.from(early));
  }

  /** Whether bytes are lost if the machine is saved now: of what goes through the loop only the last is kept. */
  get losesBytes(): boolean {
    return (
      (this.#core.state.mcr & Mcr.LOOP) !== 0 &&
      [this.#shift, ...this.#holding.slice(0, -1)].some((byte) => byte !== undefined)
    );
  }

  /** The timer as the unit has it: when the FIFO is going to be empty, or the last byte through. */
  saveTimer(): Timer {
    const { transmitTimer: timer, state } = this.#core;
    const saved = timer.saveState();
    const behind = this.#holding.length - 1;
    if (saved.isActive && behind > 0) saved.expire += BigInt(behind) * characterTime(state);
    return saved;
  }

  /** Goes on from the registers and the timer that were loaded; clocks have been, too. */
  load(saved: Timer): void {
    const { transmitTimer: timer, state, depth } = this.#core;
    this.#outgoing = [];
    this.#shift = undefined;
    this.#holding.length = 0;
    timer.stop();
    const isHolding = (state.lsr & Lsr.HOLDING_EMPTY) === 0;
    if (!saved.isActive) {
      if (isHolding) this.#holding.push(state.thr);
      return;
    }
    const time = characterTime(state);
    const left = saved.expire - timer.now;
    const count = isHolding && left > 0n ? Math.min(Number((left - 1n) / time) + 1, depth) : 1;
    timer.set(saved.expire - BigInt(count - 1) * time);
    if (isHolding) {
      this.#holding.push(...new Array<Sent>(count - 1).fill(undefined), state.thr);
    }
  }

  /** Everything was loaded: goes on with what no timer was running for. */
  loadDone(): void {
    const { transmitTimer: timer, state } = this.#core;
    const isBusy = this.#holding.length > 0 || (state.lsr & Lsr.EMPTY) === 0;
    if (isBusy && !timer.isActive) this.#next();
  }

  get #isIdle(): boolean {
    const { state } = this.#core;
    return (state.lsr & Lsr.EMPTY) !== 0 && this.#holding.length === 0;
  }

  #begin(byte: Sent): void {
    const { transmitTimer: timer, state } = this.#core;
    this.#shift = byte;
    state.lsr &= ~Lsr.EMPTY;
    timer.setRelative(characterTime(state));
    if (this.#holding.length === 0) this.#empty();
  }

  #next(): void {
    if (this.#holding.length > 0) this.#begin(this.#holding.shift());
    else this.#core.state.lsr |= Lsr.EMPTY;
  }

  #empty(): void {
    this.#core.state.lsr |= Lsr.HOLDING_EMPTY;
    this.#host.holdingEmpty();
  }
}
