import { AF, CF, DF, IF, OF, PF, SF, TF, ZF } from '../../flags.js';
import type { RegisterName } from '../../registers.js';
import type { SingleStepOptions, SingleStepTest } from '../../single-step.js';

/*
 * Instructions as a manual shows them: the bytes, what they are called, and registers, memory and flags before and after.
 *
 *     ['00 CB', 'ADD BL, CL', 'bl=9C cl=67 CF', 'bl=03 / AF PF CF']
 *
 * Registers that are not said are those of `start`, and unchanged; IP is behind the instruction. Memory is said in bytes,
 * `2000:1234=9C8A`, and wraps at the end of its segment. Flags before are set when they are said; of flags after, all
 * that are set stand behind the slash. Without one they are as before, and with `/ ?` the manual calls them undefined.
 */
export type Row = readonly [code: string, mnemonic: string, before: string, after: string];

/** CS:IP is 1000:0100. */
const start: Readonly<Record<RegisterName, number>> = {
  ...{ ax: 0, cx: 0, dx: 0, bx: 0, sp: 0x800, bp: 0, si: 0, di: 0 },
  ...{ es: 0x3000, cs: 0x1000, ss: 0x4000, ds: 0x2000, ip: 0x100, flags: 0xf002 },
};

const flagBits: Readonly<Record<string, number>> = { OF, DF, IF, TF, SF, ZF, AF, PF, CF };
const undefinedFlags = OF | SF | ZF | AF | PF | CF;

type Registers = Record<RegisterName, number>;
type Ram = [address: number, value: number][];

const flagsOf = (text: string) =>
  text.split(' ').reduce((bits, name) => {
    const bit = flagBits[name];
    if (name !== '' && bit === undefined) throw new RangeError(`${name} is no flag`);
    return bits | (bit ?? 0);
  }, 0xf002);

const bytesOf = (text: string) => (text.match(/[0-9A-F]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16));

function set(registers: Registers, name: string, value: number): void {
  const [, letter, half] = /^([abcd])([lh])$/.exec(name) ?? [];
  if (letter === undefined) {
    if (!(name in registers)) throw new RangeError(`${name} is no register`);
    registers[name as RegisterName] = value;
    return;
  }
  const word = `${letter}x` as RegisterName;
  registers[word] = half === 'l' ? (registers[word] & 0xff00) | value : (registers[word] & 0xff) | (value << 8);
}

/** Sets what a text says of registers and memory. @returns what is left: flags. */
function apply(text: string, registers: Registers, ram: Ram): string {
  const flags: string[] = [];
  for (const part of text.split(' ')) {
    const [, name = '', value = ''] = /^(.*)=(.*)$/.exec(part) ?? [];
    const [, segment, offset] = /^([0-9A-F]{4}):([0-9A-F]{4})$/.exec(name) ?? [];
    if (segment !== undefined && offset !== undefined) {
      for (const [i, byte] of bytesOf(value).entries()) {
        const at = (Number.parseInt(offset, 16) + i) & 0xffff;
        ram.push([(Number.parseInt(segment, 16) * 16 + at) & 0xf_ffff, byte]);
      }
    } else if (name !== '') {
      set(registers, name, Number.parseInt(value, 16));
    } else {
      flags.push(part);
    }
  }
  return flags.join(' ');
}

/** A row in the form of SingleStepTests, and the flags of it that count. */
export function singleStepOf([code, name, before, after]: Row): { test: SingleStepTest; options: SingleStepOptions } {
  const initial: Registers = { ...start };
  const ram: Ram = [];
  initial.flags = flagsOf(apply(before, initial, ram));
  const bytes = bytesOf(code);
  for (const [i, byte] of bytes.entries()) {
    ram.push([(initial.cs * 16 + ((initial.ip + i) & 0xffff)) & 0xf_ffff, byte]);
  }
  const final: Registers = { ...initial, ip: (initial.ip + bytes.length) & 0xffff };
  const finalRam: Ram = [];
  const [changes = '', flags] = after.split('/');
  if (apply(changes.trim(), final, finalRam) !== '') throw new RangeError(`flags without a slash: ${after}`);
  const open = flags?.trim() === '?';
  if (flags !== undefined) final.flags = open ? initial.flags : flagsOf(flags.trim());
  return {
    test: { name, initial: { regs: initial, ram }, final: { regs: final, ram: finalRam } },
    options: { flagsMask: open ? 0xffff & ~undefinedFlags : 0xffff },
  };
}

/** Which instruction a row is of: its opcode behind prefixes, and the reg field where that says which, as `80` or `F6.4`. */
export function instructionOf([code]: Row): string {
  const [opcode = '', modrm = ''] = code.replace(/^((26|2E|36|3E|F0|F1|F2|F3) )*/, '').split(' ');
  const reg = (Number.parseInt(modrm, 16) >> 3) & 7;
  return grouped.has(opcode) ? `${opcode}.${reg}` : opcode;
}

/** Opcodes whose reg field is part of the instruction. */
const grouped = new Set([
  '80',
  '81',
  '82',
  '83',
  '8C',
  '8E',
  '8F',
  'C6',
  'C7',
  'D0',
  'D1',
  'D2',
  'D3',
  'F6',
  'F7',
  'FE',
  'FF',
]);

/** All there are, and the prefixes. */
export const allInstructions: readonly string[] = Array.from({ length: 0x100 }, (_, i) => hex2(i)).flatMap((opcode) =>
  grouped.has(opcode) ? Array.from({ length: 8 }, (_, reg) => `${opcode}.${reg}`) : [opcode],
);

export const prefixBytes = ['26', '2E', '36', '3E', 'F0', 'F1', 'F2', 'F3'] as const;

export function hex2(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}
