import { MemorySink, MemorySource, SsmError } from '@ssmkit/runtime';
import { PdmBlkCache } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../../emt/testing.js';
import { Statistics } from '../../stam/index.js';
import { TestTime } from '../../tm/testing.js';
import type { DriverHelpers } from '../helpers.js';
import { chain, createMachine, managerOf, notingDevice, notingDriver, onEmt } from '../testing.js';
import { BlockCache } from './block-cache.js';
import type { BlockDevice } from './block-cache-user.js';

const KIB = 1024;

/** A disk in memory, whose every access is noted. */
class Disk implements BlockDevice {
  readonly bytes: Uint8Array;
  readonly log: string[] = [];
  /** Fails from now on. */
  broken = false;
  /** Accesses take a turn of the event loop each. */
  slow = false;

  constructor(size = 64 * KIB) {
    this.bytes = Uint8Array.from({ length: size }, (_, i) => i >> 9);
  }

  get size(): number {
    return this.bytes.length;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#access(`read ${offset}+${into.length}`);
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    const copy = from.slice();
    await this.#access(`write ${offset}+${from.length}`);
    this.bytes.set(copy, offset);
  }

  async flush(): Promise<void> {
    await this.#access('flush');
  }

  async discard(offset: number, size: number): Promise<void> {
    await this.#access(`discard ${offset}+${size}`);
  }

  async #access(what: string): Promise<void> {
    this.log.push(what);
    if (this.slow) await new Promise((resolve) => setImmediate(resolve));
    if (this.broken) throw new SsmError('VERR_IO_GEN_FAILURE', 'the disk is broken');
  }
}

function newCache(options: Partial<ConstructorParameters<typeof BlockCache>[0]> = {}) {
  const time = new TestTime();
  const statistics = new Statistics();
  const cache = new BlockCache({
    statistics,
    createTimer: (callback) => time.tm.createTimer({ clock: 'REAL', name: 'Commit', callback }),
    log: () => {},
    ...options,
  });
  return { cache, time, statistics };
}

const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);

describe('the block cache', () => {
  it('reads a block once', async () => {
    const { cache } = newCache();
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    const into = bytes(1000, 0);
    await user.read(3000, into);
    expect(into).to.deep.equal(disk.bytes.slice(3000, 4000));
    await user.read(0, into);
    expect(disk.log).to.deep.equal(['read 0+4096']);
    await user.read(4000, into);
    expect(disk.log).to.deep.equal(['read 0+4096', 'read 4096+4096']);
  });

  it('keeps what is written until it is flushed', async () => {
    const { cache } = newCache();
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    await user.write(8192, bytes(8192, 7));
    await user.write(20480, bytes(10, 8));
    expect([disk.log, cache.dirtyBytes]).to.deep.equal([['read 20480+4096'], 12288]);
    const into = bytes(8192, 0);
    await user.read(8192, into);
    expect(into).to.deep.equal(bytes(8192, 7));
    await user.flush();
    expect(disk.log.slice(1)).to.deep.equal(['write 8192+8192', 'write 20480+4096', 'flush']);
    expect([cache.dirtyBytes, disk.bytes[8192], disk.bytes[20480]]).to.deep.equal([0, 7, 8]);
  });

  it('commits after some time, and when much is dirty', async () => {
    const { cache, time } = newCache({ commitInterval: 100, commitThreshold: 3 * 4096 });
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    await user.write(0, bytes(4096, 1));
    time.runFor(100_000_000n);
    await user.suspend();
    expect(disk.log).to.deep.equal(['write 0+4096']);
    await user.write(4096, bytes(8192, 2));
    expect(disk.log).to.have.length(1);
    await user.write(16384, bytes(4096, 3));
    expect(disk.log.slice(1)).to.deep.equal(['write 4096+8192', 'write 16384+4096']);
  });

  it('has room for so much; what was unused for longest goes first', async () => {
    const { cache } = newCache({ size: 3 * 4096, commitThreshold: 1 << 20 });
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    const one = bytes(1, 0);
    await user.write(0, bytes(4096, 9));
    for (const block of [1, 2]) await user.read(block * 4096, one);
    await user.read(4096, one);
    disk.log.length = 0;
    await user.read(3 * 4096, one);
    expect(disk.log, 'the dirty one').to.deep.equal(['write 0+4096', 'read 12288+4096']);
    await user.read(4 * 4096, one);
    await user.read(4096, one);
    expect(disk.log.slice(2), 'not the one that was used').to.deep.equal(['read 16384+4096']);
    expect(cache.cachedBytes).to.equal(3 * 4096);
  });

  it('knows where a medium ends', async () => {
    const { cache } = newCache();
    const disk = new Disk(5000);
    const user = cache.retain(disk, 'disk');
    await user.write(4990, bytes(10, 5));
    await user.flush();
    expect(disk.log).to.deep.equal(['read 4096+904', 'write 4096+904', 'flush']);
    for (const call of [user.read(4990, bytes(11, 0)), user.write(-1, bytes(1, 0)), user.discard(5000, 1)]) {
      expect(await failureStatus(call)).to.equal('VERR_OUT_OF_RANGE');
    }
  });

  it('forgets whole blocks that are discarded', async () => {
    const { cache } = newCache();
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    await user.write(0, bytes(16384, 1));
    await user.discard(100, 12288);
    expect([cache.dirtyBytes, disk.log]).to.deep.equal([8192, ['discard 100+12288']]);
  });

  it('keeps what a broken disk does not take', async () => {
    const { cache } = newCache({ size: 2 * 4096, commitThreshold: 1 << 20 });
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    await user.write(0, bytes(8192, 7));
    disk.broken = true;
    expect(await failureStatus(user.flush())).to.equal('VERR_IO_GEN_FAILURE');
    expect(await failureStatus(user.write(16384, bytes(4096, 8))), 'no room').to.equal('VERR_IO_GEN_FAILURE');
    expect(cache.dirtyBytes).to.equal(8192);
    disk.broken = false;
    await user.flush();
    expect([disk.bytes[0], disk.bytes[4096], cache.dirtyBytes]).to.deep.equal([7, 7, 0]);
  });

  it('is released with what is dirty given to the disk', async () => {
    const { cache, time, statistics } = newCache();
    const disk = new Disk();
    const user = cache.retain(disk, 'disk');
    await user.write(0, bytes(4096, 7));
    await user.release();
    await user.release();
    expect([disk.bytes[0], cache.users, time.tm.timers, cache.cachedBytes]).to.deep.equal([7, [], [], 0]);
    expect(await failureStatus(user.read(0, bytes(1, 0)))).to.equal('VERR_INVALID_HANDLE');
    cache.end();
    expect(statistics.entries()).to.have.length(0);
  });

  it('has each medium once', () => {
    const { cache } = newCache();
    cache.retain(new Disk(), 'disk');
    expect(() => cache.retain(new Disk(), 'disk')).to.throw('VERR_ALREADY_EXISTS');
    expect(() => cache.retain(new Disk(), '')).to.throw('VERR_INVALID_PARAMETER');
  });

  it('saves what is dirty, and goes on from it on another host', async () => {
    const first = newCache();
    const disk = new Disk();
    const user = first.cache.retain(disk, 'disk');
    await user.write(100, bytes(5000, 7));
    await user.read(40960, bytes(1, 0));
    const state = first.cache.save(new PdmBlkCache());
    expect(
      state.users.map(({ id, entries }) => [id, entries.map(({ offset, data }) => [offset, data.length])]),
    ).to.deep.equal([['disk', [[0n, 8192]]]]);
    const second = newCache();
    const other = second.cache.retain(new Disk(), 'disk');
    expect(await second.cache.load(state)).to.equal(undefined);
    const into = bytes(5000, 0);
    await other.read(100, into);
    expect(into).to.deep.equal(bytes(5000, 7));
    const third = newCache();
    expect(await third.cache.load(state)).to.include("no disk 'disk'");
    third.cache.retain(new Disk(4096), 'disk');
    expect(await third.cache.load(state)).to.include('behind its end');
  });

  it('is the disk, whatever is read, written, discarded, flushed and saved, by several at once', async () => {
    const access = fc.record({
      disk: fc.nat(1),
      kind: fc.constantFrom('read' as const, 'write' as const, 'flush' as const, 'commit' as const),
      offset: fc.nat(20000),
      size: fc.integer({ min: 1, max: 9000 }),
      value: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(access, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (steps, blocks) => {
        const { cache } = newCache({ size: blocks * 4096, commitThreshold: 3 * 4096 });
        const disks = [new Disk(30000), new Disk(30000)];
        const wanted = disks.map((disk) => disk.bytes.slice());
        const users = disks.map((disk, i) => {
          disk.slow = true;
          return cache.retain(disk, `disk ${i}`);
        });
        await Promise.all(
          steps.map(async ({ disk, kind, offset, size, value }) => {
            const user = users[disk]!;
            const model = wanted[disk]!;
            if (kind === 'write') {
              model.fill(value, offset, offset + size);
              await user.write(offset, bytes(size, value));
            } else if (kind === 'read') {
              const expected = model.slice(offset, offset + size);
              const into = bytes(size, 0);
              await user.read(offset, into);
              expect(into).to.deep.equal(expected);
            } else await user[kind]();
          }),
        );
        for (const user of users) await user.release();
        for (const [i, disk] of disks.entries()) expect(disk.bytes).to.deep.equal(wanted[i]);
        expect([cache.dirtyBytes, cache.cachedBytes]).to.deep.equal([0, 0]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the block cache of a VM', () => {
  const machine = async (disk: Disk) => {
    let helpers: DriverHelpers | undefined;
    const vm = await createMachine({
      devices: [notingDevice('disk', [])],
      drivers: [
        notingDriver('Block', [], {}, (instance) => {
          helpers = instance;
          return { construct: () => {} };
        }),
      ],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('Block') } } } },
    });
    const user = await onEmt(vm, () => helpers!.blockCacheRetain(disk, 'hd0'));
    return { vm, user };
  };

  it('is in its saved states, and goes with its driver', async () => {
    const first = await machine(new Disk());
    const names = first.vm.vm.registry.units.map(({ name }) => name);
    expect(names.indexOf('pdmblkcache')).to.be.greaterThan(0);
    await first.vm.uvm.powerOn();
    await first.user.write(0, bytes(4096, 42));
    await first.vm.uvm.suspend('USER');
    const sink = new MemorySink();
    await first.vm.uvm.save(sink);
    const disk = new Disk();
    const second = await machine(disk);
    await second.vm.uvm.load(new MemorySource(sink.bytes()));
    expect(disk.log, 'a disk is not touched by loading').to.deep.equal([]);
    const into = bytes(1, 0);
    await second.user.read(0, into);
    expect(into[0]).to.equal(42);
    await managerOf(second.vm).deviceDetach('disk', 0, 0);
    expect(disk.bytes[0]).to.equal(42);
    expect(second.vm.vm.registry.find('pdmblkcache', 0)).to.equal(undefined);
    await first.vm.end();
    await second.vm.end();
  });

  it('refuses data for a disk that is not there', async () => {
    const first = await machine(new Disk());
    await first.vm.uvm.powerOn();
    await first.user.write(0, bytes(4096, 42));
    await first.vm.uvm.suspend('USER');
    const sink = new MemorySink();
    await first.vm.uvm.save(sink);
    const second = await machine(new Disk());
    await second.user.release();
    const load = second.vm.uvm.load(new MemorySource(sink.bytes()));
    expect(await failureStatus(load)).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
    await first.vm.end();
    await second.vm.end();
  });
});
