import type { Rtc } from '@ssmkit/vbox';
import type { InfoOutput } from '../../dbgf/index.js';
import { address, bytes, hex, words } from '../info-text.js';
import { cmosChecksum, storedChecksum } from './cmos.js';
import { isHeld, periodicHz, Reg, RegB, RegC } from './registers.js';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (value: number) => String(value).padStart(2, '0');

/** The info item `rtc`. */
export function showRtc(state: Rtc, output: InfoOutput): void {
  const { config, cmos, disabledByHpet } = state;
  const { irq, ioPortBase, utc } = config;
  const at = (register: number) => cmos[register] as number;
  const registers = { a: at(Reg.A), b: at(Reg.B), c: at(Reg.C), d: at(Reg.D) };
  const { a, b, c } = registers;
  const time = { ...state.time, month: state.time.month + 1, year: state.time.year + 1900 };
  // In the form that register B says.
  const alarm = { hours: at(Reg.HOURS_ALARM), minutes: at(Reg.MINUTES_ALARM), seconds: at(Reg.SECONDS_ALARM) };
  const interrupts = { periodic: (b & RegB.PIE) !== 0, alarm: (b & RegB.AIE) !== 0, update: (b & RegB.UIE) !== 0 };
  const flags = { periodic: (c & RegC.PF) !== 0, alarm: (c & RegC.AF) !== 0, update: (c & RegC.UF) !== 0 };
  const hours24 = (b & RegB.HOURS_24) !== 0;
  const binary = (b & RegB.BINARY) !== 0;
  const halted = (b & RegB.SET) !== 0 || isHeld(a);
  const hz = periodicHz(a);
  const { nextSecondTime, nextPeriodicTime } = state;
  output.line(
    `${time.year}-${two(time.month)}-${two(time.day)} ${two(time.hours)}:${two(time.minutes)}:${two(time.seconds)} ` +
      `${weekdays[time.weekday] ?? time.weekday}, ${utc ? 'UTC' : 'local time'}${halted ? ', halted' : ''}`,
  );
  output.line(`Ports ${address(ioPortBase)}, IRQ ${irq}${disabledByHpet ? ' (the HPET has it)' : ''}`);
  const named = Object.entries(registers).map(([name, value]) => `${name}=${hex(value)}`);
  output.line(`${named.join(' ')}: ${binary ? 'binary' : 'BCD'}, ${hours24 ? 24 : 12} hours, periodic ${hz} Hz`);
  output.line(
    `alarm=${Object.values(alarm)
      .map((byte) => hex(byte))
      .join(':')}`,
  );
  output.line(`interrupts: ${words(interrupts)}; flags: ${words(flags)}`);
  output.line(`next second: ${nextSecondTime} ns, periodic: ${nextPeriodicTime} ns`);
  output.data({
    ...{ ioPortBase, irq, utc, disabledByHpet, time, registers, binary, hours24, halted, alarm, interrupts, flags },
    periodicHz: hz,
    irqActive: (c & RegC.IRQF) !== 0,
    nextSecondTime: String(nextSecondTime),
    nextPeriodicTime: String(nextPeriodicTime),
  });
}

const ROW = 16;

/** The info item `cmos`. */
export function showCmos({ cmos, cmosBank1, cmosIndex, cmosIndexBank1 }: Rtc, output: InfoOutput): void {
  const memory = [...cmos, ...cmosBank1];
  for (let at = 0; at < memory.length; at += ROW) output.line(`${hex(at)}: ${bytes(memory.slice(at, at + ROW))}`);
  const checksum = { stored: storedChecksum(cmos), computed: cmosChecksum(cmos) };
  output.line(`index: ${hex(cmosIndex)}, ${hex(cmosIndexBank1)}`);
  output.line(`checksum: ${hex(checksum.stored, 4)}, of the memory as it is: ${hex(checksum.computed, 4)}`);
  output.data({ memory, index: [cmosIndex, cmosIndexBank1], checksum });
}
