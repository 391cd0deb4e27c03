import type { Serial } from '@ssmkit/vbox';
import type { SerialParameters } from '../../pdm/interfaces.js';
import { Lcr } from './registers.js';

/** What the divisor divides: 1.8432 MHz, 16 clocks a bit. */
const BASE_BAUD = 115_200;
/** A divisor of 0 lets the 16-bit counter run through. */
const DIVISOR_MAX = 0x10000;

type LineRegisters = Pick<Serial, 'divisor' | 'lcr'>;

/** How characters go over the line. */
export function lineParameters({ divisor, lcr }: LineRegisters): SerialParameters {
  const dataBits = ((lcr & 3) + 5) as SerialParameters['dataBits'];
  return {
    baud: BASE_BAUD / (divisor || DIVISOR_MAX),
    parity: parityOf(lcr),
    dataBits,
    stopBits: (lcr & Lcr.STOP) === 0 ? 1 : dataBits === 5 ? 1.5 : 2,
  };
}

function parityOf(lcr: number): SerialParameters['parity'] {
  if ((lcr & Lcr.PARITY) === 0) return 'none';
  const isEven = (lcr & Lcr.EVEN) !== 0;
  if ((lcr & Lcr.STICK) === 0) return isEven ? 'even' : 'odd';
  return isEven ? 'space' : 'mark';
}

/** Nanoseconds that a character takes, with start, parity and stop bits; rounded up. */
export function characterTime(registers: LineRegisters): bigint {
  const { baud, parity, dataBits, stopBits } = lineParameters(registers);
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
  return BigInt(Math.ceil((bits * 1e9) / baud));
}
