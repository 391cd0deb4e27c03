import { expect } from 'chai';
import { Cpu8086, type Cpu8086Options } from './cpu.js';
import { IF, TF } from './flags.js';
import { FlatMemory, MEMORY_SIZE } from './memory.js';
import type { Registers } from './registers.js';
import { cpuWith, STACK, setVector, type TestCpu, wordAt } from './testing/cpu-with.js';

/** A program with handlers: vector n is at 5000:(n * 16) and begins with IRET. */
function withHandlers(
  code: readonly number[],
  registers: Partial<Registers> = {},
  options: Cpu8086Options = {},
): TestCpu {
  const test = cpuWith(code, registers, { acknowledge: () => 0x20, ...options });
  for (const vector of [0, 1, 2, 3, 4, 0x20]) {
    setVector(test.bytes, vector, 0x5000, vector * 16);
    test.bytes[0x5_0000 + vector * 16] = 0xcf;
  }
  return test;
}

/** Which handler the CPU stands at the start of; undefined in the program. */
function handler({ registers }: TestCpu): number | undefined {
  return registers.cs === 0x5000 ? registers.ip / 16 : undefined;
}

const returnAddress = ({ registers, bytes }: TestCpu) => wordAt(bytes, STACK + registers.sp);

describe('Cpu8086', () => {
  it('starts at FFFF:0000 with all other segments and flags zero', () => {
    const { registers, halted, interruptLine } = new Cpu8086();
    const { cs, ip, ds, es, ss, flags } = registers;
    expect({ cs, ip, ds, es, ss, flags, halted, interruptLine }).to.deep.equal({
      cs: 0xffff,
      ip: 0,
      ds: 0,
      es: 0,
      ss: 0,
      flags: 0xf002,
      halted: false,
      interruptLine: false,
    });
  });

  it('reset keeps general registers and the level of INTR, and ends everything else', () => {
    const { cpu, registers } = cpuWith([0xf3, 0xa4], { cx: 5, flags: IF | TF, bx: 7 });
    cpu.step();
    cpu.interruptLine = true;
    cpu.raiseNmi();
    expect(cpu.midInstruction).to.equal(true);
    cpu.reset();
    expect([registers.bx, registers.cx, registers.cs, registers.flags]).to.deep.equal([7, 4, 0xffff, 0xf002]);
    expect([cpu.midInstruction, cpu.interruptLine, cpu.idle]).to.deep.equal([false, true, false]);
    cpu.step();
    expect(registers.cs, 'no NMI').to.equal(0xffff);
  });

  it('registers are cut to their size; bytes are parts of words', () => {
    const { registers } = new Cpu8086();
    registers.ax = 0x1_2345;
    expect([registers.ax, registers.ah, registers.al]).to.deep.equal([0x2345, 0x23, 0x45]);
    registers.ah = 0x1ff;
    expect(registers.ax).to.equal(0xff45);
    registers.ip = -1;
    registers.flags = 0;
    registers.ds = 0x1_0001;
    expect([registers.ip, registers.flags, registers.ds]).to.deep.equal([0xffff, 0xf002, 1]);
  });

  it('takes memory of 1 MiB, no other', () => {
    expect(new FlatMemory(new Uint8Array(MEMORY_SIZE)).readByte(MEMORY_SIZE - 1)).to.equal(0);
    expect(() => new FlatMemory(new Uint8Array(16))).to.throw(RangeError, '16 bytes, not 1048576');
  });

  describe('INTR', () => {
    it('is taken before an instruction while IF is set', () => {
      const test = withHandlers([0x90, 0x90], { flags: IF });
      test.cpu.step();
      test.cpu.interruptLine = true;
      test.cpu.step();
      expect(handler(test)).to.equal(0x20);
      expect(returnAddress(test)).to.equal(0x101);
      expect(test.registers.flags & (IF | TF)).to.equal(0);
      test.cpu.interruptLine = false;
      test.cpu.step();
      expect([test.registers.ip, test.registers.flags & IF]).to.deep.equal([0x101, IF]);
    });

    it('waits while IF is clear', () => {
      const test = withHandlers([0x90, 0xfb, 0x40, 0x41]);
      test.cpu.interruptLine = true;
      test.cpu.run(3);
      expect([test.registers.ax, test.registers.ip]).to.deep.equal([1, 0x103]);
      test.cpu.step();
      expect([handler(test), test.registers.cx, returnAddress(test)]).to.deep.equal([0x20, 0, 0x103]);
    });

    it('STI that changes nothing delays nothing', () => {
      const test = withHandlers([0xfb, 0x90], { flags: IF });
      test.cpu.step();
      test.cpu.interruptLine = true;
      test.cpu.step();
      expect(handler(test)).to.equal(0x20);
    });

    for (const [name, code] of [
      ['MOV SS', [0x8e, 0xd0]],
      ['MOV DS', [0x8e, 0xd8]],
      ['POP ES', [0x07]],
    ] as const) {
      it(`waits one instruction after ${name}, as NMI and the single step do`, () => {
        for (const kind of ['intr', 'nmi', 'trap'] as const) {
          const test = withHandlers([...code, 0x43, 0x43], { ax: 0x4000, flags: kind === 'trap' ? TF : IF });
          test.cpu.step();
          if (kind === 'intr') test.cpu.interruptLine = true;
          if (kind === 'nmi') test.cpu.raiseNmi();
          test.cpu.step();
          expect([test.registers.bx, handler(test)]).to.deep.equal([1, undefined]);
          test.cpu.step();
          expect(handler(test)).to.equal({ intr: 0x20, nmi: 2, trap: 1 }[kind]);
        }
      });
    }

    it('a row of segment loads keeps it waiting', () => {
      const test = withHandlers([0x8e, 0xd0, 0x8e, 0xd0, 0x43], { ax: 0x4000, flags: IF });
      test.cpu.step();
      test.cpu.interruptLine = true;
      test.cpu.run(2);
      expect([test.registers.bx, handler(test)]).to.deep.equal([1, undefined]);
      test.cpu.step();
      expect(handler(test)).to.equal(0x20);
    });

    it('is not taken between prefix and opcode', () => {
      const test = withHandlers([...Array(40).fill(0x3e), 0x43], { flags: IF });
      test.cpu.step();
      test.cpu.interruptLine = true;
      test.cpu.run(2);
      expect([test.registers.bx, handler(test)]).to.deep.equal([1, undefined]);
    });

    it('without a controller reads 0xFF from the bus', () => {
      const { cpu, registers, bytes } = cpuWith([0x90], { flags: IF });
      setVector(bytes, 0xff, 0x1234, 0x5678);
      cpu.interruptLine = true;
      cpu.step();
      expect([registers.cs, registers.ip]).to.deep.equal([0x1234, 0x5678]);
    });
  });

  describe('NMI', () => {
    it('is taken with IF clear, once, before INTR', () => {
      const test = withHandlers([0x90, 0x90], { flags: IF });
      test.cpu.interruptLine = true;
      test.cpu.raiseNmi();
      test.cpu.step();
      expect(handler(test)).to.equal(2);
      test.cpu.step();
      test.cpu.step();
      expect(handler(test)).to.equal(0x20);
      test.cpu.interruptLine = false;
      test.cpu.run(2);
      expect(test.registers.ip).to.equal(0x101);
    });
  });

  describe('the single step', () => {
    it('comes after each instruction that began with TF', () => {
      // PUSHF; POP AX; OR AH, 1; PUSH AX; POPF; INC BX; INC BX
      const test = withHandlers([0x9c, 0x58, 0x80, 0xcc, 0x01, 0x50, 0x9d, 0x43, 0x43]);
      test.cpu.run(5);
      expect(test.registers.flags & TF).to.equal(TF);
      test.cpu.step();
      expect([test.registers.bx, handler(test)], 'not after the POPF itself').to.deep.equal([1, undefined]);
      test.cpu.step();
      expect([handler(test), returnAddress(test), test.registers.flags & TF]).to.deep.equal([1, 0x108, 0]);
      expect(wordAt(test.bytes, STACK + test.registers.sp + 4) & TF).to.equal(TF);
      test.cpu.run(2);
      expect([test.registers.bx, handler(test)]).to.deep.equal([2, undefined]);
      test.cpu.step();
      expect(handler(test)).to.equal(1);
    });

    it('comes also after the instruction that clears TF', () => {
      const test = withHandlers([0x9d, 0x43], { flags: TF });
      test.cpu.step();
      expect(test.registers.flags & TF).to.equal(0);
      test.cpu.step();
      expect([handler(test), returnAddress(test)]).to.deep.equal([1, 0x101]);
      test.cpu.run(2);
      expect([test.registers.bx, handler(test)]).to.deep.equal([1, undefined]);
    });

    it('of an INT comes at the first instruction of its handler', () => {
      const test = withHandlers([0xcc], { flags: TF });
      test.cpu.step();
      expect(handler(test)).to.equal(3);
      test.cpu.step();
      expect([handler(test), returnAddress(test)]).to.deep.equal([1, 0x30]);
    });

    it('comes after INTR and NMI, at the first instruction of their handlers', () => {
      for (const nmi of [false, true]) {
        const test = withHandlers([0x90, 0x90], { flags: TF | IF });
        test.cpu.step();
        if (nmi) test.cpu.raiseNmi();
        else test.cpu.interruptLine = true;
        test.cpu.step();
        expect(handler(test)).to.equal(nmi ? 2 : 0x20);
        test.cpu.step();
        expect([handler(test), returnAddress(test)]).to.deep.equal([1, nmi ? 0x20 : 0x200]);
      }
    });
  });

  describe('HLT', () => {
    it('waits for an interrupt, which returns behind it', () => {
      const test = withHandlers([0xf4, 0x90], { flags: IF });
      expect(test.cpu.run(100)).to.equal(1);
      expect([test.cpu.halted, test.cpu.idle]).to.deep.equal([true, true]);
      test.cpu.step();
      expect(test.registers.ip).to.equal(0x101);
      test.cpu.interruptLine = true;
      expect(test.cpu.idle).to.equal(false);
      expect(test.cpu.run(1)).to.equal(1);
      expect([test.cpu.halted, handler(test), returnAddress(test)]).to.deep.equal([false, 0x20, 0x101]);
    });

    it('with IF clear ends by NMI only', () => {
      const test = withHandlers([0xf4]);
      test.cpu.interruptLine = true;
      expect(test.cpu.run(100)).to.equal(1);
      expect(test.cpu.run(100)).to.equal(0);
      test.cpu.raiseNmi();
      expect(test.cpu.run(1)).to.equal(1);
      expect(handler(test)).to.equal(2);
    });

    it('after STI is reached before INTR is taken', () => {
      const test = withHandlers([0xfb, 0xf4]);
      test.cpu.interruptLine = true;
      test.cpu.run(3);
      expect([handler(test), returnAddress(test)]).to.deep.equal([0x20, 0x102]);
    });
  });

  it('an interrupt reads its vector before it pushes', () => {
    const { cpu, registers, bytes } = cpuWith([0xcd, 0x02], { ss: 0, sp: 0x000c });
    setVector(bytes, 2, 0x5000, 0x10);
    cpu.step();
    expect([registers.cs, registers.ip]).to.deep.equal([0x5000, 0x10]);
    expect(wordAt(bytes, 8), 'the vector is overwritten by CS').to.equal(0x1000);
  });

  it('run ends at its limit, and after the step in which a device says stop', () => {
    const test = cpuWith(
      [0xe6, 0x80, 0x43, 0xeb, 0xfd],
      {},
      {
        io: {
          readByte: () => 0xff,
          writeByte: () => test.cpu.stop(),
        },
      },
    );
    expect(test.cpu.run(100)).to.equal(1);
    expect(test.registers.ip).to.equal(0x102);
    expect(test.cpu.run(100)).to.equal(100);
    expect(test.registers.bx).to.equal(50);
    expect(test.cpu.run(0)).to.equal(0);
  });

  it('code that changes itself runs changed', () => {
    const { cpu, registers } = cpuWith([0xc6, 0x06, 0x05, 0x01, 0x40, 0x90], { ds: 0x1000 });
    cpu.run(2);
    expect(registers.ax).to.equal(1);
  });
});
