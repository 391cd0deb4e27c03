import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { expect } from 'chai';
import { ManualTimers } from '../emt/index.js';
import { tm } from '../tm/index.js';
import { TestVm } from '../vm/testing.js';
import { FlatMemory, iem, StepTimers } from './index.js';

const TICK_PORT = 0x40;
const OUT_PORT = 0xe9;

/**
 * A machine whose port 0x40 has a timer send an interrupt every 10 µs once it is written to. Port 0xE9 takes what the
 * guest says.
 */
async function create({ stepTime, code }: { stepTime?: bigint; code: readonly number[] }) {
  const memory = new FlatMemory();
  memory.bytes.set(code, 0x1000);
  // The processor starts here: JMP 0000:1000.
  memory.bytes.set([0xea, 0x00, 0x10, 0x00, 0x00], 0xffff0);
  // Vector 8: INC BX; IRET.
  memory.bytes.set([0x00, 0x20, 0x00, 0x00], 8 * 4);
  memory.bytes.set([0x43, 0xcf], 0x2000);
  const output: number[] = [];
  let start = () => {};
  const timers = stepTime === undefined ? new ManualTimers() : new StepTimers(stepTime);
  const vm = await TestVm.create({
    timers,
    subsystems: [
      tm({ utc: { now: () => 0n } }),
      ...iem({
        bus: (inner) => ({
          memory,
          io: {
            readByte: () => 0xff,
            writeByte: (port, value) => {
              if (port === OUT_PORT) output.push(value);
              if (port === TICK_PORT) start();
            },
          },
          acknowledge: () => {
            inner.cpus[0]!.setPending('PIC', false);
            return 8;
          },
        }),
      }),
      {
        name: 'PDM',
        init: (inner) => {
          const timer = inner.tm!.createTimer({
            clock: 'VIRTUAL_SYNC',
            name: 'Tick',
            callback: (_, self) => {
              inner.cpus[0]!.setPending('PIC', true);
              self.setMicro(10);
            },
          });
          start = () => timer.setMicro(10);
          inner.registry.register({
            name: 'tick',
            version: 1,
            saveExec: (stream) => {
              timer.save(stream);
              stream.putMem(memory.bytes);
            },
            loadExec: (stream) => {
              timer.load(stream);
              stream.getMem(memory.bytes);
            },
          });
        },
      },
    ],
  });
  const onTick = (call: () => void) => {
    start = call;
  };
  return { vm, timers, output, memory, onTick };
}

/** STI; OUT 0x40, AL; loop: HLT; MOV AL, BL; OUT 0xE9, AL; CMP BX, n; JB loop; CLI; HLT */
const counting = (n: number) => [
  ...[0xfb, 0xe6, TICK_PORT, 0xf4, 0x88, 0xd8, 0xe6, OUT_PORT],
  ...[0x81, 0xfb, n & 0xff, n >> 8, 0x72, 0xf5, 0xfa, 0xf4],
];

const upTo = (n: number) => Array.from({ length: n }, (_, i) => (i + 1) & 0xff);

describe('the 8086 as a CPU of a VM', () => {
  it('halts until an interrupt comes', async () => {
    const { vm, timers, output } = await create({ code: counting(3) });
    await vm.uvm.powerOn();
    for (const expected of [[], [1], [1, 2], [1, 2, 3], [1, 2, 3]]) {
      await vm.settle();
      expect(vm.vm.cpus[0]!.activity).to.equal('HALTED');
      expect(output).to.deep.equal(expected);
      timers.advance(10_000n);
    }
    await vm.end();
  });

  it('lets time pass by executing, where it has a clock of its own', async () => {
    const { vm, timers, output } = await create({ code: counting(300), stepTime: 210n });
    await vm.uvm.powerOn();
    await vm.until(() => output.length === 300);
    expect(output).to.deep.equal(upTo(300));
    expect(timers.now() >= 3_000_000n).to.equal(true);
    await vm.end();
  });

  it('does the same at the same step, each time', async () => {
    // INC CX for ever, and an interrupt that says CX: what it says depends on the exact step.
    const code = [0xfb, 0xe6, TICK_PORT, 0x41, 0xeb, 0xfd];
    const run = async () => {
      const machine = await create({ code, stepTime: 333n });
      machine.memory.bytes.set([0x88, 0xc8, 0xe6, OUT_PORT, 0xcf], 0x2000);
      await machine.vm.uvm.powerOn();
      await machine.vm.until(() => machine.output.length >= 500);
      await machine.vm.end();
      return machine.output.slice(0, 500);
    };
    const first = await run();
    expect(new Set(first).size).to.be.greaterThan(20);
    expect(await run()).to.deep.equal(first);
  });

  it('is saved and goes on in another VM, wherever it is', async () => {
    const said: number[] = [];
    let machine = await create({ code: counting(5000), stepTime: 210n });
    await machine.vm.uvm.powerOn();
    let moves = 0;
    while (said.length + machine.output.length < 5000) {
      for (let i = 0; i < 3 + (moves % 5); i++) await machine.timers.turn();
      await machine.vm.uvm.suspend('USER');
      const sink = new MemorySink();
      await machine.vm.uvm.save(sink);
      const next = await create({ code: [], stepTime: 210n });
      await next.vm.uvm.load(new MemorySource(sink.bytes()));
      await machine.vm.end();
      said.push(...machine.output);
      machine = next;
      moves++;
      await machine.vm.uvm.resume('STATE_RESTORED');
    }
    await machine.vm.end();
    expect([...said, ...machine.output]).to.deep.equal(upTo(5000));
    expect(moves).to.be.greaterThan(3);
  });

  it('is saved live at the very step at which a timer of the host says so', async () => {
    // INC CX for ever.
    const { vm, timers } = await create({ code: [0x41, 0xeb, 0xfd], stepTime: 100n });
    const cpuId: (number | undefined)[] = [];
    const saved = new Promise<unknown>((resolve) => {
      timers.after(12_345_600n, () => {
        cpuId.push(vm.uvm.cpuId);
        resolve(vm.uvm.save(new MemorySink()));
      });
    });
    let begun: bigint | undefined;
    vm.uvm.atState.register((_, state) => {
      if (state === 'RUNNING_LS') begun = timers.now();
    });
    await vm.uvm.powerOn();
    await saved;
    expect([cpuId, begun]).to.deep.equal([[undefined], 12_345_600n]);
    await vm.end();
  });

  it('leaves the guest at once when the EMT is wanted', async () => {
    // The port asks for a reset, and after it the guest says something, which it must not have come to.
    const { vm, output, onTick } = await create({ code: [0xe6, TICK_PORT, 0xb0, 0x01, 0xe6, OUT_PORT, 0xf4] });
    onTick(() => vm.vm.requestReset(0));
    await vm.uvm.powerOn();
    await vm.until(() => vm.states.includes('RESETTING'));
    expect(output).to.deep.equal([]);
    await vm.end();
  });

  it('starts anew after a reset, and tells its registers', async () => {
    const { vm, output } = await create({ code: counting(0) });
    await vm.uvm.powerOn();
    await vm.settle();
    expect(await vm.uvm.info.text('cpumguest')).to.match(/cs=0000 ip=1004 .*\n.*\nflags: if.*; halted/);
    await vm.uvm.reset();
    await vm.settle();
    expect(output).to.deep.equal([]);
    expect(vm.log.join('\n')).to.not.match(/failed/);
    await vm.end();
  });
});
