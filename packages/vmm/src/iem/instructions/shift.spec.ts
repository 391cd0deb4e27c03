import { expect } from 'chai';
import { FLAGS_ARITHMETIC } from '../flags.js';
import { CODE, cpuWith, execute, flagNames } from '../testing/cpu-with.js';
import { slowShift } from '../testing/slow-alu.js';

const names = ['ROL', 'ROR', 'RCL', 'RCR', 'SHL', 'SHR', 'SETMO', 'SAR'];

describe('shifts and rotates of the 8086', () => {
  for (const [number, name] of names.entries()) {
    it(`${name} by CL of all bytes, by every count to 40 and some more, is that many single shifts`, () => {
      const { cpu, registers } = cpuWith([0xd2, 0xc0 + number * 8]);
      const counts = [...Array(41).keys(), 63, 64, 72, 127, 128, 200, 255];
      for (const count of counts) {
        for (let value = 0; value < 256; value += count < 10 ? 1 : 7) {
          for (const before of [0xf002, 0xfed7]) {
            Object.assign(registers, { ip: CODE & 0xffff, al: value, cl: count, flags: before });
            cpu.step();
            const wanted = slowShift(number, value, count, before, 8);
            const what = `${name} ${value}, ${count}: ${flagNames(registers.flags)}, not ${flagNames(wanted.flags)}`;
            if (registers.al !== wanted.value || registers.flags !== wanted.flags) expect.fail(what);
          }
        }
      }
    });

    it(`${name} of words, too`, () => {
      const { cpu, registers } = cpuWith([0xd3, 0xc0 + number * 8]);
      const values = [0, 1, 2, 0x10, 0x0f0f, 0x4000, 0x7fff, 0x8000, 0x8001, 0xabcd, 0xfffe, 0xffff];
      for (const value of values) {
        for (const count of [...Array(36).keys(), 64, 68, 255]) {
          for (const before of [0xf002, 0xf003]) {
            Object.assign(registers, { ip: CODE & 0xffff, ax: value, cl: count, flags: before });
            cpu.step();
            const wanted = slowShift(number, value, count, before, 16);
            expect({ value: registers.ax, flags: registers.flags }, `${name} ${value}, ${count}`).to.deep.equal(wanted);
          }
        }
      }
    });

    it(`${name} by one is the same`, () => {
      for (const value of [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xff]) {
        const byte = execute([0xd0, 0xc0 + number * 8], { al: value, flags: 1 }).registers;
        const wanted = slowShift(number, value, 1, 0xf003, 8);
        expect({ value: byte.al, flags: byte.flags }).to.deep.equal(wanted);
        const word = execute([0xd1, 0xc0 + number * 8], { ax: value << 8, flags: 1 }).registers;
        expect({ value: word.ax, flags: word.flags }).to.deep.equal(slowShift(number, value << 8, 1, 0xf003, 16));
      }
    });
  }

  // The 8086 Family User's Manual, and what is known of the chip beyond it.
  const table = [
    { what: 'SHL does not mask its count', code: [0xd2, 0xe0], al: 0x01, cl: 0x20, result: 0x00, flags: 'ZF PF' },
    { what: 'SHL by 8 leaves the low bit in CF', code: [0xd2, 0xe0], al: 0x01, cl: 8, result: 0, flags: 'OF ZF PF CF' },
    { what: 'SHR of a sign sets OF', code: [0xd0, 0xe8], al: 0x80, cl: 0, result: 0x40, flags: 'OF' },
    { what: 'SAR keeps the sign', code: [0xd2, 0xf8], al: 0x81, cl: 200, result: 0xff, flags: 'SF PF CF' },
    { what: 'ROL by 8 is none but for CF', code: [0xd2, 0xc0], al: 0x81, cl: 8, result: 0x81, flags: 'CF' },
    { what: 'SETMO sets all ones', code: [0xd0, 0xf0], al: 0, cl: 0, result: 0xff, flags: 'SF PF' },
    { what: 'SETMOC with CL = 0 does nothing', code: [0xd2, 0xf0], al: 0x5a, cl: 0, result: 0x5a, flags: '' },
  ];
  for (const { what, code, al, cl, result, flags } of table) {
    it(what, () => {
      const { registers } = execute(code, { al, cl });
      expect(registers.al).to.equal(result);
      expect(flagNames(registers.flags & FLAGS_ARITHMETIC)).to.equal(flags);
    });
  }
});
