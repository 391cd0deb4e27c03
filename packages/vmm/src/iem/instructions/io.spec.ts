import { expect } from 'chai';
import type { Coprocessor } from '../core.js';
import type { IoPorts } from '../memory.js';
import { cpuWith, DATA, execute } from '../testing/cpu-with.js';

/** Ports that answer with their number's low byte, and keep what was written. */
class LoggedPorts implements IoPorts {
  readonly log: string[] = [];

  readByte(port: number): number {
    this.log.push(`in ${port.toString(16)}`);
    return port & 0xff;
  }

  writeByte(port: number, value: number): void {
    this.log.push(`out ${port.toString(16)}=${value.toString(16)}`);
  }
}

describe('ports of the 8086', () => {
  const cases: readonly [what: string, code: number[], log: string[], ax: number][] = [
    ['IN AL, imm', [0xe4, 0x60], ['in 60'], 0x1260],
    ['IN AX, imm', [0xe5, 0x60], ['in 60', 'in 61'], 0x6160],
    ['OUT imm, AL', [0xe6, 0x60], ['out 60=34'], 0x1234],
    ['OUT imm, AX', [0xe7, 0x60], ['out 60=34', 'out 61=12'], 0x1234],
    ['IN AL, DX', [0xec], ['in ffff'], 0x12ff],
    ['IN AX, DX wraps', [0xed], ['in ffff', 'in 0'], 0x00ff],
    ['OUT DX, AL', [0xee], ['out ffff=34'], 0x1234],
    ['OUT DX, AX wraps', [0xef], ['out ffff=34', 'out 0=12'], 0x1234],
  ];
  for (const [what, code, log, ax] of cases) {
    it(what, () => {
      const io = new LoggedPorts();
      const { registers } = execute(code, { ax: 0x1234, dx: 0xffff }, { io });
      expect(io.log).to.deep.equal(log);
      expect(registers.ax).to.equal(ax);
    });
  }

  it('words go in one piece where the ports can', () => {
    const log: number[] = [];
    const io: IoPorts = {
      readByte: () => expect.fail(),
      writeByte: () => expect.fail(),
      readWord: (port) => port ^ 0xaaaa,
      writeWord: (port, value) => log.push(port, value),
    };
    const { registers } = execute([0xed], { dx: 0x300 }, { io });
    expect(registers.ax).to.equal(0xa9aa);
    execute([0xef], { ax: 0x1234, dx: 0x300 }, { io });
    expect(log).to.deep.equal([0x300, 0x1234]);
  });

  it('without ports the bus floats high', () => {
    expect(execute([0xed]).registers.ax).to.equal(0xffff);
  });
});

describe('the coprocessor of the 8086', () => {
  it('ESC reads its operand and tells its code', () => {
    const escapes: [number, number | undefined][] = [];
    const coprocessor: Coprocessor = { busy: false, escape: (code, address) => escapes.push([code, address]) };
    for (let opcode = 0xd8; opcode < 0xe0; opcode++) {
      const { registers } = execute([opcode, 0x68, 0x02], { bx: 0x10, si: 0x20 }, { coprocessor });
      expect(registers.ip).to.equal(0x103);
      execute([opcode, 0xd1], {}, { coprocessor });
    }
    const expected = Array.from({ length: 8 }, (_, i) => [
      [i * 8 + 5, DATA + 0x32],
      [i * 8 + 2, undefined],
    ]).flat();
    expect(escapes).to.deep.equal(expected);
  });

  it('ESC and WAIT without one go on', () => {
    expect(execute([0xd9, 0x07]).registers.ip).to.equal(0x102);
    expect(execute([0x9b]).registers.ip).to.equal(0x101);
  });

  it('WAIT waits until TEST is ready, and lets interrupts in', () => {
    const coprocessor = { busy: true, escape: () => {} };
    const { cpu, registers, bytes } = cpuWith([0x9b, 0x90], { flags: 0x200 }, { coprocessor, acknowledge: () => 0x40 });
    bytes.set([0x10, 0, 0, 0x50], 0x100);
    bytes[0x5_0010] = 0xcf;
    cpu.run(5);
    expect(registers.ip).to.equal(0x100);
    cpu.interruptLine = true;
    cpu.step();
    cpu.interruptLine = false;
    expect(registers.cs).to.equal(0x5000);
    cpu.step();
    expect([registers.cs, registers.ip]).to.deep.equal([0x1000, 0x100]);
    coprocessor.busy = false;
    cpu.step();
    expect(registers.ip).to.equal(0x101);
  });
});
