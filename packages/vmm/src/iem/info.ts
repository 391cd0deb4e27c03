import type { InfoRegistry } from '../dbgf/index.js';
import type { Cpu8086 } from './cpu.js';

const flagNames = [
  [0x800, 'of'],
  [0x400, 'df'],
  [0x200, 'if'],
  [0x100, 'tf'],
  [0x80, 'sf'],
  [0x40, 'zf'],
  [0x10, 'af'],
  [0x04, 'pf'],
  [0x01, 'cf'],
] as const;

const rows = [
  ['ax', 'bx', 'cx', 'dx', 'si', 'di'],
  ['cs', 'ip', 'ss', 'sp', 'bp', 'flags'],
  ['ds', 'es'],
] as const;

/** The info item `cpumguest`: the registers. */
export function registerCpuInfo(info: InfoRegistry, cpu: Cpu8086): void {
  info.registerInternal({
    name: 'cpumguest',
    description: 'The registers of the 8086.',
    handler: (_vm, output) => {
      const { registers } = cpu;
      const hex = (value: number) => value.toString(16).padStart(4, '0');
      const set = flagNames.filter(([bit]) => (registers.flags & bit) !== 0).map(([, name]) => name);
      for (const row of rows) output.line(row.map((name) => `${name}=${hex(registers[name])}`).join(' '));
      output.line(`flags: ${set.join(' ') || 'none'}${cpu.halted ? '; halted' : ''}`);
      output.data({
        ...Object.fromEntries(rows.flat().map((name) => [name, registers[name]])),
        halted: cpu.halted,
      });
    },
  });
}
