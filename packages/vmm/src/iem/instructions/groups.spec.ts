import { expect } from 'chai';
import { CODE, cpuWith, DATA, execute, flagNames, STACK, setWordAt, wordAt } from '../testing/cpu-with.js';

describe('groups of the 8086', () => {
  it('/1 of F6 and F7 is TEST, as /0', () => {
    for (const reg of [0, 8]) {
      const byte = execute([0xf6, 0xc3 | reg, 0x81], { bl: 0x80, flags: 0x0811 }).registers;
      expect([byte.bl, flagNames(byte.flags), byte.ip]).to.deep.equal([0x80, 'SF', 0x103]);
      const word = execute([0xf7, 0xc3 | reg, 0x00, 0x81], { bx: 0x7eff }).registers;
      expect([word.bx, flagNames(word.flags), word.ip]).to.deep.equal([0x7eff, 'ZF PF', 0x104]);
    }
  });

  it('what modifies memory writes where it has read', () => {
    const { cpu, bytes } = cpuWith([0xf6, 0x57, 0x01, 0xf7, 0x5f, 0x02, 0xfe, 0x47, 0x04, 0xff, 0x4f, 0x05], {
      bx: 0x10,
    });
    bytes.set([0, 0x0f, 0x01, 0x00, 0xff, 0x00, 0x00], DATA + 0x10);
    cpu.run(4);
    expect([...bytes.subarray(DATA + 0x10, DATA + 0x17)]).to.deep.equal([0, 0xf0, 0xff, 0xff, 0x00, 0xff, 0xff]);
  });

  it('the operand of TEST with memory is read before its immediate is fetched', () => {
    const { cpu, registers, bytes } = cpuWith([0xf7, 0x06, 0x34, 0x12, 0x01, 0x80]);
    setWordAt(bytes, DATA + 0x1234, 0x8001);
    cpu.step();
    expect([flagNames(registers.flags), registers.ip]).to.deep.equal(['SF', 0x106]);
  });

  describe('the undocumented forms of FE', () => {
    const set = (modrm: number) => {
      const test = cpuWith([0xfe, modrm], { bx: 0x10, dx: 0x4321, cs: 0x1000 });
      test.bytes.set([0x56, 0xee, 0x78], DATA + 0x10);
      test.cpu.step();
      return test;
    };

    it('CALL pushes a byte and goes to 0xFF00 and a byte', () => {
      const { registers, bytes } = set(0x17);
      expect([registers.ip, registers.sp, wordAt(bytes, STACK + 0x7fe)]).to.deep.equal([0xff56, 0x7fe, 0x02]);
    });

    it('CALL through a register goes to all of it', () => {
      const { registers, bytes } = set(0xd2);
      expect([registers.ip, wordAt(bytes, STACK + 0x7fe)]).to.deep.equal([0x4321, 0x02]);
    });

    it('CALL far', () => {
      const { registers, bytes } = set(0x1f);
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0xff78, 0xff56, 0x7fc]);
      expect([wordAt(bytes, STACK + 0x7fe), wordAt(bytes, STACK + 0x7fc)]).to.deep.equal([0x00, 0x02]);
    });

    it('JMP and JMP far', () => {
      expect(set(0x27).registers.ip).to.equal(0xff56);
      const { registers } = set(0x2f);
      expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0xff78, 0xff56, 0x800]);
    });

    it('CALL far and JMP far through a register take the byte of the segment from behind the last operand', () => {
      for (const [modrm, sp] of [
        [0xda, 0x7fc],
        [0xea, 0x800],
      ] as const) {
        const { cpu, registers, bytes } = cpuWith([0x36, 0x8a, 0x07, 0xfe, modrm], { bx: 0x10, dx: 0x4321 });
        bytes[DATA + 0x12] = 0x78;
        cpu.run(2);
        expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0xff78, 0x4321, sp]);
      }
    });

    it('PUSH stores one byte and counts two', () => {
      for (const modrm of [0x37, 0x3f]) {
        const { registers, bytes } = set(modrm);
        expect([registers.sp, wordAt(bytes, STACK + 0x7fe)]).to.deep.equal([0x7fe, 0x56]);
      }
      expect(wordAt(set(0xf2).bytes, STACK + 0x7fe)).to.equal(0x21);
    });
  });

  it('far pointers wrap within the segment', () => {
    for (const [opcode, modrm, cs, ip] of [
      [0xff, 0x1f, 0x5678, 0x1234],
      [0xff, 0x2f, 0x5678, 0x1234],
      [0xfe, 0x2f, 0xff78, 0xff34],
    ] as const) {
      const { cpu, registers, bytes } = cpuWith([opcode, modrm], { bx: 0xfffe });
      setWordAt(bytes, DATA + 0xfffe, 0x1234);
      setWordAt(bytes, DATA, 0x5678);
      cpu.step();
      expect([registers.cs, registers.ip]).to.deep.equal([cs, ip]);
    }
  });

  it('far jumps through a register take the segment from behind the last operand', () => {
    const { cpu, registers, bytes } = cpuWith([0x8a, 0x07, 0xff, 0xeb], { bx: 0x10 });
    setWordAt(bytes, DATA + 0x12, 0x7654);
    cpu.run(2);
    expect([registers.cs, registers.ip, registers.sp]).to.deep.equal([0x7654, (CODE & 0xffff) + 4, 0x800]);
    const call = cpuWith([0x8a, 0x07, 0xff, 0xdb], { bx: 0x10 });
    setWordAt(call.bytes, DATA + 0x12, 0x7654);
    call.cpu.run(2);
    expect([call.registers.cs, call.registers.sp]).to.deep.equal([0x7654, 0x7fc]);
    expect([wordAt(call.bytes, STACK + 0x7fe), wordAt(call.bytes, STACK + 0x7fc)]).to.deep.equal([0x1000, 0x104]);
  });
});
