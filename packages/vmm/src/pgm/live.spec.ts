import { MemorySource, openState, PASS_FINAL } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { getPgmHeader, PageReader, RomProtection } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { savedMemory, TestMemory } from './testing.js';

/** What each pass of a saved state has: `1/0:0-3` is records of type 1 of range 0 for the pages 0 to 3. */
async function passesOf(state: Uint8Array): Promise<string[]> {
  const passes: string[] = [];
  for await (const unit of (await openState(new MemorySource(state))).units()) {
    if (unit.name !== 'pgm') continue;
    await getPgmHeader(unit.stream, unit.version, passes.length > 0);
    const pages = new PageReader(unit.stream);
    const runs: { key: string; from: number; to: number }[] = [];
    while (await pages.next()) {
      const key = `${pages.type}/${pages.range}`;
      const last = runs.at(-1);
      if (last?.key === key && last.to + 1 === pages.page) last.to++;
      else runs.push({ key, from: pages.page, to: pages.page });
    }
    const pass = unit.pass === PASS_FINAL ? 'final' : unit.pass;
    passes.push(
      `${pass}: ${runs.map(({ key, from, to }) => `${key}:${from}${to > from ? `-${to}` : ''}`).join(' ')}`.trim(),
    );
  }
  return passes;
}

describe('saving a suspended machine', () => {
  it('puts ROM, RAM behind ROM, memory of devices and RAM, each page once', async () => {
    const test = new TestMemory();
    test.memory.writeU8(0x2000, 1);
    test.vram.bytes[0x1000] = 1;
    test.shadowed.protect(RomProtection.readRomWriteRam);
    test.memory.writeU8(0xe2000, 1);
    expect(await passesOf(await test.save())).to.deep.equal([
      'final: 4/1:0-1 4/2:0-1 5/2:0 6/2:1 3/1:0 2/1:1 3/1:2-3 0/0:0-1 1/0:2 0/0:3-159 0/0:256-511',
    ]);
  });

  it('puts a page that was written and is zero again as zero', async () => {
    const test = new TestMemory({ size: 0x3000 });
    test.memory.writeU8(0x2000, 1);
    test.memory.writeU8(0x2000, 0);
    expect((await passesOf(await test.save()))[0]).to.match(/0\/0:0-2$/);
  });
});

describe('saving a running machine', () => {
  it('that does nothing: ROM, RAM, memory of devices that is zero, then that which is not', async () => {
    const test = new TestMemory({ size: 0x8000 });
    test.vram.bytes[0x1000] = 1;
    test.memory.writeU8(0x2000, 1);
    expect(await passesOf(await test.saveLive())).to.deep.equal([
      '0: 4/1:0-1 4/2:0-1 6/2:0-1',
      '1: 0/0:0-1 1/0:2 0/0:3-7',
      '2: 3/1:0 3/1:2-3',
      '3: 2/1:1',
      '4:',
      '5:',
      'final:',
    ]);
  });

  it('a page that is written between two passes waits until it is not; what always changes, for the end', async () => {
    const test = new TestMemory({ size: 0x8000 });
    const { memory, vram, shadowed } = test;
    shadowed.protect(RomProtection.readRamWriteRam);
    const state = await test.saveLive((pass) => {
      memory.writeU8(0x1000, pass + 1);
      vram.bytes[0x2000] = pass + 1;
      if (pass === 1) memory.writeU8(0x5000, 1);
      if (pass === 2) memory.writeU8(0xe3000, 1);
    });
    const passes = await passesOf(state);
    expect(passes.slice(0, 5)).to.deep.equal([
      '0: 4/1:0-1 4/2:0-1 6/2:0-1',
      '1: 0/0:0 0/0:2-7',
      '2: 3/1:0-1 3/1:3',
      '3: 5/2:1 1/0:5',
      '4:',
    ]);
    expect(passes.at(-1)).to.equal('final: 2/1:2 1/0:1');
  });

  it('a page that is written once more is put once more, also as zero', async () => {
    const test = new TestMemory({ size: 0x8000 });
    test.memory.writeU8(0x3000, 1);
    const passes = await passesOf(
      await test.saveLive((pass) => {
        if (pass === 1) test.memory.writeU8(0x3000, 0);
      }),
    );
    expect(passes[1]).to.contain('1/0:3');
    expect(passes[3]).to.contain('0/0:3');
  });

  it('a protection that changes alone is put alone', async () => {
    const test = new TestMemory({ size: 0x8000 });
    const state = await test.saveLive(undefined, () => test.shadowed.protect(RomProtection.readRamWriteIgnore, 0x1000));
    expect((await passesOf(state)).at(-1)).to.equal('final: 7/2:1');
    await test.load(state);
    expect([0, 1].map((page) => test.shadowed.protectionOf(page))).to.deep.equal([1, 3]);
  });

  it('stores are noted only while it is saved', async () => {
    const test = new TestMemory({ size: 0x8000 });
    const { ram } = test.memory;
    test.memory.writeU8(0x1000, 1);
    expect([ram.isWatched, ram.countMonitored()]).to.deep.equal([false, 0]);
    const monitored: number[] = [];
    await test.saveLive(() => {
      monitored.push(ram.countMonitored());
      test.memory.writeU8(0x1000, 1);
      test.memory.writeU8(0x2000, 1);
      expect(ram.countMonitored()).to.equal(6);
    });
    expect(monitored[0]).to.equal(8);
    expect([ram.isWatched, ram.countMonitored()]).to.deep.equal([false, 0]);
  });

  it('memory that comes or goes meanwhile lets it fail', async () => {
    const test = new TestMemory({ size: 0x8000 });
    const status = await statusOf(() => test.saveLive(undefined, () => test.memory.remove(test.vram)));
    expect(status).to.equal('VERR_WRONG_ORDER');
    expect(test.memory.ram.isWatched).to.equal(false);
  });

  it('gives the guest its turn within a pass', async () => {
    const test = new TestMemory({ size: 2 ** 22 });
    for (let at = 0; at < 2 ** 22; at += 0x1000) test.memory.writeU8(at, 1);
    let turns = 0;
    let running = true;
    const guest = (async () => {
      for (;;) {
        await test.timers.turn();
        if (!running) return;
        // The last page: it is written before its turn comes in pass 1.
        if (++turns < 8) test.memory.writeU8(0x3ff000, turns);
      }
    })();
    const state = await test.saveLive(undefined, () => {
      running = false;
    });
    await guest;
    expect(turns).to.be.at.least(3);
    const saved = await savedMemory(state);
    expect((await saved.read(0x3ff000, new Uint8Array(1)))[0]).to.equal(test.memory.readU8(0x3ff000));
  });
});

type Write =
  | { readonly to: 'ram'; readonly address: number; readonly value: number; readonly size: 1 | 2 | 4 | 8 }
  | { readonly to: 'cpu'; readonly address: number; readonly value: number }
  | { readonly to: 'vram'; readonly offset: number; readonly value: number }
  | { readonly to: 'protection'; readonly page: number; readonly protection: RomProtection }
  | { readonly to: 'a20'; readonly enabled: boolean }
  | { readonly to: 'reset'; readonly clear: boolean };

const byte = fc.integer({ min: 0, max: 255 });
// Few pages, so that they are written again and again; ends of pages, of RAM, and ROM.
const address = fc.oneof(
  fc.integer({ min: 0, max: 0x5fff }),
  fc.integer({ min: 0x9fff0, max: 0xa000f }),
  fc.integer({ min: 0xe1ff0, max: 0xe4010 }),
  fc.integer({ min: 0xfffe0, max: 0x102000 }),
  fc.integer({ min: 0xe000_0000, max: 0xe000_3fff }),
  fc.integer({ min: 2 ** 32, max: 2 ** 32 + 0x1fff }),
);
const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ to: fc.constant('ram' as const), address, value: byte, size: fc.constantFrom(1, 2, 4, 8) }),
  },
  { weight: 3, arbitrary: fc.record({ to: fc.constant('cpu' as const), address, value: byte }) },
  { weight: 2, arbitrary: fc.record({ to: fc.constant('vram' as const), offset: fc.nat(0x3fff), value: byte }) },
  fc.record({
    to: fc.constant('protection' as const),
    page: fc.nat(1),
    protection: fc.constantFrom(...Object.values(RomProtection)),
  }),
  fc.record({ to: fc.constant('a20' as const), enabled: fc.boolean() }),
  { weight: 1, arbitrary: fc.record({ to: fc.constant('reset' as const), clear: fc.boolean() }) },
);

function perform({ memory, vram, shadowed }: TestMemory, step: Write): void {
  switch (step.to) {
    case 'ram':
      if (step.size === 1) memory.writeU8(step.address, step.value);
      else if (step.size === 2) memory.writeU16(step.address, step.value * 0x101);
      else if (step.size === 4) memory.writeU32(step.address, step.value * 0x101_0101);
      else memory.writeU64(step.address, BigInt(step.value));
      break;
    case 'cpu':
      memory.cpus[0]?.write(step.address, Uint8Array.of(step.value));
      break;
    case 'vram':
      vram.bytes[step.offset] = step.value;
      break;
    case 'protection':
      shadowed.protect(step.protection, step.page * 0x1000, 0x1000);
      break;
    case 'a20':
      memory.cpus[0]!.a20Enabled = step.enabled;
      break;
    case 'reset':
      memory.reset();
      if (step.clear) memory.clearRam();
  }
}

describe('whatever the guest does between passes', () => {
  // The hole takes all but the first 1.25 MiB, so that there is RAM above 4 GiB.
  const machine = { size: 0x14_4000, hole: 2 ** 32 - 0x14_0000 };
  const written = fc.array(fc.array(write, { maxLength: 8 }), { maxLength: 8 });

  it('what is loaded is what there was, and what another reader finds in the state', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(written, fc.array(write, { maxLength: 8 }), async (passes, last) => {
        const from = new TestMemory(machine);
        from.vram.map(0xe000_0000);
        const state = await from.saveLive(
          (pass) => {
            for (const step of passes[pass] ?? []) perform(from, step);
          },
          () => {
            for (const step of last) perform(from, step);
          },
        );
        const to = new TestMemory(machine);
        for (const step of passes[0] ?? []) perform(to, step);
        await to.load(state);
        expect(to.contents()).to.deep.equal(from.contents());
        const saved = await savedMemory(state);
        for (const { address, size } of saved.segments()) {
          const bytes = await saved.read(address, new Uint8Array(Math.min(size, 0x8000)));
          const differing = bytes.findIndex((value, i) => value !== from.memory.readU8(address + i));
          expect(differing, `at 0x${(address + differing).toString(16)}`).to.equal(-1);
        }
      }),
      { numRuns: 40 },
    );
  });
});
