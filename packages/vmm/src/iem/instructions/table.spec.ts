import { expect } from 'chai';
import fc from 'fast-check';
import { Cpu8086 } from '../cpu.js';
import { FlatMemory } from '../memory.js';
import { registerNames } from '../registers.js';
import { cpuWith, execute } from '../testing/cpu-with.js';
import { instructions } from './table.js';

describe('the opcodes of the 8086', () => {
  it('are 256, all of them there', () => {
    expect(instructions).to.have.length(256);
    for (const instruction of instructions) expect(instruction).to.be.a('function');
  });

  /** Bytes of the instructions with these opcodes, when mod is 3 or there is no modrm. */
  const lengths: readonly [length: number, opcodes: readonly number[]][] = [
    [1, [0x06, 0x27, 0x2f, 0x37, 0x3f, 0x40, 0x4f, 0x50, 0x5f, 0x90, 0x98, 0x9b, 0x9f, 0xa4, 0xaf, 0xd6, 0xd7, 0xf4]],
    [2, [0x00, 0x03, 0x04, 0x3c, 0x84, 0x88, 0x8c, 0x8e, 0x8f, 0xa8, 0xb0, 0xd0, 0xd3, 0xd5, 0xd8, 0xe4, 0xe7, 0xfe]],
    [3, [0x05, 0x3d, 0x80, 0x82, 0x83, 0xa0, 0xa3, 0xa9, 0xb8, 0xc6]],
    [4, [0x81, 0xc7]],
  ];
  for (const [length, opcodes] of lengths) {
    it(`of ${length} bytes`, () => {
      for (const opcode of opcodes) {
        const { registers } = execute([opcode, 0xc0, 0, 0]);
        expect(registers.ip, opcode.toString(16)).to.equal(0x100 + length);
      }
    });
  }

  it('run through anything; all that comes out is addresses, ports, bytes and words', () => {
    const ram = new FlatMemory();
    const check = (value: number, max: number) => {
      if (!(value >= 0 && value <= max)) expect.fail(`${value} is not within 0 to ${max}`);
    };
    const cpu = new Cpu8086({
      memory: {
        readByte: (address) => {
          check(address, 0xf_ffff);
          return ram.readByte(address);
        },
        writeByte: (address, value) => {
          check(address, 0xf_ffff);
          check(value, 0xff);
          ram.writeByte(address, value);
        },
      },
      io: {
        readByte: (port) => {
          check(port, 0xffff);
          return 0xff;
        },
        writeByte: (port, value) => {
          check(port, 0xffff);
          check(value, 0xff);
        },
      },
    });
    const { registers } = cpu;
    const codes = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(codes, fc.infiniteStream(fc.nat(0xffff)), (code, values) => {
        cpu.reset();
        for (const name of registerNames) registers[name] = values.next().value;
        for (const [i, byte] of code.entries()) {
          ram.writeByte((registers.cs * 16 + ((registers.ip + i) & 0xffff)) & 0xf_ffff, byte);
        }
        for (let i = 0; i < 50; i++) {
          if (i % 16 === 15) cpu.raiseNmi();
          cpu.step();
          const state = cpu.saveState();
          for (const name of [...registerNames, 'prefixIp', 'ea'] as const) check(state[name], 0xffff);
        }
        expect(registers.flags & 0xf02a).to.equal(0xf002);
      }),
      { numRuns: 1000 },
    );
  });

  it('a segment full of prefixes holds nobody: steps end, and INTR waits', () => {
    const { cpu, registers, bytes } = cpuWith([], { flags: 0x200 });
    bytes.fill(0x2e, 0x1_0000, 0x2_0000);
    cpu.interruptLine = true;
    expect(cpu.run(5)).to.equal(5);
    // The first step takes the interrupt, before any prefix was read.
    Object.assign(registers, { cs: 0x1000, ip: 0, flags: 0x200 });
    cpu.interruptLine = false;
    cpu.step();
    cpu.interruptLine = true;
    for (let i = 0; i < 100; i++) cpu.step();
    expect(cpu.midInstruction).to.equal(true);
    expect(registers.cs).to.equal(0x1000);
    bytes[0x1_0000 + registers.ip] = 0x90;
    cpu.step();
    expect(cpu.midInstruction).to.equal(false);
  });
});
