import { MemorySink } from '@ssmkit/runtime';
import { expect } from 'chai';
import { NS_PER_MS } from '../emt/index.js';
import { deferred } from '../emt/testing.js';
import type { DeviceHelpers } from './helpers.js';
import type { PdmThread } from './services/thread.js';
import {
  attachIfAny,
  chain,
  createMachine,
  emptyBase,
  failureStatus,
  managerOf,
  notingDevice,
  notingDriver,
  onEmt,
  take,
  testDevice,
  testDriver,
} from './testing.js';

describe('threads in the life of a machine', () => {
  const machine = async (fails = false) => {
    const log: string[] = [];
    const threads: PdmThread<undefined>[] = [];
    const vm = await createMachine({
      devices: [
        notingDevice('disk', log, { luns: [] }, (instance) => ({
          construct: async () => {
            const thread = await instance.threadCreate({
              name: 'Worker',
              run: async (self) => {
                log.push(self.state);
                if (self.state !== 'RUNNING') return;
                if (fails) throw new Error('a bug');
                await self.sleep(1_000_000);
              },
            });
            threads.push(thread);
          },
        })),
      ],
      config: { Devices: { disk: { 0: {} } } },
      vm: {
        userMethods: {
          pdmThreadInit: () => void log.push('begins'),
          pdmThreadTerm: () => {
            throw new Error('not so');
          },
        },
      },
    });
    return { vm, log, thread: threads[0]! };
  };

  it('run while the machine does, after the devices were told, and end with it', async () => {
    const { vm, log, thread } = await machine();
    expect([take(log).slice(0, 2), thread.state]).to.deep.equal([['begins', 'INITIALIZING'], 'SUSPENDED']);
    await vm.uvm.powerOn();
    expect([take(log), thread.state]).to.deep.equal([['disk/0 powerOn', 'RUNNING'], 'RUNNING']);
    await vm.uvm.suspend('USER');
    expect([take(log), thread.state]).to.deep.equal([['disk/0 suspend'], 'SUSPENDED']);
    await vm.uvm.resume('USER');
    expect([take(log), thread.state]).to.deep.equal([['disk/0 resume', 'RUNNING'], 'RUNNING']);
    await vm.uvm.powerOff();
    expect([take(log), thread.state]).to.deep.equal([['disk/0 powerOff'], 'SUSPENDED']);
    await vm.end();
    expect(thread.state).to.equal('TERMINATED');
    expect(vm.log.join('\n')).to.include('The callback pdmThreadTerm failed');
  });

  it('that do not start have everything suspended again', async () => {
    const { vm, log, thread } = await machine(true);
    take(log);
    await vm.uvm.powerOn();
    expect(take(log)).to.deep.equal(['disk/0 powerOn', 'RUNNING', 'disk/0 suspend']);
    expect([thread.state, vm.uvm.state]).to.deep.equal(['TERMINATED', 'RUNNING']);
    await vm.end();
  });
});

describe('a function that suspends itself', () => {
  it('waits where it is until its thread is resumed', async () => {
    const log: string[] = [];
    const threads: PdmThread<undefined>[] = [];
    const device = testDevice('disk', (instance) => ({
      construct: async () => {
        threads.push(
          await instance.threadCreate({
            name: 'Worker',
            run: async (self) => {
              if (self.state === 'INITIALIZING') return;
              await self.iAmSuspending();
              log.push(self.state);
              self.iAmRunning();
              log.push(self.state);
              log.push(await failureStatus(Promise.resolve().then(() => self.iAmRunning())));
              await self.sleep(1_000_000);
            },
          }),
        );
      },
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { disk: { 0: {} } } } });
    await vm.uvm.powerOn();
    await vm.settle();
    expect(threads[0]!.state).to.equal('SUSPENDED');
    await threads[0]!.resume();
    await vm.settle();
    expect(log).to.deep.equal(['RESUMING', 'RUNNING', 'VERR_WRONG_ORDER']);
    await vm.end();
  });
});

describe('a critical section during a live save', () => {
  it('keeps a device from being suspended in the middle of a pass', async () => {
    const log: string[] = [];
    const held = deferred();
    const device = notingDevice('disk', log, { luns: [] }, (instance) => ({
      construct: () => {
        instance.ssmRegister({
          version: 1,
          liveExec: async (_stream, pass) => {
            log.push(`pass ${pass} begins`);
            await held.promise;
            log.push(`pass ${pass} ends`);
            return 'VINF_SSM_DONT_CALL_AGAIN' as const;
          },
        });
      },
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { disk: { 0: {} } } } });
    await vm.uvm.powerOn();
    take(log);
    const saved = vm.uvm.save(new MemorySink());
    await vm.until(() => log.length > 0);
    const suspended = vm.uvm.suspend('USER');
    await vm.settle();
    expect([take(log), vm.uvm.state]).to.deep.equal([['pass 0 begins'], 'SUSPENDING_EXT_LS']);
    held.resolve();
    await suspended;
    expect(take(log)).to.deep.equal(['pass 0 ends', 'disk/0 suspend']);
    await saved;
    await vm.end();
  });
});

describe('the log', () => {
  it('mentions callbacks that are slow', async () => {
    const device = testDevice('disk', () => ({
      powerOn: async () => void vm.timers.advance(50n * NS_PER_MS),
      suspend: () => void vm.timers.advance(50n * NS_PER_MS - 1n),
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { disk: { 0: {} } } } });
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    expect(vm.log.filter((line) => line.includes(' took '))).to.deep.equal([
      "PDM: powerOn of device 'disk'/0 took 50000000 ns",
    ]);
    await vm.end();
  });

  it('mentions registrations that end in another version', async () => {
    const device = testDevice('disk', undefined, { endVersion: 0xffff0030 });
    const vm = await createMachine({ devices: [device] });
    expect(vm.log).to.include("PDM: device 'disk' ends in version 0xffff0030");
    await vm.end();
  });

  it('mentions what does not go when its owner does, and the rest goes', async () => {
    const driver = testDriver('A', (instance) => ({
      construct: () => {
        instance.blockCacheRetain(
          {
            size: 10,
            read: async () => {},
            flush: async () => {},
            write: async () => {
              throw new Error('a broken disk');
            },
          },
          'hd0',
        );
      },
    }));
    const vm = await createMachine({
      devices: [notingDevice('disk', [])],
      drivers: [driver],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('A') } } } },
    });
    const { blockCache } = managerOf(vm);
    await blockCache.users[0]?.write(0, new Uint8Array(10));
    await managerOf(vm).deviceDetach('disk', 0, 0);
    expect(vm.log.join('\n')).to.include("'A'/0: a cacheUser did not go").and.to.include('a broken disk');
    expect(blockCache.users).to.deep.equal([]);
    await vm.end();
  });

  it('survives pollers that throw', async () => {
    let polls = 0;
    const driver = testDriver('A', (instance) => ({
      construct: () =>
        instance.pollerRegister(() => {
          polls++;
          throw new Error('a bug');
        }),
    }));
    const vm = await createMachine({
      devices: [notingDevice('disk', [])],
      drivers: [driver],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('A') } } } },
    });
    await vm.uvm.powerOn();
    for (let i = 0; i < 10; i++) {
      vm.timers.advance(NS_PER_MS);
      await vm.settle();
    }
    expect(polls).to.equal(2);
    expect(vm.log.join('\n')).to.include('a poller failed: Error: a bug');
    await vm.end();
  });
});

describe("the info item 'pdmtracingids'", () => {
  it('numbers devices and the drivers of their LUNs', async () => {
    const vm = await createMachine({
      devices: [notingDevice('disk', []), notingDevice('pit', [], { luns: [] })],
      drivers: [notingDriver('A', []), notingDriver('B', [])],
      config: { Devices: { disk: { 3: { 'LUN#0': chain('A', 'B') } }, pit: { 0: {} } } },
    });
    const { data, text } = await vm.uvm.info.json('pdmtracingids');
    expect(data).to.deep.equal([
      { id: 1, kind: 'device', name: 'disk', instance: 3 },
      { id: 2, kind: 'driver', name: 'A', instance: 0 },
      { id: 3, kind: 'driver', name: 'B', instance: 0 },
      { id: 4, kind: 'device', name: 'pit', instance: 0 },
    ]);
    expect(text).to.match(/2 +driver +A +0/);
    await vm.end();
  });
});

describe('what the guest sees of a device', () => {
  const machine = async () => {
    let helpers: DeviceHelpers | undefined;
    const device = testDevice('card', (instance) => {
      helpers = instance;
      return { construct: async () => void (await attachIfAny(instance.driverAttach(0, emptyBase, 'x'))) };
    });
    const vm = await createMachine({ devices: [device], config: { Devices: { card: { 0: {} } } } });
    return { vm, card: helpers! };
  };

  it('is in memory: registers, memory, ROM', async () => {
    const { vm, card } = await machine();
    const writes: number[] = [];
    const handlers = {
      read: (offset: number) => offset,
      write: (offset: number, value: number) => void writes.push(offset, value),
    };
    const unmap = card.mmioMap(0xd0000, 4096, handlers, 'Registers');
    const moved = card.mmioCreate(4096, handlers, 'More');
    moved.map(0xd2000);
    card.mmio2Create(0, 4096, 'Memory').map(0xd4000);
    card.romRegister(0xe0000, Uint8Array.of(0x55, 0xaa), 'ROM');
    const memory = vm.vm.pgm!;
    memory.writeU8(0xd0003, 7);
    memory.writeU8(0xd4000, 9);
    expect([
      memory.readU8(0xd0010),
      memory.readU8(0xd2011),
      memory.readU8(0xd4000),
      memory.readU16(0xe0000),
    ]).to.deep.equal([0x10, 0x11, 9, 0xaa55]);
    expect(writes).to.deep.equal([3, 7]);
    unmap();
    expect(memory.readU8(0xd0010)).to.equal(0xff);
    expect(() => card.mmioMap(0xe0000, 4096, handlers, 'Over')).to.throw('VERR_ALREADY_EXISTS');
    expect(memory.mmio, 'nothing stays of what was refused').to.have.length(1);
    await vm.end();
  });

  it('is in ports, which can be moved', async () => {
    const { vm, card } = await machine();
    const ports = card.ioPortCreate(2, { read: (offset) => 0x40 + offset }, 'Ports');
    const { iom } = vm.vm;
    expect(iom?.read(0x301, 1)).to.equal(0xff);
    ports.map(0x300);
    expect(iom?.read(0x301, 1)).to.equal(0x41);
    ports.unmap();
    ports.map(0x310);
    expect([iom?.read(0x301, 1), iom?.read(0x310, 1)]).to.deep.equal([0xff, 0x40]);
    await vm.end();
  });

  it('is RAM that it reads and writes, and the A20 gate', async () => {
    const { vm, card } = await machine();
    card.physWrite(0x1000, Uint8Array.of(1, 2, 3));
    const bytes = new Uint8Array(2);
    card.physRead(0x1001, bytes);
    expect([...bytes]).to.deep.equal([2, 3]);
    expect(card.a20IsEnabled()).to.equal(true);
    card.a20Set(false);
    expect([card.a20IsEnabled(), vm.vm.pgm!.cpus[0]!.a20Enabled]).to.deep.equal([false, false]);
    await vm.end();
  });

  it('waits on the CPU’s own EMT', async () => {
    const { vm, card } = await machine();
    expect(await onEmt(vm, () => failureStatus(card.vmWaitForDeviceReady(1)))).to.equal('VERR_INVALID_CPU_ID');
    await vm.end();
  });
});
