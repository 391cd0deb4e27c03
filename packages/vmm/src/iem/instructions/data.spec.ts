import { expect } from 'chai';
import type { RegisterName, Registers } from '../registers.js';
import { CODE, cpuWith, DATA, EXTRA, execute, STACK, setWordAt, wordAt } from '../testing/cpu-with.js';

const words = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const bytes = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'] as const;

describe('operands of the 8086', () => {
  // Manual, "Use of MOD, REG and R/M": which registers and which segment.
  const registers = { bx: 0x0100, bp: 0x0200, si: 0x0030, di: 0x0004 };
  const modes: readonly [rm: number, offset: number, segment: number][] = [
    [0, 0x0130, DATA],
    [1, 0x0104, DATA],
    [2, 0x0230, STACK],
    [3, 0x0204, STACK],
    [4, 0x0030, DATA],
    [5, 0x0004, DATA],
    [6, 0x0200, STACK],
    [7, 0x0100, DATA],
  ];
  for (const [rm, offset, segment] of modes) {
    const forms = [
      { modrm: rm, tail: [], displacement: 0 },
      { modrm: 0x40 | rm, tail: [0x7f], displacement: 0x7f },
      { modrm: 0x40 | rm, tail: [0xff], displacement: -1 },
      { modrm: 0x80 | rm, tail: [0x34, 0x12], displacement: 0x1234 },
      { modrm: 0x80 | rm, tail: [0x00, 0xff], displacement: -0x100 },
    ];
    for (const { modrm, tail, displacement } of forms) {
      if (modrm === 6) continue;
      it(`modrm ${modrm.toString(16)} with ${displacement}`, () => {
        const { cpu, registers: r, bytes } = cpuWith([0x8a, modrm, ...tail], registers);
        bytes[segment + ((offset + displacement) & 0xffff)] = 0xa5;
        cpu.step();
        expect(r.al).to.equal(0xa5);
        expect(r.ip).to.equal(0x102 + tail.length);
      });
    }
  }

  it('modrm 6 is an address without registers, in DS', () => {
    const { cpu, registers: r, bytes } = cpuWith([0x8a, 0x06, 0x34, 0x12], registers);
    bytes[DATA + 0x1234] = 0xa5;
    cpu.step();
    expect(r.al).to.equal(0xa5);
  });

  it('offsets wrap within the segment', () => {
    const { cpu, registers: r, bytes } = cpuWith([0x8a, 0x00], { bx: 0xfff0, si: 0x0020 });
    bytes[DATA + 0x10] = 0xa5;
    cpu.step();
    expect(r.al).to.equal(0xa5);
  });

  it('a word at offset 0xFFFF has its high byte at offset 0', () => {
    const { cpu, bytes } = cpuWith([0x89, 0x07], { bx: 0xffff, ax: 0x1234 });
    cpu.step();
    expect([bytes[DATA + 0xffff], bytes[DATA], bytes[DATA + 0x1_0000]]).to.deep.equal([0x34, 0x12, 0]);
  });

  it('addresses wrap at 1 MiB', () => {
    const { cpu, registers: r, bytes } = cpuWith([0x8a, 0x07], { ds: 0xffff, bx: 0x0010 });
    bytes[0] = 0xa5;
    cpu.step();
    expect(r.al).to.equal(0xa5);
  });

  it('code is fetched with IP wrapping', () => {
    const { cpu, registers: r, bytes } = cpuWith([], { ip: 0xffff });
    bytes[0x1_ffff] = 0xb8;
    bytes.set([0x34, 0x12], 0x1_0000);
    cpu.step();
    expect([r.ax, r.ip]).to.deep.equal([0x1234, 0x0002]);
  });

  for (const [prefix, segment] of [
    [0x26, EXTRA],
    [0x2e, CODE - 0x100],
    [0x36, STACK],
    [0x3e, DATA],
  ] as const) {
    it(`prefix ${prefix.toString(16)} chooses the segment, once`, () => {
      const code = [prefix, 0x8a, 0x07, 0x8a, 0x27];
      const { cpu, registers: r, bytes } = cpuWith(code, { bx: 0x4000 });
      bytes[DATA + 0x4000] = 0x11;
      bytes[segment + 0x4000] = 0xa5;
      cpu.step();
      expect(r.al).to.equal(0xa5);
      cpu.step();
      expect(r.ah).to.equal(bytes[DATA + 0x4000]);
    });
  }

  it('of several prefixes for segments the last counts', () => {
    const { cpu, registers: r, bytes } = cpuWith([0x26, 0xf0, 0x36, 0xf1, 0x8a, 0x07], { bx: 0x4000 });
    bytes[STACK + 0x4000] = 0xa5;
    cpu.step();
    expect([r.al, r.ip]).to.deep.equal([0xa5, 0x106]);
  });
});

describe('data transfer of the 8086', () => {
  it('MOV reg, reg for every pair, in both directions and sizes', () => {
    for (let to = 0; to < 8; to++) {
      for (let from = 0; from < 8; from++) {
        const cases: readonly [opcode: number, modrm: number, names: readonly (keyof Registers)[]][] = [
          [0x88, 0xc0 | (from << 3) | to, bytes],
          [0x8a, 0xc0 | (to << 3) | from, bytes],
          [0x89, 0xc0 | (from << 3) | to, words],
          [0x8b, 0xc0 | (to << 3) | from, words],
        ];
        for (const [opcode, modrm, names] of cases) {
          const { registers } = execute([opcode, modrm], { [names[to]!]: 0x11, [names[from]!]: 0x5a });
          expect(registers[names[to]!]).to.equal(0x5a);
        }
      }
    }
  });

  it('MOV reg, immediate', () => {
    for (let i = 0; i < 8; i++) {
      expect(execute([0xb0 + i, 0x5a]).registers[bytes[i]!]).to.equal(0x5a);
      expect(execute([0xb8 + i, 0x5a, 0xa5]).registers[words[i]!]).to.equal(0xa55a);
    }
  });

  it('MOV memory, immediate looks at no reg field', () => {
    for (const reg of [0, 3, 7]) {
      const byte = execute([0xc6, 0x47 | (reg << 3), 0x02, 0x5a], { bx: 0x10 });
      expect(byte.bytes[DATA + 0x12]).to.equal(0x5a);
      const word = execute([0xc7, 0x07 | (reg << 3), 0x5a, 0xa5], { bx: 0x10 });
      expect(wordAt(word.bytes, DATA + 0x10)).to.equal(0xa55a);
    }
  });

  it('MOV between accumulator and address, with a segment prefix', () => {
    const { bytes } = execute([0x26, 0xa3, 0x34, 0x12], { ax: 0xbeef });
    expect(wordAt(bytes, EXTRA + 0x1234)).to.equal(0xbeef);
    expect(execute([0xa2, 0x34, 0x12], { ax: 0xbeef }).bytes[DATA + 0x1234]).to.equal(0xef);
    const load = cpuWith([0xa1, 0x34, 0x12, 0xa0, 0x36, 0x12]);
    setWordAt(load.bytes, DATA + 0x1234, 0xcafe);
    load.bytes[DATA + 0x1236] = 0x77;
    load.cpu.step();
    expect(load.registers.ax).to.equal(0xcafe);
    load.cpu.step();
    expect(load.registers.ax).to.equal(0xca77);
  });

  const segments = ['es', 'cs', 'ss', 'ds'] as const;
  for (const [i, name] of segments.entries()) {
    it(`MOV ${name} to and from, with any high bit of the reg field`, () => {
      for (const high of [0, 0x20]) {
        expect(execute([0x8e, 0xc0 | high | (i << 3)], { ax: 0x1234 }).registers[name]).to.equal(0x1234);
        const value = execute([0x8c, 0xc3 | high | (i << 3)]);
        expect(value.registers.bx).to.equal(value.registers[name]);
      }
    });

    it(`PUSH ${name} and POP ${name}`, () => {
      const push = execute([0x06 + 8 * i]);
      expect(push.registers.sp).to.equal(0x7fe);
      expect(wordAt(push.bytes, STACK + 0x7fe)).to.equal(push.registers[name]);
      const pop = cpuWith([0x07 + 8 * i]);
      setWordAt(pop.bytes, STACK + 0x800, 0x4321);
      pop.cpu.step();
      expect(pop.registers[name]).to.equal(0x4321);
      expect(pop.registers.sp).to.equal(0x802);
    });
  }

  for (const [i, name] of words.entries()) {
    it(`PUSH ${name}, which for SP is the decremented one`, () => {
      for (const code of [[0x50 + i], [0xff, 0xf0 + i], [0xff, 0xf8 + i]]) {
        const { registers, bytes } = execute(code, { [name]: 0x0700 });
        const sp = name === 'sp' ? 0x6fe : 0x7fe;
        expect(registers.sp).to.equal(sp);
        expect(wordAt(bytes, STACK + sp)).to.equal(name === 'sp' ? 0x6fe : 0x700);
      }
    });

    it(`POP ${name}`, () => {
      for (const code of [[0x58 + i], [0x8f, 0xc0 + i]]) {
        const { cpu, registers, bytes } = cpuWith(code);
        setWordAt(bytes, STACK + 0x800, 0x4321);
        cpu.step();
        expect(registers[name]).to.equal(0x4321);
        if (name !== 'sp') expect(registers.sp).to.equal(0x802);
      }
    });
  }

  it('the stack wraps at both ends of its segment', () => {
    const push = execute([0x50], { sp: 1, ax: 0x1234 });
    expect(push.registers.sp).to.equal(0xffff);
    expect([push.bytes[STACK + 0xffff], push.bytes[STACK]]).to.deep.equal([0x34, 0x12]);
    const pop = cpuWith([0x58], { sp: 0xffff });
    pop.bytes[STACK + 0xffff] = 0x34;
    pop.bytes[STACK] = 0x12;
    pop.cpu.step();
    expect([pop.registers.ax, pop.registers.sp]).to.deep.equal([0x1234, 1]);
  });

  it('PUSH and POP of memory', () => {
    const { cpu, bytes } = cpuWith([0xff, 0x37, 0x8f, 0x47, 0x02], { bx: 0x10 });
    setWordAt(bytes, DATA + 0x10, 0x8765);
    cpu.run(2);
    expect(wordAt(bytes, DATA + 0x12)).to.equal(0x8765);
    expect(wordAt(bytes, STACK + 0x7fe)).to.equal(0x8765);
  });

  it('XCHG', () => {
    for (let i = 0; i < 8; i++) {
      const { registers } = execute([0x90 + i], { ax: 0x1111, [words[i]!]: 0x2222 });
      expect([registers.ax, registers[words[i]!]]).to.deep.equal(i === 0 ? [0x2222, 0x2222] : [0x2222, 0x1111]);
    }
    const memory = cpuWith([0x87, 0x0f, 0x86, 0x2f], { bx: 0x10, cx: 0x1234 });
    setWordAt(memory.bytes, DATA + 0x10, 0x5678);
    memory.cpu.step();
    expect([memory.registers.cx, wordAt(memory.bytes, DATA + 0x10)]).to.deep.equal([0x5678, 0x1234]);
    memory.cpu.step();
    expect([memory.registers.cx, wordAt(memory.bytes, DATA + 0x10)]).to.deep.equal([0x3478, 0x1256]);
  });

  it('XLAT wraps and can be overridden', () => {
    const { cpu, registers, bytes } = cpuWith([0x2e, 0xd7], { bx: 0xffff, al: 0x81 });
    bytes[CODE - 0x100 + 0x80] = 0x99;
    cpu.step();
    expect(registers.al).to.equal(0x99);
  });

  it('LEA takes the offset; its register form the last one', () => {
    const { cpu, registers } = cpuWith([0x36, 0x8d, 0x40, 0x05, 0x8d, 0xcb], { bx: 0xfffe, si: 4 });
    cpu.step();
    expect(registers.ax).to.equal(7);
    cpu.step();
    expect(registers.cx).to.equal(7);
  });

  for (const [opcode, name] of [
    [0xc4, 'es'],
    [0xc5, 'ds'],
  ] as const) {
    it(`L${name.toUpperCase()} wraps within the segment`, () => {
      const { cpu, registers, bytes } = cpuWith([opcode, 0x0f], { bx: 0xfffe });
      setWordAt(bytes, DATA + 0xfffe, 0x1234);
      setWordAt(bytes, DATA, 0x5678);
      cpu.step();
      expect([registers.cx, registers[name]]).to.deep.equal([0x1234, 0x5678]);
    });

    it(`L${name.toUpperCase()} of a register takes the segment from behind the last operand`, () => {
      const { cpu, registers, bytes } = cpuWith([0x8a, 0x47, 0x10, opcode, 0xca], { bx: 0x100, cx: 5, dx: 6 });
      setWordAt(bytes, DATA + 0x112, 0x5678);
      cpu.run(2);
      expect([registers.cx, registers[name]]).to.deep.equal([5, 0x5678]);
    });
  }

  const conversions: readonly [what: string, code: number[], before: Partial<Registers>, after: Partial<Registers>][] =
    [
      ['CBW', [0x98], { ax: 0x127f }, { ax: 0x007f }],
      ['CBW of a negative', [0x98], { ax: 0x1280 }, { ax: 0xff80 }],
      ['CWD', [0x99], { ax: 0x7fff, dx: 5 }, { dx: 0 }],
      ['CWD of a negative', [0x99], { ax: 0x8000 }, { dx: 0xffff }],
      ['LAHF', [0x9f], { flags: 0xffff & ~0x100 }, { ah: 0xd7 }],
      ['LAHF of nothing', [0x9f], { ah: 0xff }, { ah: 0x02 }],
      ['SAHF', [0x9e], { ah: 0xff, flags: 0x0e00 }, { flags: 0xfed7 }],
      ['SAHF of nothing', [0x9e], { ah: 0, flags: 0x0ed5 }, { flags: 0xfe02 }],
      ['SALC with carry', [0xd6], { al: 1, flags: 1 }, { al: 0xff, flags: 0xf003 }],
      ['SALC without', [0xd6], { al: 1 }, { al: 0, flags: 0xf002 }],
    ];
  for (const [what, code, before, after] of conversions) {
    it(what, () => {
      const { registers } = execute(code, before);
      for (const [name, value] of Object.entries(after)) expect(registers[name as RegisterName]).to.equal(value);
    });
  }

  it('PUSHF and POPF keep bits 1 and 12 to 15 set, 3 and 5 clear', () => {
    const push = execute([0x9c], { flags: 0x0ed5 });
    expect(wordAt(push.bytes, STACK + 0x7fe)).to.equal(0xfed7);
    for (const [value, flags] of [
      [0x0000, 0xf002],
      [0xffff, 0xffd7],
    ] as const) {
      const pop = cpuWith([0x9d]);
      setWordAt(pop.bytes, STACK + 0x800, value);
      pop.cpu.step();
      expect(pop.registers.flags).to.equal(flags);
    }
  });
});
