import { Serial, type SerialOld, Timer } from '@ssmkit/vbox';
import { Fcr, Lsr, receiveTriggers, type UartType } from './registers.js';

/** The first version that has the byte in THR. */
const WITH_THR = 5;

/**
 * What versions 3 to 5 of the unit say, in today's class. Which of their two timers is for what is not known, so both
 * begin again: a byte in THR is sent anew; without the byte, in versions 3 and 4, the transmitter is empty.
 */
export function upgradeSerial(old: SerialOld, version: number, type: UartType): Serial {
  const { divisor, rbr, ier, lcr, mcr, msr, scr, iir, thr, irq, ioPortBase } = old;
  const fcr = type.fifo === 0 ? 0 : old.fcr & ~(Fcr.RESET_RECEIVE | Fcr.RESET_TRANSMIT);
  const lsr = version < WITH_THR ? old.lsr | Lsr.HOLDING_EMPTY | Lsr.EMPTY : old.lsr;
  return Object.assign(new Serial(), {
    config: { irq, ioPortBase, type: type.number },
    ...{ divisor, rbr, thr, ier, iir, fcr, lcr, mcr, lsr, msr, scr },
    ctiPending: old.timeoutPending !== 0,
    threEmptyPending: old.threPending !== 0,
    transmitFifoSize: type.fifo,
    receiveFifoSize: type.fifo,
    receiveFifoTrigger: (fcr & Fcr.ENABLE) === 0 ? 1 : receiveTriggers[16][(fcr >> Fcr.TRIGGER) & 3],
    receiveTimeoutTimer: new Timer(),
    transmitTimer: new Timer(),
  });
}
