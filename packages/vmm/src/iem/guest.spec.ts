import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Cpu8086 } from './cpu.js';
import { FlatMemory } from './memory.js';

const guest = (name: string) => fileURLToPath(new URL(`../../../../examples/guests/${name}`, import.meta.url));

/** What the guest writes. */
const expected = [...Array.from({ length: 1000 }, (_, i) => `${i + 1}\r\n`), 'done\r\n'].join('');

/** A machine whose serial port takes bytes and gives none. */
class Machine {
  readonly memory = new FlatMemory();
  output = '';
  readonly cpu = new Cpu8086({
    memory: this.memory,
    io: {
      readByte: () => 0xff,
      writeByte: (port, value) => {
        if (port === 0x3f8) this.output += String.fromCharCode(value);
      },
    },
  });

  boot(name: string): void {
    this.memory.bytes.set(readFileSync(guest(name)), 0x7c00);
    Object.assign(this.cpu.registers, { cs: 0, ip: 0x7c00 });
  }
}

describe('a guest on the 8086', () => {
  it('counts, and halts', () => {
    const machine = new Machine();
    machine.boot('count.bin');
    const steps = machine.cpu.run(1_000_000);
    expect(machine.output).to.equal(expected);
    expect(machine.cpu.idle).to.equal(true);
    expect(steps).to.be.within(60_000, 80_000);
  });

  it('goes on on another machine, moved there again and again', () => {
    let machine = new Machine();
    machine.boot('count.bin');
    let moves = 0;
    // An odd number of steps, so that it is moved in other places each time.
    for (; !machine.cpu.idle; moves++) {
      machine.cpu.run(997);
      const next = new Machine();
      next.memory.bytes.set(machine.memory.bytes);
      next.output = machine.output;
      next.cpu.loadState(machine.cpu.saveState());
      machine = next;
    }
    expect(machine.output).to.equal(expected);
    expect(moves).to.be.greaterThan(50);
  });
});
