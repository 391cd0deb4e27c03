import type { SerialStatusLines } from '../../pdm/interfaces.js';
import { Mcr, Msr } from './registers.js';

// The lines of a modem, as MSR shows them.

/** MSR when the lines are these: what has changed is noted until it is read. */
export function withLines(msr: number, lines: number): number {
  const changed = (msr ^ lines) & Msr.LINES;
  let deltas = msr & Msr.DELTAS;
  if ((changed & Msr.CTS) !== 0) deltas |= Msr.DELTA_CTS;
  if ((changed & Msr.DSR) !== 0) deltas |= Msr.DELTA_DSR;
  if ((changed & msr & Msr.RI) !== 0) deltas |= Msr.TRAILING_RI;
  if ((changed & Msr.DCD) !== 0) deltas |= Msr.DELTA_DCD;
  return lines | deltas;
}

/** In the loop the modem's lines are those that the chip drives. */
export function loopLines(mcr: number): number {
  return (
    ((mcr & Mcr.RTS) !== 0 ? Msr.CTS : 0) |
    ((mcr & Mcr.DTR) !== 0 ? Msr.DSR : 0) |
    ((mcr & Mcr.OUT1) !== 0 ? Msr.RI : 0) |
    ((mcr & Mcr.OUT2) !== 0 ? Msr.DCD : 0)
  );
}

/** The lines of what is behind the port; all are low where there is nothing. */
export function modemLines(lines: SerialStatusLines | undefined): number {
  if (lines === undefined) return 0;
  const { cts, dsr, ri, dcd } = lines;
  return (cts ? Msr.CTS : 0) | (dsr ? Msr.DSR : 0) | (ri ? Msr.RI : 0) | (dcd ? Msr.DCD : 0);
}
