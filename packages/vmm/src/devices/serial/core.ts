import { Serial } from '@ssmkit/vbox';
import type { SerialConnector } from '../../pdm/interfaces.js';
import { Counter } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';
import { Fcr, type UartType } from './registers.js';

/** What the chip needs of a timer. */
export type UartTimer = Pick<
  TmTimer,
  'set' | 'setRelative' | 'stop' | 'isActive' | 'expire' | 'now' | 'saveState' | 'loadState'
>;

/** What both halves of the chip go by. */
export class UartCore {
  readonly state = new Serial();
  readonly type: UartType;
  readonly transmitTimer: UartTimer;
  readonly timeoutTimer: UartTimer;
  connector: SerialConnector | undefined;
  /** Bytes that have gone out on the line, and come in; not those of the loop. */
  readonly sent: Counter;
  readonly received: Counter;

  constructor(
    type: UartType,
    transmitTimer: UartTimer,
    timeoutTimer: UartTimer,
    { sent = new Counter(), received = new Counter() }: { readonly sent?: Counter; readonly received?: Counter } = {},
  ) {
    this.sent = sent;
    this.received = received;
    this.type = type;
    this.transmitTimer = transmitTimer;
    this.timeoutTimer = timeoutTimer;
  }

  /** Whether the FIFOs are on. */
  get hasFifo(): boolean {
    return this.type.fifo > 0 && (this.state.fcr & Fcr.ENABLE) !== 0;
  }

  /** Bytes of a FIFO that is on. */
  get fifoSize(): 16 | 64 {
    return this.type.fifo === 64 && (this.state.fcr & Fcr.FIFO_64) !== 0 ? 64 : 16;
  }

  /** Bytes that THR and RBR hold, or their FIFOs. */
  get depth(): number {
    return this.hasFifo ? this.fifoSize : 1;
  }
}
