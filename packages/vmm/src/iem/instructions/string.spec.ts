import { expect } from 'chai';
import fc from 'fast-check';
import type { Cpu8086Options } from '../cpu.js';
import { CF, DF, IF, TF, ZF } from '../flags.js';
import { type Registers, registerNames } from '../registers.js';
import { cpuWith, DATA, EXTRA, execute, STACK, setVector, type TestCpu, wordAt } from '../testing/cpu-with.js';

const start: Partial<Registers> = { si: 0x100, di: 0x200, cx: 4, ax: 0x1234 };

function withData(code: readonly number[], registers: Partial<Registers> = {}, options?: Cpu8086Options): TestCpu {
  const test = cpuWith(code, { ...start, ...registers }, options);
  for (let i = 0; i < 0x400; i++) {
    test.bytes[DATA + i] = i & 0xff;
    test.bytes[EXTRA + i] = (i * 3) & 0xff;
    test.bytes[STACK + 0x1000 + i] = (i * 7) & 0xff;
  }
  return test;
}

function finish(test: TestCpu): number {
  let steps = 0;
  do {
    test.cpu.step();
    steps++;
  } while (test.cpu.midInstruction);
  return steps;
}

describe('string instructions of the 8086', () => {
  // What moves by one or two, and which of AL, AX and memory changes.
  const single: readonly [name: string, opcode: number, si: number, di: number][] = [
    ['MOVSB', 0xa4, 1, 1],
    ['MOVSW', 0xa5, 2, 2],
    ['CMPSB', 0xa6, 1, 1],
    ['CMPSW', 0xa7, 2, 2],
    ['STOSB', 0xaa, 0, 1],
    ['STOSW', 0xab, 0, 2],
    ['LODSB', 0xac, 1, 0],
    ['LODSW', 0xad, 2, 0],
    ['SCASB', 0xae, 0, 1],
    ['SCASW', 0xaf, 0, 2],
  ];
  for (const [name, opcode, si, di] of single) {
    it(`${name} moves SI by ${si} and DI by ${di}, back with DF, and leaves CX`, () => {
      for (const [flags, sign] of [
        [0, 1],
        [DF, -1],
      ] as const) {
        const test = withData([opcode], { flags });
        expect(finish(test)).to.equal(1);
        const { registers } = test;
        expect([registers.si, registers.di, registers.cx]).to.deep.equal([0x100 + sign * si, 0x200 + sign * di, 4]);
      }
      const { registers } = execute([opcode], { si: 0xffff, di: 0xffff });
      expect([registers.si, registers.di]).to.deep.equal([(0xffff + si) & 0xffff, (0xffff + di) & 0xffff]);
    });
  }

  it('MOVS, STOS and LODS move what they say', () => {
    const movs = withData([0xa5]);
    finish(movs);
    expect(wordAt(movs.bytes, EXTRA + 0x200)).to.equal(0x0100);
    const stos = withData([0xab]);
    finish(stos);
    expect(wordAt(stos.bytes, EXTRA + 0x200)).to.equal(0x1234);
    const lods = withData([0xad], { si: 0x110 });
    finish(lods);
    expect(lods.registers.ax).to.equal(0x1110);
  });

  it('CMPS subtracts the destination from the source, SCAS from the accumulator', () => {
    const cmps = withData([0xa6], { si: 0, di: 1 });
    finish(cmps);
    expect(cmps.registers.flags & (CF | ZF)).to.equal(CF);
    const scas = withData([0xae], { al: 3, di: 1 });
    finish(scas);
    expect(scas.registers.flags & (CF | ZF)).to.equal(ZF);
  });

  it('the source can be overridden, the destination cannot', () => {
    const movs = withData([0x36, 0xa4], { si: 0x1005 });
    finish(movs);
    expect(movs.bytes[EXTRA + 0x200]).to.equal(35);
    const stos = withData([0x36, 0xaa]);
    finish(stos);
    expect(stos.bytes[EXTRA + 0x200]).to.equal(0x34);
  });

  describe('repeated', () => {
    it('with CX = 0 does nothing, flags included', () => {
      for (const [, opcode] of single) {
        const test = withData([0xf3, opcode], { cx: 0, flags: ZF });
        expect(finish(test)).to.equal(1);
        const { si, di, cx, ip, flags } = test.registers;
        expect([si, di, cx, ip, flags]).to.deep.equal([0x100, 0x200, 0, 0x102, 0xf042]);
      }
    });

    it('one step is one iteration', () => {
      const test = withData([0xf3, 0xa4], { cx: 5 });
      expect(finish(test)).to.equal(5);
      expect([...test.bytes.subarray(EXTRA + 0x200, EXTRA + 0x206)]).to.deep.equal([0, 1, 2, 3, 4, 15]);
      expect([test.registers.cx, test.registers.ip]).to.deep.equal([0, 0x102]);
    });

    it('MOVS, STOS and LODS take both prefixes for REP', () => {
      for (const opcode of [0xa4, 0xaa, 0xac]) {
        for (const flags of [0, ZF]) {
          for (const prefix of [0xf2, 0xf3]) {
            const test = withData([prefix, opcode], { flags });
            finish(test);
            expect(test.registers.cx).to.equal(0);
          }
        }
      }
    });

    const searches: readonly [what: string, prefix: number, data: number[], cx: number, zf: number][] = [
      ['REPE SCASB ends at the first other byte', 0xf3, [7, 7, 8, 7], 1, 0],
      ['REPNE SCASB ends at the first such byte', 0xf2, [1, 2, 7, 7], 1, ZF],
      ['REPE SCASB through all', 0xf3, [7, 7, 7, 7], 0, ZF],
      ['REPNE SCASB through all', 0xf2, [1, 2, 3, 4], 0, 0],
    ];
    for (const [what, prefix, data, cx, zf] of searches) {
      it(what, () => {
        const test = withData([prefix, 0xae], { al: 7 });
        test.bytes.set(data, EXTRA + 0x200);
        finish(test);
        expect([test.registers.cx, test.registers.flags & ZF, test.registers.di]).to.deep.equal([cx, zf, 0x204 - cx]);
      });
    }
  });

  describe('interrupted between iterations', () => {
    /** All of the machine that a program can see, apart from what the interrupts themselves have used. */
    const result = ({ registers, bytes }: TestCpu) => ({
      registers: registerNames.map((name) => [name, registers[name]]),
      data: [bytes.slice(DATA, DATA + 0x400), bytes.slice(EXTRA, EXTRA + 0x400)],
    });

    /** Runs to the end, with an interrupt before the given steps; `fill` is for comparisons that must go on. */
    function run(
      code: readonly number[],
      registers: Partial<Registers>,
      at: ReadonlySet<number>,
      keep = false,
      fill?: number,
    ) {
      const test = withData(
        [...code, 0xf4],
        { ...registers, flags: (registers.flags ?? 0) | IF },
        {
          acknowledge: () => 0x40,
          interruptedRepeat: keep ? 'allPrefixes' : 'lastPrefix',
        },
      );
      setVector(test.bytes, 0x40, 0x5000, 0);
      test.bytes[0x5_0000] = 0xcf;
      if (fill !== undefined) {
        test.bytes.fill(0, DATA, DATA + 0x400);
        test.bytes.fill(fill, EXTRA, EXTRA + 0x400);
      }
      let taken = 0;
      for (let step = 0; !test.cpu.halted; step++) {
        if (at.has(step)) {
          test.cpu.interruptLine = true;
          test.cpu.step();
          test.cpu.interruptLine = false;
          taken += test.registers.cs === 0x5000 ? 1 : 0;
          test.cpu.step();
        }
        test.cpu.step();
        if (step > 1000) expect.fail('does not end');
      }
      return { ...result(test), taken };
    }

    for (const [name, opcode] of single) {
      it(`REP ${name} does what it does uninterrupted, at every iteration`, () => {
        const registers = { cx: 9, ax: 0, si: 0x100, di: 0x200 };
        const compares = name.startsWith('CMPS') || name.startsWith('SCAS');
        for (const prefix of [0xf2, 0xf3]) {
          const fill = compares ? (prefix === 0xf2 ? 1 : 0) : undefined;
          const code = [prefix, opcode];
          const whole = run(code, registers, new Set(), false, fill);
          expect(whole.registers).to.deep.include(['cx', 0]);
          for (let i = 0; i < 9; i++) {
            const { taken, ...interrupted } = run(code, registers, new Set([i]), false, fill);
            expect(taken).to.equal(1);
            expect({ ...interrupted, taken: 0 }).to.deep.equal(whole);
          }
          const every = new Set(Array.from({ length: 9 }, (_, i) => i));
          const { taken, ...interrupted } = run(code, registers, every, false, fill);
          expect(taken).to.equal(9);
          expect({ ...interrupted, taken: 0 }).to.deep.equal(whole);
        }
      });
    }

    it('later processors keep all prefixes: any set of interrupts changes nothing', () => {
      fc.assert(
        fc.property(fc.uniqueArray(fc.nat(20)), fc.constantFrom([0xf3, 0x36], [0x36, 0xf3]), (at, prefixes) => {
          const registers = { cx: 16, si: 0x1000, di: 0x200 };
          const whole = run([...prefixes, 0xa4], registers, new Set(), true);
          const { taken, ...interrupted } = run([...prefixes, 0xa4], registers, new Set(at), true);
          expect(taken).to.equal(at.filter((step) => step < 17).length);
          expect({ ...interrupted, taken: 0 }).to.deep.equal(whole);
        }),
        { numRuns: 40 },
      );
    });

    const lost: readonly [what: string, code: number[], cx: number, moved: number[]][] = [
      ['REP SS: MOVSB goes on as SS: MOVSB, once', [0xf3, 0x36, 0xa4], 3, [0, 7]],
      ['SS: REP MOVSB goes on as REP MOVSB, from DS', [0x36, 0xf3, 0xa4], 0, [0, 0xee, 0xee, 0xee]],
    ];
    for (const [what, code, cx, moved] of lost) {
      it(`the 8086 forgets all prefixes but the last: ${what}`, () => {
        const test = withData(code, { si: 0x1000, flags: IF }, { acknowledge: () => 0x40 });
        setVector(test.bytes, 0x40, 0x5000, 0);
        test.bytes[0x5_0000] = 0xcf;
        test.bytes.fill(0xee, DATA + 0x1000, DATA + 0x1010);
        test.cpu.step();
        test.cpu.interruptLine = true;
        test.cpu.step();
        test.cpu.interruptLine = false;
        expect(wordAt(test.bytes, STACK + test.registers.sp), 'return address').to.equal(0x101);
        test.cpu.step();
        finish(test);
        expect([test.registers.cx, test.registers.ip]).to.deep.equal([cx, 0x103]);
        expect([...test.bytes.subarray(EXTRA + 0x200, EXTRA + 0x200 + moved.length)]).to.deep.equal(moved);
      });
    }

    for (const interruptedRepeat of ['lastPrefix', 'allPrefixes'] as const) {
      it(`returns to a prefix at the end of the segment (${interruptedRepeat})`, () => {
        const test = withData([], { ip: 0xffff, flags: IF }, { acknowledge: () => 0x40, interruptedRepeat });
        test.bytes[0x1_ffff] = 0xf3;
        test.bytes[0x1_0000] = 0xa4;
        test.cpu.step();
        test.cpu.interruptLine = true;
        test.cpu.step();
        expect(wordAt(test.bytes, STACK + test.registers.sp)).to.equal(0xffff);
        const { ip, prefixIp } = test.cpu.saveState();
        expect([ip, prefixIp]).to.deep.equal([0, 0xffff]);
      });
    }

    it('TF stops after each iteration', () => {
      const test = withData([0xf3, 0xa4], { cx: 3, flags: TF });
      setVector(test.bytes, 1, 0x5000, 0);
      test.bytes[0x5_0000] = 0xcf;
      const counts: number[] = [];
      for (let i = 0; i < 3; i++) {
        test.cpu.step();
        test.cpu.step();
        expect(test.registers.cs).to.equal(0x5000);
        counts.push(test.registers.cx, wordAt(test.bytes, STACK + test.registers.sp));
        test.cpu.step();
      }
      expect(counts).to.deep.equal([2, 0x100, 1, 0x100, 0, 0x102]);
    });
  });
});
