import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemorySink, MemorySource, openState, salvageState, surveyState, verifyState } from '@ssmkit/runtime';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

/** Damages per file: many where SSM_SALVAGE says how many, few otherwise. */
const ROUNDS = Number(process.env.SSM_SALVAGE ?? 4);
const HEADER_SIZE = 64;

/** The same numbers in each run (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Where each unit begins and ends. */
async function extentsOf(bytes: Uint8Array): Promise<{ offset: number; end: number }[]> {
  const extents: { offset: number; end: number }[] = [];
  const state = await openState(new MemorySource(bytes));
  for await (const unit of state.units()) {
    const { stored } = await unit.measure();
    const name = new TextEncoder().encode(unit.name).length + 1;
    extents.push({ offset: unit.offset, end: unit.offset + 44 + name + stored });
  }
  return extents;
}

const folders = ['real-vm', 'resume', ''].flatMap((folder) => corpusPath(folder) ?? []);
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sav') && !name.includes('v12') && !name.includes('v11'))
    .map((name) => join(folder, name)),
);

describe('salvaging real states', function () {
  this.timeout(600_000);
  files.forEach((path, index) => {
    it(`${path.split('/').slice(-2).join('/')}: what is whole is kept, and nothing else`, async () => {
      const bytes = new Uint8Array(readFileSync(path));
      const extents = await extentsOf(bytes);
      const random = randomFrom(index);
      const check = async (damaged: Uint8Array, isWhole: (each: { offset: number; end: number }) => boolean) => {
        const { whole } = await surveyState(new MemorySource(damaged));
        const found = whole.map(({ unit, size }) => ({ offset: unit.offset, end: unit.offset + size }));
        expect(found).to.deep.equal(extents.filter(isWhole));
      };
      for (let round = 0; round < ROUNDS; round++) {
        const end = HEADER_SIZE + random(bytes.length - HEADER_SIZE);
        await check(bytes.subarray(0, end), (each) => each.end <= end);
        const places = Array.from({ length: 1 + random(5) }, () => HEADER_SIZE + random(bytes.length - HEADER_SIZE));
        const damaged = bytes.slice();
        // Distinct places: a byte that is changed twice could be what it was.
        for (const at of new Set(places)) damaged[at] = (damaged[at] as number) ^ (1 + random(255));
        await check(damaged, ({ offset, end }) => !places.some((at) => at >= offset && at < end));
      }
      const last = extents.at(-1);
      if (last === undefined) return;
      const sink = new MemorySink();
      const damaged = bytes.slice();
      damaged[last.end - 1] = (damaged[last.end - 1] as number) ^ 1;
      const { whole } = await salvageState(new MemorySource(damaged), sink);
      expect((await verifyState(new MemorySource(sink.bytes()))).failure).to.equal(undefined);
      expect(await extentsOf(sink.bytes())).to.have.length(whole.length);
    });
  });
});
