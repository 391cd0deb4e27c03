import { Serial } from '@ssmkit/vbox';
import type { SerialConnector } from '../../pdm/interfaces.js';
import type { UartCore } from './core.js';
import { lineParameters } from './line.js';
import { loopLines, modemLines, withLines } from './modem.js';
import { Receiver } from './receiver.js';
import { Fcr, Ier, Iir, Lcr, Lsr, Mcr, Msr, Register, receiveTriggers, type UartType } from './registers.js';
import { Transmitter } from './transmitter.js';

/**
 * A UART of the 8250 family: its registers and its interrupt.
 *
 * A parity or framing error never comes, as bytes do not come over a wire. On a PC the interrupt only gets through while
 * OUT2 is set; that is the bit of MCR here, also in the loop, so that the guest can try its interrupts there as the chip's
 * manual describes.
 */
export class Uart {
  readonly #core: UartCore;
  readonly #setIrq: (high: boolean) => void;
  readonly #transmitter: Transmitter;
  readonly #receiver: Receiver;
  #irq = false;

  constructor(core: UartCore, setIrq: (high: boolean) => void) {
    this.#core = core;
    this.#setIrq = setIrq;
    this.#receiver = new Receiver(core);
    this.#transmitter = new Transmitter(core, {
      holdingEmpty: () => {
        core.state.threEmptyPending = true;
        this.#update();
      },
      looped: (byte) => {
        this.#receiver.looped(byte);
        this.#update();
      },
    });
    this.#clear();
  }

  get type(): UartType {
    return this.#core.type;
  }

  get state(): Serial {
    return this.#core.state;
  }

  /** Bytes that were received, and not read. */
  get waiting(): number {
    return this.#receiver.level;
  }

  /** The guest reads a port. */
  read(offset: number): number {
    const { state } = this;
    const isDivisor = (state.lcr & Lcr.DLAB) !== 0;
    switch (offset) {
      case Register.DATA:
        if (isDivisor) return state.divisor & 0xff;
        return this.#then(this.#receiver.read());
      case Register.IER:
        return isDivisor ? state.divisor >> 8 : state.ier;
      case Register.IIR_FCR: {
        const { iir } = state;
        if ((iir & Iir.SOURCE) === Iir.TRANSMIT) state.threEmptyPending = false;
        return this.#then(iir);
      }
      case Register.LCR:
        return state.lcr;
      case Register.MCR:
        return state.mcr;
      case Register.LSR: {
        const { lsr } = state;
        state.lsr &= ~Lsr.ERRORS;
        // Of the FIFO's bytes only the first can have an error: that of a break.
        return this.#then(this.#core.hasFifo && (lsr & Lsr.BREAK) !== 0 ? lsr | Lsr.FIFO_ERROR : lsr);
      }
      case Register.MSR: {
        const { msr } = state;
        state.msr &= ~Msr.DELTAS;
        return this.#then(msr);
      }
      default:
        return state.scr;
    }
  }

  /** The guest writes a port. */
  write(offset: number, value: number): void {
    const { state } = this;
    const isDivisor = (state.lcr & Lcr.DLAB) !== 0;
    switch (offset) {
      case Register.DATA:
        if (isDivisor) this.#setDivisor((state.divisor & 0xff00) | value);
        else {
          state.threEmptyPending = false;
          // The line goes down, if only for the moment that the byte needs to get into the shift register.
          this.#update();
          this.#transmitter.write(value);
        }
        break;
      case Register.IER:
        if (isDivisor) this.#setDivisor((state.divisor & 0xff) | (value << 8));
        else this.#setIer(value & Ier.ALL);
        break;
      case Register.IIR_FCR:
        this.#setFcr(value);
        break;
      case Register.LCR:
        this.#setLcr(value);
        break;
      case Register.MCR:
        this.#setMcr(value & Mcr.ALL);
        break;
      case Register.SCR:
        state.scr = value;
        break;
      default: // LSR and MSR are written in the factory only
    }
    this.#update();
  }

  /** What is behind the port has come or gone. */
  connect(connector: SerialConnector | undefined): void {
    this.#core.connector = connector;
    this.#transmitter.connectorChanged();
    this.statusLinesChanged();
    this.#tellConnector();
    this.#receiver.refill();
    this.#update();
  }

  /** The connector fetches what was sent. */
  fetch(max: number): Uint8Array {
    return this.#transmitter.read(max);
  }

  /** The connector has bytes. */
  dataAvailable(): void {
    this.#receiver.arrived();
    this.#update();
  }

  breakReceived(): void {
    if ((this.state.mcr & Mcr.LOOP) !== 0) return;
    this.#receiver.breakReceived();
    this.#update();
  }

  /** The modem's lines may have changed. */
  statusLinesChanged(): void {
    const { state, connector } = this.#core;
    this.#setLines((state.mcr & Mcr.LOOP) !== 0 ? loopLines(state.mcr) : modemLines(connector?.statusLines));
  }

  /** A byte is through. */
  transmitted(): void {
    this.#transmitter.shifted();
  }

  /** Nothing has come for some time. */
  timedOut(): void {
    this.state.ctiPending = this.#core.hasFifo && this.#receiver.level > 0;
    this.#update();
  }

  /** The machine is about to run. */
  powerOn(): void {
    this.#receiver.turnOn();
    this.#update();
  }

  reset(): void {
    this.#transmitter.reset();
    this.#receiver.reset();
    this.#clear();
    this.statusLinesChanged();
    this.state.msr &= ~Msr.DELTAS;
    this.#tellConnector();
    this.#receiver.refill();
    this.#update();
  }

  prepareSave(): void {
    this.#transmitter.prepareSave();
  }

  /** The state as the unit has it. */
  save(): Serial {
    const { state } = this;
    // The unit has no place for more than one byte of the loop. The guest is told, as the chip would tell it.
    const isLossy = this.#transmitter.losesBytes || this.#receiver.losesBytes;
    return Object.assign(new Serial(), state, {
      lsr: isLossy ? state.lsr | Lsr.OVERRUN : state.lsr,
      receiveTimeoutTimer: this.#core.timeoutTimer.saveState(),
      transmitTimer: this.#transmitter.saveTimer(),
    });
  }

  /** Goes on from a state that was saved. The interrupt line is as it was, until everything is loaded. */
  load(saved: Serial): void {
    Object.assign(this.state, saved);
    this.#receiver.load();
    this.#core.timeoutTimer.loadState(saved.receiveTimeoutTimer);
    this.#transmitter.load(saved.transmitTimer);
  }

  /** Everything was loaded. */
  loadDone(): void {
    this.#irq = this.#isInterrupting;
    this.#setIrq(this.#irq);
    this.#tellConnector();
    if (this.#core.connector !== undefined) this.statusLinesChanged();
    this.#receiver.turnOn();
    this.#transmitter.loadDone();
    this.#update();
  }

  #then(value: number): number {
    this.#update();
    return value;
  }

  #clear(): void {
    const { state } = this;
    const { type } = this.#core;
    const { irq, ioPortBase } = state.config;
    Object.assign(state, new Serial());
    Object.assign(state.config, { irq, ioPortBase, type: type.number });
    state.transmitFifoSize = type.fifo;
    state.receiveFifoSize = type.fifo;
    state.receiveFifoTrigger = 1;
  }

  #setDivisor(divisor: number): void {
    this.state.divisor = divisor;
    this.#lineChanged();
  }

  #setLcr(value: number): void {
    const { state } = this;
    const changed = state.lcr ^ value;
    state.lcr = value;
    if ((changed & ~(Lcr.DLAB | Lcr.BREAK)) !== 0) this.#lineChanged();
    if ((changed & Lcr.BREAK) !== 0) this.#core.connector?.setBreak((value & Lcr.BREAK) !== 0);
  }

  #lineChanged(): void {
    this.#transmitter.rateChanged();
    this.#core.connector?.setParameters(lineParameters(this.state));
  }

  #setIer(value: number): void {
    const { state } = this;
    const added = value & ~state.ier;
    state.ier = value;
    // Who asks to be told of an empty transmitter is told at once if it is.
    if ((added & Ier.TRANSMIT) !== 0 && (state.lsr & Lsr.HOLDING_EMPTY) !== 0) state.threEmptyPending = true;
  }

  #setFcr(value: number): void {
    const { state } = this;
    const { type } = this.#core;
    if (type.fifo === 0) return;
    const isOn = (value & Fcr.ENABLE) !== 0;
    const isSwitched = isOn !== this.#core.hasFifo;
    const keeps64 = type.fifo === 64 && (state.lcr & Lcr.DLAB) === 0;
    const fifo64 = type.fifo < 64 ? 0 : keeps64 ? state.fcr & Fcr.FIFO_64 : value & Fcr.FIFO_64;
    if (isSwitched || (isOn && (value & Fcr.RESET_TRANSMIT) !== 0)) this.#transmitter.clearFifo();
    const clearsReceiver = isSwitched || (isOn && (value & Fcr.RESET_RECEIVE) !== 0);
    if (clearsReceiver) this.#receiver.clearFifo();
    // The other bits are only taken along with the one that turns the FIFOs on.
    state.fcr = isOn ? (value & (Fcr.ENABLE | Fcr.DMA | (3 << Fcr.TRIGGER))) | fifo64 : 0;
    state.receiveFifoTrigger = isOn ? receiveTriggers[this.#core.fifoSize][(value >> Fcr.TRIGGER) & 3]! : 1;
    if (clearsReceiver) this.#receiver.refill();
  }

  #setMcr(value: number): void {
    const { state } = this;
    const changed = state.mcr ^ value;
    state.mcr = value;
    this.statusLinesChanged();
    if ((changed & (Mcr.DTR | Mcr.RTS | Mcr.LOOP)) !== 0) this.#tellModemLines();
    if ((changed & Mcr.LOOP) !== 0) this.#receiver.refill();
  }

  #tellConnector(): void {
    const { connector, state } = this.#core;
    connector?.setParameters(lineParameters(state));
    connector?.setBreak((state.lcr & Lcr.BREAK) !== 0);
    this.#tellModemLines();
  }

  /** In the loop the chip's own lines are inactive. */
  #tellModemLines(): void {
    const { mcr } = this.state;
    const driven = (mcr & Mcr.LOOP) !== 0 ? 0 : mcr;
    this.#core.connector?.setModemLines({ rts: (driven & Mcr.RTS) !== 0, dtr: (driven & Mcr.DTR) !== 0 });
  }

  #setLines(lines: number): void {
    this.state.msr = withLines(this.state.msr, lines);
    this.#update();
  }

  /** What interrupts, by priority. */
  get #source(): number {
    const { ier, lsr, msr, ctiPending, threEmptyPending, receiveFifoTrigger } = this.state;
    const trigger = this.#core.hasFifo ? receiveFifoTrigger : 1;
    if ((ier & Ier.LINE) !== 0 && (lsr & Lsr.ERRORS) !== 0) return Iir.LINE;
    if ((ier & Ier.RECEIVED) !== 0 && this.#receiver.level >= trigger) return Iir.RECEIVED;
    if ((ier & Ier.RECEIVED) !== 0 && ctiPending) return Iir.TIMEOUT;
    if ((ier & Ier.TRANSMIT) !== 0 && threEmptyPending) return Iir.TRANSMIT;
    if ((ier & Ier.MODEM) !== 0 && (msr & Msr.DELTAS) !== 0) return Iir.MODEM;
    return Iir.NONE;
  }

  get #isInterrupting(): boolean {
    const { iir, mcr } = this.state;
    return (iir & Iir.NONE) === 0 && (mcr & Mcr.OUT2) !== 0;
  }

  #update(): void {
    const { hasFifo, fifoSize, state } = this.#core;
    const fifos = hasFifo ? Iir.FIFOS | (fifoSize === 64 ? Iir.FIFO_64 : 0) : 0;
    state.iir = this.#source | fifos;
    const irq = this.#isInterrupting;
    if (irq === this.#irq) return;
    this.#irq = irq;
    this.#setIrq(irq);
  }
}
