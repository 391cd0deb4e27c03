import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadState, MemorySink, MemorySource, openState, Registry, saveState } from '@ssmkit/runtime';
import { GuestMemory as SavedMemory } from '@ssmkit/vbox';
import { expect } from 'chai';
import { ManualTimers } from '../emt/index.js';
import { mmUnit } from '../mm/index.js';
import { GuestMemory } from './guest-memory.js';
import { pgmUnit } from './unit.js';

/** States of VirtualBox 7.2, as `corpus/README.md` describes them. */
const folders = ['real-vm', 'resume'].map((name) => new URL(`../../../../../shared/corpus/${name}/`, import.meta.url));
const files = folders
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => new URL(name, folder)))
  .filter(({ pathname }) => pathname.endsWith('.sav'));

/** Sizes up to which every page is compared. */
const SMALL = 2 ** 28;

/** A machine with the memory of a saved one. */
function machineOf({ header }: SavedMemory): { memory: GuestMemory; registry: Registry } {
  const { ramConfig, ranges, cpus } = header;
  const memory = new GuestMemory({ size: Number(ramConfig?.size), hole: ramConfig!.hole, cpuCount: cpus.length });
  for (const { description, address, size } of ranges?.rom ?? []) {
    const isShadowed = /Boot|EFI/.test(description);
    memory.registerRom({
      description,
      address: Number(address),
      bytes: new Uint8Array(Number(size)),
      shadowed: isShadowed,
    });
  }
  for (const { device, instance, region, description, size } of ranges?.mmio2 ?? []) {
    memory.createMmio2({ device, instance, region, description, size: Number(size) });
  }
  const registry = new Registry();
  registry.register(mmUnit(() => memory));
  registry.register(pgmUnit(memory, new ManualTimers()));
  return { memory, registry };
}

/** The names of all other units, to be passed over. */
async function addStubs(registry: Registry, bytes: Uint8Array): Promise<void> {
  for await (const { name, instance } of (await openState(new MemorySource(bytes))).units()) {
    if (registry.find(name, instance) === undefined) registry.registerStub(name, instance);
  }
}

/** Where two pieces of data of one length differ first; -1 where they do not. */
function differenceOf(a: Uint8Array = new Uint8Array(0), b: Uint8Array = new Uint8Array(0)): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : a.length;
}

/** The bytes of all passes of a unit. */
async function unitBytes(bytes: Uint8Array, unit: string): Promise<Uint8Array[]> {
  const passes: Uint8Array[] = [];
  for await (const { name, stream } of (await openState(new MemorySource(bytes))).units()) {
    if (name !== unit) continue;
    await stream.ensure(2 ** 28);
    passes.push(stream.getMem(new Uint8Array(stream.buffered)));
  }
  return passes;
}

async function save(registry: Registry): Promise<Uint8Array> {
  const sink = new MemorySink();
  await saveState(registry, sink);
  return sink.bytes();
}

/** What `c1.memory.json` has. */
interface DumpedMemory {
  readonly segments: readonly { address: string; bytes: number; present: boolean; sha256?: string }[];
}

/** Whether RAM or ROM is at an address: where memory of devices was mapped, only the PCI bus knows. */
const isMemory = (memory: GuestMemory, address: number): boolean =>
  memory.ram.pageAt(address) >= 0 || memory.mappingAt(address)?.kind === 'rom';

describe('guest memory of real machines', function () {
  this.timeout(120_000);
  if (files.length === 0) {
    it('is loaded page by page as it was saved', function () {
      this.skip();
    });
  }
  it('c1: is what VirtualBox itself has dumped at the same instant', async function () {
    const file = files.find(({ pathname }) => pathname.endsWith('/c1.sav'));
    if (file === undefined) return this.skip();
    const bytes = new Uint8Array(readFileSync(file));
    const { memory, registry } = machineOf(await SavedMemory.open(await openState(new MemorySource(bytes))));
    await addStubs(registry, bytes);
    await loadState(registry, new MemorySource(bytes), {});
    const { segments } = JSON.parse(readFileSync(new URL('c1.memory.json', file), 'utf8')) as DumpedMemory;
    const ours = segments.filter(({ address, present }) => present && isMemory(memory, Number(address)));
    expect(ours.length).to.be.greaterThan(5);
    for (const { address, bytes: size, sha256 } of ours) {
      const digest = createHash('sha256')
        .update(memory.read(Number(address), size))
        .digest('hex');
      expect(digest, address).to.equal(sha256);
    }
  });

  for (const file of files) {
    const name = file.pathname.split('/').slice(-2).join('/');
    it(`${name}: loaded page by page as it was saved, and saved again byte for byte`, async () => {
      const bytes = new Uint8Array(readFileSync(file));
      const saved = await SavedMemory.open(await openState(new MemorySource(bytes)));
      const { memory, registry } = machineOf(saved);
      await addStubs(registry, bytes);
      await loadState(registry, new MemorySource(bytes), {});
      for (const segment of saved.segments()) {
        // Of machines with gigabytes the first and the last pages.
        const isLarge = segment.size > SMALL;
        const starts = isLarge ? [0, segment.size - SMALL / 8] : [0];
        for (const start of starts) {
          const count = isLarge ? SMALL / 8 : segment.size;
          const expected = await segment.space.read(start, new Uint8Array(count));
          const loaded = memory.read(segment.address + start, count);
          expect(differenceOf(expected, loaded), `${segment.description} at ${segment.address + start}`).to.equal(-1);
        }
      }
      for (const [i, region] of saved.mmio2Regions().entries()) {
        const expected = await region.space.read(0, new Uint8Array(region.size));
        const loaded = memory.mmio2[i]?.bytes;
        expect(differenceOf(expected, loaded), region.description).to.equal(-1);
      }
      const again = await save(registry);
      const isSame = (unit: string) => async () => {
        const [[theirs], [ours]] = [await unitBytes(bytes, unit), await unitBytes(again, unit)];
        expect(ours?.length, unit).to.equal(theirs?.length);
        expect(differenceOf(ours, theirs), unit).to.equal(-1);
      };
      await isSame('mm')();
      if (saved.livePasses === 0) await isSame('pgm')();
    });
  }
});
