import type { InfoOutput } from '../../dbgf/index.js';
import { address, hex } from '../info-text.js';
import type { UartCore } from './core.js';
import { lineParameters } from './line.js';

const REGISTERS = ['rbr', 'thr', 'ier', 'iir', 'fcr', 'lcr', 'mcr', 'lsr', 'msr', 'scr'] as const;

/** The info items `serial0`, `serial1`…: one for each port. @param waiting bytes that the guest has not read. */
export function showSerial(core: UartCore, waiting: number, output: InfoOutput): void {
  const { state, type, connector, hasFifo } = core;
  const { irq, ioPortBase } = state.config;
  const line = lineParameters(state);
  const fifo = hasFifo ? { size: core.fifoSize, trigger: state.receiveFifoTrigger } : undefined;
  const registers = Object.fromEntries(REGISTERS.map((name) => [name, state[name]]));
  const parity = line.parity === 'none' ? 'n' : line.parity[0];
  output.line(
    `Ports ${address(ioPortBase)}, IRQ ${irq}, ${type.name}, ${connector === undefined ? 'not connected' : 'connected'}`,
  );
  output.line(
    `${Number(line.baud.toFixed(2))} baud ${line.dataBits}${parity}${line.stopBits}, divisor ${state.divisor}, ` +
      `${fifo === undefined ? 'no FIFO' : `FIFO of ${fifo.size}, interrupts from ${fifo.trigger}`}, ${waiting} received`,
  );
  output.line(REGISTERS.map((name) => `${name}=${hex(state[name])}`).join(' '));
  output.data({
    ...{ ioPortBase, irq, type: type.name, connected: connector !== undefined, divisor: state.divisor, line },
    ...(fifo !== undefined && { fifo }),
    waiting,
    registers,
  });
}
