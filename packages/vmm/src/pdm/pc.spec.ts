import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { expect } from 'chai';
import { builtinDevices } from '../devices/index.js';
import { builtinDrivers, StreamEnd } from '../drivers/index.js';
import { iem, StepTimers } from '../iem/index.js';
import { noise } from '../iem/testing/noise.js';
import { cpuIo, iom } from '../iom/index.js';
import { mm } from '../mm/index.js';
import { pgm } from '../pgm/index.js';
import { tm } from '../tm/index.js';
import { TestVm } from '../vm/testing.js';
import { queryInterface } from './interface-ids.js';
import { pdm } from './subsystem.js';
import { managerOf } from './testing.js';

/*
 * The whole machine: an 8086, memory, ports, and the devices and drivers that come along, all plugged in as a
 * configuration says, running the guest of examples/guests that shows any loss of state
 */

const file = (name: string) => fileURLToPath(new URL(`../../../../examples/guests/${name}`, import.meta.url));
const program = readFileSync(file('machine-short.bin'));
const expected = readFileSync(file('machine-short.txt'), 'latin1');
const END = expected.slice(-10);

/** The last page below 1 MiB, where the CPU begins: JMP 0000:7C00. */
const boot = new Uint8Array(4096);
boot.set([0xea, 0x00, 0x7c, 0x00, 0x00], 0xff0);

/** What the CPU reads when the interrupt controller has nothing after all. */
const SPURIOUS = 0x0f;

const config = {
  NumCPUs: 1,
  RamSize: 2 << 20,
  Devices: {
    i8259: { 0: {} },
    i8254: { 0: {} },
    mc146818: { 0: {} },
    '8237A': { 0: {} },
    noise: { 0: {} },
    serial: { 0: { 'LUN#0': { Driver: 'Char', AttachedDriver: { Driver: 'MemoryStream' } } } },
  },
};

async function createPc(): Promise<{ vm: TestVm; end: StreamEnd }> {
  const timers = new StepTimers(500n);
  const vm = await TestVm.create({
    timers,
    configure: (root) => {
      const fill = (node: typeof root, literal: object): void => {
        for (const [name, value] of Object.entries(literal)) {
          if (typeof value === 'object') fill(node.insertNode(name), value);
          else node.insert(name, value);
        }
      };
      fill(root, config);
    },
    subsystems: [
      mm(),
      pgm(),
      iom(),
      tm({ utc: { now: () => 1_700_000_000_000_000_000n } }),
      ...iem({
        bus: (inner) => {
          inner.pgm!.write(0x7c00, program);
          inner.pgm!.registerRom({ description: 'Boot', address: 0xff000, bytes: boot });
          return {
            memory: inner.pgm!.cpus[0]!,
            io: cpuIo(inner.iom!),
            acknowledge: () => inner.pdm?.getInterrupt(0) ?? SPURIOUS,
          };
        },
      }),
      pdm({
        builtin: {
          VBoxDD: {
            VBoxDevicesRegister: (callbacks) => {
              builtinDevices(callbacks);
              callbacks.register(noise);
            },
            VBoxDriversRegister: (callbacks) => builtinDrivers(callbacks),
          },
        },
      }),
    ],
  });
  const stream = managerOf(vm).queryDriverOnLun('serial', 0, 0, 'MemoryStream');
  return { vm, end: queryInterface(stream, StreamEnd)! };
}

/** Lets a machine run until it has written something. @returns all that it has written. */
async function until({ vm, end }: Awaited<ReturnType<typeof createPc>>, output: string, text: string): Promise<string> {
  let written = output;
  for (let i = 0; !written.includes(text); i++) {
    expect(i, `${written}\n${vm.uvm.state} ${vm.errors.join()}`).to.be.lessThan(100_000);
    await vm.timers.turn();
    written += end.takeText();
  }
  return written;
}

describe('a PC that is plugged together', () => {
  it('runs a guest that needs all of it', async () => {
    const pc = await createPc();
    await pc.vm.uvm.powerOn();
    expect(await until(pc, '', END)).to.equal(expected);
    await pc.vm.end();
  }).timeout(30_000);

  it('is saved live while it runs, and goes on in another', async () => {
    const first = await createPc();
    await first.vm.uvm.powerOn();
    let output = await until(first, '', '\n5 ticks');
    const sink = new MemorySink();
    await first.vm.uvm.save(sink);
    output += first.end.takeText();
    await first.vm.end();
    const second = await createPc();
    await second.vm.uvm.load(new MemorySource(sink.bytes()));
    await second.vm.uvm.resume('STATE_RESTORED');
    output = await until(second, output, END);
    expect(output).to.equal(expected);
    await second.vm.end();
  }).timeout(30_000);

  it('is saved while it is suspended, again and again, and writes the same', async () => {
    let pc = await createPc();
    await pc.vm.uvm.powerOn();
    let output = '';
    for (let line = 2; line <= 18; line += 4) {
      output = await until(pc, output, `\n${line} ticks`);
      await pc.vm.uvm.suspend('USER');
      const sink = new MemorySink();
      await pc.vm.uvm.save(sink);
      output += pc.end.takeText();
      await pc.vm.end();
      pc = await createPc();
      await pc.vm.uvm.load(new MemorySource(sink.bytes()));
      await pc.vm.uvm.resume('STATE_RESTORED');
    }
    output = await until(pc, output, END);
    expect(output).to.equal(expected);
    await pc.vm.end();
  }).timeout(60_000);
});
