import { expect } from 'chai';
import fc from 'fast-check';
import { AF, CF, FLAGS_ARITHMETIC, OF, SF, ZF } from '../flags.js';
import type { Registers } from '../registers.js';
import { CODE, cpuWith, execute, flagNames, STACK, setVector, wordAt } from '../testing/cpu-with.js';
import { slowAdd, slowDivide, slowDivideSigned } from '../testing/slow-alu.js';

const word = fc.oneof(
  fc.nat(0xffff),
  fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff),
);
const signed = (value: number, bits: number) => BigInt.asIntN(bits, BigInt(value));

/** The product in two's complement, halves apart. */
function halves(product: bigint, bits: number): { high: number; low: number } {
  const whole = BigInt.asUintN(2 * bits, product);
  return { high: Number(whole >> BigInt(bits)), low: Number(BigInt.asUintN(bits, whole)) };
}

/** Flags after MUL: those of the high half, passed through the ALU. */
function mulFlags(high: number, bits: number): number {
  const { flags } = slowAdd(high, 0, false, bits);
  return flags | (high === 0 ? 0 : CF | OF);
}

/** Flags after IMUL: those of the high half with the sign of the low half added. */
function imulFlags(high: number, low: number, bits: number): number {
  const { value, flags } = slowAdd(high, 0, low >= 2 ** (bits - 1), bits);
  return (flags & ~(CF | OF)) | (value === 0 ? 0 : CF | OF);
}

describe('multiplication of the 8086', () => {
  for (const repeated of [false, true]) {
    const prefix = repeated ? [0xf3] : [];
    const sign = repeated ? -1n : 1n;
    const what = repeated ? ', with REP its negative' : '';

    it(`MUL and IMUL of all bytes${what}`, () => {
      const mul = cpuWith([...prefix, 0xf6, 0xe3]);
      const imul = cpuWith([...prefix, 0xf6, 0xeb]);
      for (let a = 0; a < 256; a++) {
        for (let b = 0; b < 256; b += repeated ? 5 : 1) {
          for (const { cpu, registers, isSigned } of [
            { ...mul, isSigned: false },
            { ...imul, isSigned: true },
          ]) {
            Object.assign(registers, { ip: CODE & 0xffff, ax: 0x5500 | a, bl: b, flags: b & 1 ? FLAGS_ARITHMETIC : 0 });
            cpu.step();
            const product = isSigned ? signed(a, 8) * signed(b, 8) : BigInt(a * b);
            const { high, low } = halves(sign * product, 8);
            const flags = isSigned ? imulFlags(high, low, 8) : mulFlags(high, 8);
            if (registers.ax !== high * 256 + low || (registers.flags & FLAGS_ARITHMETIC) !== flags) {
              expect.fail(`${a} * ${b}: ${registers.ax.toString(16)} ${flagNames(registers.flags)}`);
            }
          }
        }
      }
    });

    it(`MUL and IMUL of words${what}`, () => {
      fc.assert(
        fc.property(word, word, (a, b) => {
          for (const isSigned of [false, true]) {
            const { registers } = execute([...prefix, 0xf7, isSigned ? 0xeb : 0xe3], { ax: a, bx: b, dx: 0xaaaa });
            const product = isSigned ? signed(a, 16) * signed(b, 16) : BigInt(a) * BigInt(b);
            const { high, low } = halves(sign * product, 16);
            expect([registers.dx, registers.ax]).to.deep.equal([high, low]);
            const flags = isSigned ? imulFlags(high, low, 16) : mulFlags(high, 16);
            expect(flagNames(registers.flags & FLAGS_ARITHMETIC)).to.equal(flagNames(flags));
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('CF and OF say that the product needs the high half', () => {
    const cases: [code: number[], registers: Partial<Registers>, set: boolean][] = [
      [[0xf6, 0xe3], { al: 15, bl: 17 }, false],
      [[0xf6, 0xe3], { al: 16, bl: 16 }, true],
      [[0xf6, 0xeb], { al: 0xff, bl: 0x80 }, true],
      [[0xf6, 0xeb], { al: 0xff, bl: 0x7f }, false],
      [[0xf7, 0xeb], { ax: 0xffff, bx: 0xffff }, false],
      [[0xf7, 0xe3], { ax: 0xffff, bx: 0xffff }, true],
    ];
    for (const [code, registers, set] of cases) {
      expect(execute(code, registers).registers.flags & (CF | OF)).to.equal(set ? CF | OF : 0);
    }
  });
});

describe('division of the 8086', () => {
  /** What the CPU does with a division: its results, or the divide error with the flags it has pushed. */
  function divide(code: readonly number[], registers: Partial<Registers>) {
    const test = cpuWith(code, registers);
    setVector(test.bytes, 0, 0x5000, 0x10);
    test.cpu.step();
    const { cs, ip, sp, flags } = test.registers;
    if (cs !== 0x5000) return { registers: test.registers, flags: flags & FLAGS_ARITHMETIC };
    expect(ip).to.equal(0x10);
    expect(wordAt(test.bytes, STACK + sp), 'returns behind the instruction').to.equal(0x100 + code.length);
    return { errorFlags: wordAt(test.bytes, STACK + sp + 4) & FLAGS_ARITHMETIC };
  }

  for (const isSigned of [false, true]) {
    for (const repeated of [false, true]) {
      const name = `${repeated ? 'REP ' : ''}${isSigned ? 'IDIV' : 'DIV'}`;
      const prefix = repeated ? [0xf2] : [];

      for (const size of [8, 16]) {
        const limit = 2 ** size - 1;
        const part = fc.oneof(
          fc.nat(limit),
          fc.nat(3),
          fc.constantFrom(limit, limit - 1, (limit + 1) / 2, (limit - 1) / 2),
        );

        it(`${name} of ${size} bits does what the microcode does`, () => {
          const code = [...prefix, size === 8 ? 0xf6 : 0xf7, isSigned ? 0xfb : 0xf3];
          let errors = 0;
          const check = (high: number, low: number, divisor: number) => {
            const operands =
              size === 8 ? { ah: high, al: low, bl: divisor } : { dx: high, ax: low, bx: divisor, flags: 0 };
            const actual = divide(code, operands);
            const wanted = isSigned
              ? slowDivideSigned(high, low, divisor, size, repeated)
              : slowDivide(high, low, divisor, size);
            if ('errorFlags' in wanted) {
              errors++;
              expect(flagNames(actual.errorFlags!)).to.equal(flagNames(wanted.errorFlags));
              return;
            }
            const { registers, flags } = actual;
            const [quotient, remainder] = size === 8 ? [registers!.al, registers!.ah] : [registers!.ax, registers!.dx];
            expect([quotient, remainder]).to.deep.equal([wanted.value, wanted.remainder]);
            expect(flagNames(flags!)).to.equal(flagNames(wanted.flags));
            checkQuotient(high, low, divisor, quotient, remainder);
          };
          const checkQuotient = (high: number, low: number, divisor: number, quotient: number, remainder: number) => {
            const whole = BigInt(high) * BigInt(2 ** size) + BigInt(low);
            const dividend = isSigned ? BigInt.asIntN(2 * size, whole) : whole;
            const by = isSigned ? signed(divisor, size) : BigInt(divisor);
            const sign = repeated && isSigned ? -1n : 1n;
            expect(BigInt.asUintN(size, (sign * dividend) / by)).to.equal(BigInt(quotient));
            expect(BigInt.asUintN(size, dividend % by)).to.equal(BigInt(remainder));
          };
          fc.assert(fc.property(part, part, part, check), { numRuns: 500 });
          expect(errors).to.be.within(50, 450);
        });
      }
    }
  }

  const table = [
    { what: 'DIV by zero', code: [0xf6, 0xf3], registers: { ax: 5, bl: 0 } },
    { what: 'DIV whose quotient needs nine bits', code: [0xf6, 0xf3], registers: { ax: 0x100, bl: 1 } },
    { what: 'IDIV whose quotient is 128', code: [0xf6, 0xfb], registers: { ax: 128, bl: 1 } },
    {
      what: 'IDIV whose quotient is -128, which later processors allow',
      code: [0xf6, 0xfb],
      registers: { ax: 0xff80, bl: 1 },
    },
    {
      what: 'IDIV of words whose quotient is -32768',
      code: [0xf7, 0xfb],
      registers: { dx: 0xffff, ax: 0x8000, bx: 1 },
    },
  ];
  for (const { what, code, registers } of table) {
    it(`${what} is a divide error, and changes no register`, () => {
      const test = execute(code, { ...registers, dx: 0xffff });
      expect(test.registers.cs).to.equal(0);
      for (const [name, value] of Object.entries({ ...registers, dx: 0xffff })) {
        expect(test.registers[name as keyof Registers], name).to.equal(value);
      }
    });
  }

  it('the remainder has the sign of the dividend', () => {
    const { registers } = execute([0xf6, 0xfb], { ax: 0xfff9, bl: 2 });
    expect([registers.al, registers.ah]).to.deep.equal([0xfd, 0xff]);
  });

  // Results that SingleStepTests' author has published of an 8088 (issues 4 and 5 of SingleStepTests/8088).
  it('an 8088 has divided 0xE962 by 0x62 with REP into this', () => {
    const { registers } = execute([0xf3, 0xf6, 0xf8], { ax: 0xe962, flags: 0xf087 });
    expect([registers.ax, registers.flags]).to.deep.equal([0xf83b, 0xf002]);
  });

  it('an 8088 has multiplied 0xAF by 0x25 into this', () => {
    const { registers } = execute([0xf6, 0xe3], { ax: 0x6eaf, bl: 0x25, flags: 0xfc56 });
    expect([registers.ax, registers.flags]).to.deep.equal([0x194b, 0xfc03]);
  });

  it('flags of an exact quotient are those of the last comparison', () => {
    const { registers } = execute([0xf6, 0xf3], { ax: 100, bl: 10 });
    expect(registers.ax).to.equal(0x000a);
    // 0 - 10 borrowed; CF is the inverse of the quotient's top bit.
    expect(registers.flags & (SF | ZF | AF | CF)).to.equal(SF | AF | CF);
  });
});
