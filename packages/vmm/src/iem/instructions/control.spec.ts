import { expect } from 'chai';
import { AF, CF, DF, IF, OF, PF, SF, ZF } from '../flags.js';
import { CODE, cpuWith, execute, STACK, setVector, setWordAt, wordAt } from '../testing/cpu-with.js';

describe('jumps of the 8086', () => {
  // Manual, "Interpretation of Conditional Transfers".
  const is = (mask: number) => (flags: number) => (flags & mask) !== 0;
  const differ = (flags: number) => is(SF)(flags) !== is(OF)(flags);
  const conditions: readonly [name: string, holds: (flags: number) => boolean][] = [
    ['JO', is(OF)],
    ['JNO', (f) => !is(OF)(f)],
    ['JB', is(CF)],
    ['JAE', (f) => !is(CF)(f)],
    ['JE', is(ZF)],
    ['JNE', (f) => !is(ZF)(f)],
    ['JBE', (f) => is(CF)(f) || is(ZF)(f)],
    ['JA', (f) => !is(CF)(f) && !is(ZF)(f)],
    ['JS', is(SF)],
    ['JNS', (f) => !is(SF)(f)],
    ['JP', is(PF)],
    ['JNP', (f) => !is(PF)(f)],
    ['JL', differ],
    ['JGE', (f) => !differ(f)],
    ['JLE', (f) => is(ZF)(f) || differ(f)],
    ['JG', (f) => !is(ZF)(f) && !differ(f)],
  ];
  for (const [i, [name, holds]] of conditions.entries()) {
    for (const opcode of [0x70 + i, 0x60 + i]) {
      it(`${name} as ${opcode.toString(16)}, of all flags`, () => {
        const { cpu, registers } = cpuWith([opcode, 0xf0]);
        for (let bits = 0; bits < 64; bits++) {
          const flags = [CF, PF, AF, ZF, SF, OF].reduce((sum, flag, n) => sum | ((bits >> n) & 1 ? flag : 0), DF);
          Object.assign(registers, { ip: CODE & 0xffff, flags });
          cpu.step();
          expect(registers.ip).to.equal(holds(flags) ? 0x0f2 : 0x102);
        }
      });
    }
  }

  const loops: readonly [name: string, opcode: number, cx: number, flags: number, taken: boolean][] = [
    ['LOOP', 0xe2, 2, 0, true],
    ['LOOP at 1', 0xe2, 1, 0, false],
    ['LOOP at 0 wraps', 0xe2, 0, 0, true],
    ['LOOPE', 0xe1, 2, ZF, true],
    ['LOOPE without ZF', 0xe1, 2, 0, false],
    ['LOOPE at 1', 0xe1, 1, ZF, false],
    ['LOOPNE', 0xe0, 2, 0, true],
    ['LOOPNE with ZF', 0xe0, 2, ZF, false],
    ['LOOPNE at 1', 0xe0, 1, 0, false],
  ];
  for (const [name, opcode, cx, flags, taken] of loops) {
    it(name, () => {
      const { registers } = execute([opcode, 0x10], { cx, flags });
      expect(registers.cx).to.equal((cx - 1) & 0xffff);
      expect(registers.ip).to.equal(taken ? 0x112 : 0x102);
      expect(registers.flags & ZF).to.equal(flags);
    });
  }

  it('JCXZ', () => {
    expect(execute([0xe3, 0x10], { cx: 0 }).registers.ip).to.equal(0x112);
    expect(execute([0xe3, 0x10], { cx: 0x100 }).registers.ip).to.equal(0x102);
  });

  const jumps: readonly [name: string, code: number[], cs: number, ip: number][] = [
    ['JMP short back', [0xeb, 0x80], 0x1000, 0x0082],
    ['JMP near wraps', [0xe9, 0x00, 0xff], 0x1000, 0x0003],
    ['JMP far', [0xea, 0x78, 0x56, 0x34, 0x12], 0x1234, 0x5678],
    ['JMP reg', [0xff, 0xe3], 0x1000, 0x4321],
  ];
  for (const [name, code, cs, ip] of jumps) {
    it(name, () => {
      const { registers } = execute(code, { bx: 0x4321 });
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([cs, ip, 0x800]);
    });
  }

  it('JMP and CALL through memory', () => {
    for (const [modrm, cs, stack] of [
      [0x27, 0x1000, []],
      [0x2f, 0x5678, []],
      [0x17, 0x1000, [0x102]],
      [0x1f, 0x5678, [0x102, 0x1000]],
    ] as const) {
      const { cpu, registers, bytes } = cpuWith([0xff, modrm], { bx: 0x10 });
      setWordAt(bytes, 0x2_0010, 0x1234);
      setWordAt(bytes, 0x2_0012, 0x5678);
      cpu.step();
      expect([registers.cs, registers.ip]).to.deep.equal([cs, 0x1234]);
      expect(registers.sp).to.equal(0x800 - 2 * stack.length);
      expect(stack.map((_, i) => wordAt(bytes, STACK + registers.sp + 2 * i))).to.deep.equal(stack);
    }
  });

  const calls: readonly [name: string, call: number[], ret: number[], sp: number][] = [
    ['CALL near, RET', [0xe8, 0x00, 0x10], [0xc3], 0x800],
    ['CALL near, RET as C1', [0xe8, 0x00, 0x10], [0xc1], 0x800],
    ['CALL near, RET 4', [0xe8, 0x00, 0x10], [0xc2, 0x04, 0x00], 0x804],
    ['CALL near, RET 4 as C0', [0xe8, 0x00, 0x10], [0xc0, 0x04, 0x00], 0x804],
    ['CALL far, RETF', [0x9a, 0x03, 0x11, 0x00, 0x10], [0xcb], 0x800],
    ['CALL far, RETF as C9', [0x9a, 0x03, 0x11, 0x00, 0x10], [0xc9], 0x800],
    ['CALL far, RETF 4', [0x9a, 0x03, 0x11, 0x00, 0x10], [0xca, 0x04, 0x00], 0x804],
    ['CALL far, RETF 4 as C8', [0x9a, 0x03, 0x11, 0x00, 0x10], [0xc8, 0x04, 0x00], 0x804],
  ];
  for (const [name, call, ret, sp] of calls) {
    it(`${name} come back`, () => {
      const { cpu, registers, bytes } = cpuWith(call);
      bytes.set(ret, 0x1_1103);
      cpu.step();
      expect([registers.cs, registers.ip]).to.deep.equal([0x1000, 0x1103]);
      cpu.step();
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0x1000, 0x100 + call.length, sp]);
    });
  }
});

describe('software interrupts of the 8086', () => {
  const cases: readonly [name: string, code: number[], vector: number, flags: number][] = [
    ['INT 21', [0xcd, 0x21], 0x21, 0],
    ['INT FF', [0xcd, 0xff], 0xff, 0],
    ['INT3', [0xcc], 3, 0],
    ['INTO with OF', [0xce], 4, OF],
  ];
  for (const [name, code, vector, flags] of cases) {
    it(`${name} pushes flags, CS and IP, clears IF, and IRET undoes it`, () => {
      const { cpu, registers, bytes } = cpuWith(code, { flags: flags | IF | CF });
      setVector(bytes, vector, 0x5000, 0x0010);
      bytes[0x5_0010] = 0xcf;
      cpu.step();
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0x5000, 0x0010, 0x7fa]);
      expect(registers.flags).to.equal(0xf002 | flags | CF);
      expect([0, 2, 4].map((i) => wordAt(bytes, STACK + 0x7fa + i))).to.deep.equal([
        0x100 + code.length,
        0x1000,
        0xf002 | flags | IF | CF,
      ]);
      cpu.step();
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0x1000, 0x100 + code.length, 0x800]);
      expect(registers.flags).to.equal(0xf002 | flags | IF | CF);
    });
  }

  it('INTO without OF goes on', () => {
    expect(execute([0xce]).registers.ip).to.equal(0x101);
  });
});

describe('flag instructions of the 8086', () => {
  const cases: readonly [name: string, opcode: number, before: number, after: number][] = [
    ['CLC', 0xf8, CF, 0],
    ['STC', 0xf9, 0, CF],
    ['CMC', 0xf5, 0, CF],
    ['CMC', 0xf5, CF, 0],
    ['CLI', 0xfa, IF, 0],
    ['STI', 0xfb, 0, IF],
    ['CLD', 0xfc, DF, 0],
    ['STD', 0xfd, 0, DF],
  ];
  for (const [name, opcode, before, after] of cases) {
    it(`${name} of ${before}`, () => {
      for (const others of [0, AF | ZF | SF | PF | OF]) {
        expect(execute([opcode], { flags: before | others }).registers.flags).to.equal(0xf002 | after | others);
      }
    });
  }
});
