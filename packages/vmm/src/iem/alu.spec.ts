import { expect } from 'chai';
import fc from 'fast-check';
import { CF, FLAGS_ARITHMETIC } from './flags.js';
import { CODE, cpuWith, execute, flagNames } from './testing/cpu-with.js';
import { type SlowResult, slowAdd, slowOperation, slowSub } from './testing/slow-alu.js';

const names = ['ADD', 'OR', 'ADC', 'SBB', 'AND', 'SUB', 'XOR', 'CMP'];
/** All bytes; of words those near the edges of bytes and signs, and some of the others. */
function step(value: number, size: number): number {
  return size === 8 || ((value + 0x20) & 0x3fff) < 0x40 ? 1 : 13;
}

/** Flags that arithmetic must not touch: TF is left out, since it would trap. */
const OTHERS = 0x0600;

/** Runs one instruction again and again with other operands; the same CPU, since there are many. */
function each(code: readonly number[], size: number) {
  const { cpu, registers } = cpuWith(code);
  const [a, b] = size === 8 ? (['al', 'bl'] as const) : (['ax', 'bx'] as const);
  return (left: number, right: number, flags: number): SlowResult => {
    registers.ip = CODE & 0xffff;
    registers[a] = left;
    registers[b] = right;
    registers.flags = flags;
    cpu.step();
    return { value: registers[a], flags: registers.flags };
  };
}

function expectSame(actual: SlowResult, wanted: SlowResult, before: number, what: string): void {
  const flags = (before & ~FLAGS_ARITHMETIC) | wanted.flags | 0xf002;
  if (actual.value === wanted.value && actual.flags === flags) return;
  const show = ({ value, flags }: SlowResult) => `${value.toString(16)} ${flagNames(flags)}`;
  expect.fail(`${what}: ${show(actual)}, not ${show({ value: wanted.value, flags })}`);
}

describe('arithmetic of the 8086', () => {
  for (const [number, name] of names.entries()) {
    it(`${name} of all pairs of bytes is what adding bit by bit gives`, () => {
      const run = each([number * 8, 0xd8], 8);
      const usesCarry = number === 2 || number === 3;
      for (let a = 0; a < 256; a++) {
        for (let b = 0; b < 256; b++) {
          for (const carry of usesCarry ? [0, CF] : [(a ^ b) & 1]) {
            const before = OTHERS | carry;
            const wanted = slowOperation(number, a, b, carry !== 0, 8);
            expectSame(run(a, b, before), wanted, before, `${name} ${a}, ${b}, carry ${carry}`);
          }
        }
      }
    });

    it(`${name} of words is, too`, () => {
      const run = each([number * 8 + 1, 0xd8], 16);
      const edge = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xff, 0x100, 0xfffe, 0xffff));
      fc.assert(
        fc.property(edge, edge, fc.boolean(), (a, b, carry) => {
          const before = carry ? CF : 0;
          expectSame(run(a, b, before), slowOperation(number, a, b, carry, 16), before, `${name} ${a}, ${b}, ${carry}`);
        }),
        { numRuns: 400 },
      );
    });
  }

  const unaries = [
    { name: 'INC', code8: [0xfe, 0xc0], code16: [0x40], slow: (a: number, size: number) => slowAdd(a, 1, false, size) },
    { name: 'DEC', code8: [0xfe, 0xc8], code16: [0x48], slow: (a: number, size: number) => slowSub(a, 1, false, size) },
  ];
  for (const { name, code8, code16, slow } of unaries) {
    for (const { size, code } of [
      { size: 8, code: code8 },
      { size: 16, code: code16 },
      { size: 16, code: [0xff, code8[1]!] },
    ]) {
      it(`${name} ${code.map((byte) => byte.toString(16)).join(' ')} of values keeps CF`, () => {
        const run = each(code, size);
        for (let a = 0; a < 2 ** size; a += step(a, size)) {
          const before = OTHERS | (a % 3 === 0 ? CF : 0);
          const { value, flags } = slow(a, size);
          expectSame(run(a, 0, before), { value, flags: (flags & ~CF) | (before & CF) }, before, `${name} ${a}`);
        }
      });
    }
  }

  for (const { size, code } of [
    { size: 8, code: [0xf6, 0xd8] },
    { size: 16, code: [0xf7, 0xd8] },
  ]) {
    it(`NEG of values of ${size} bits is a subtraction from zero`, () => {
      const run = each(code, size);
      for (let a = 0; a < 2 ** size; a += step(a, size))
        expectSame(run(a, 0, 0), slowSub(0, a, false, size), 0, `NEG ${a}`);
    });

    it(`NOT of values of ${size} bits changes no flags`, () => {
      const run = each([code[0]!, 0xd0], size);
      for (let a = 0; a < 2 ** size; a += step(a, size)) {
        expect(run(a, 0, 0xed5)).to.deep.equal({ value: 2 ** size - 1 - a, flags: 0xfed7 });
      }
    });
  }

  describe('in all its encodings', () => {
    const forms = [
      { code: (n: number) => [n * 8, 0xd8], what: 'rm8, r8' },
      { code: (n: number) => [n * 8 + 2, 0xc3], what: 'r8, rm8' },
      { code: (n: number) => [n * 8 + 4, 0x35], what: 'AL, imm8' },
      { code: (n: number) => [0x80, 0xc0 + n * 8, 0x35], what: 'rm8, imm8' },
      { code: (n: number) => [0x82, 0xc0 + n * 8, 0x35], what: 'rm8, imm8 (alias 82)' },
    ];
    for (const { code, what } of forms) {
      it(`${what}: AL = 0xC7 with 0x35`, () => {
        for (const [number, name] of names.entries()) {
          const { registers } = execute(code(number), { al: 0xc7, bl: 0x35, flags: CF });
          const wanted = slowOperation(number, 0xc7, 0x35, true, 8);
          expect(registers.al, name).to.equal(wanted.value);
          expect(registers.flags & FLAGS_ARITHMETIC, name).to.equal(wanted.flags);
          expect(registers.ip, name).to.equal(0x100 + code(number).length);
        }
      });
    }

    const wordForms = [
      { code: (n: number) => [n * 8 + 1, 0xd8], what: 'rm16, r16', operand: 0xff85 },
      { code: (n: number) => [n * 8 + 3, 0xc3], what: 'r16, rm16', operand: 0xff85 },
      { code: (n: number) => [n * 8 + 5, 0x85, 0xff], what: 'AX, imm16', operand: 0xff85 },
      { code: (n: number) => [0x81, 0xc0 + n * 8, 0x85, 0xff], what: 'rm16, imm16', operand: 0xff85 },
      { code: (n: number) => [0x83, 0xc0 + n * 8, 0x85], what: 'rm16, imm8 with its sign', operand: 0xff85 },
    ];
    for (const { code, what, operand } of wordForms) {
      it(`${what}: AX = 0x1234 with 0xFF85`, () => {
        for (const [number, name] of names.entries()) {
          const { registers } = execute(code(number), { ax: 0x1234, bx: operand, flags: CF });
          const wanted = slowOperation(number, 0x1234, operand, true, 16);
          expect(registers.ax, name).to.equal(wanted.value);
          expect(registers.flags & FLAGS_ARITHMETIC, name).to.equal(wanted.flags);
          expect(registers.ip, name).to.equal(0x100 + code(number).length);
        }
      });
    }
  });
});
