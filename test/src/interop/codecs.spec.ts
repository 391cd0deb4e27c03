import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type GetStream,
  isSsmError,
  type LoadOptions,
  loadState,
  MemorySource,
  openState,
  Registry,
  useWasm,
  verifyState,
} from '@ssmkit/runtime';
import { useWorkersFrom, wasm } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes, corpusPath, hasSharedCorpus } from '../support/corpus.js';

/** Every saved state of the collection, in all of its folders. */
const files = [
  ...new Set(
    ['00-empty.sav', 'variants/index.json', 'real-vm/c1.sav', 'resume/real1.sav'].flatMap((known) => {
      const path = corpusPath(known);
      if (path === undefined) return [];
      const folder = known.includes('/') ? `${dirname(known)}/` : '';
      return readdirSync(dirname(path))
        .filter((name) => name.endsWith('.sav'))
        .map((name) => join(folder, name));
    }),
  ),
];

/** Pieces in which the data of a unit is got: large ones are decoded many records at a time. */
const pieces = [1, 4096, 100_000];

/** All that is left of a unit, in pieces. */
function rest(stream: GetStream, piece: number): { bytes: number; sha256: string; failure: unknown } {
  const hash = createHash('sha256');
  let bytes = 0;
  const get = (count: number) => {
    hash.update(stream.getMem(new Uint8Array(count)));
    bytes += count;
  };
  try {
    for (;;) get(piece);
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return { bytes, sha256: hash.digest('hex'), failure: { status: error.status, detail: error.detail } };
  }
}

/** All that reading makes of a file: every unit's data, or how it fails. */
async function readingOf(bytes: Uint8Array): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const piece of pieces) {
    try {
      for await (const unit of (await openState(new MemorySource(bytes))).units()) {
        const { name, instance, version, pass } = unit;
        found.push({ name, instance, version, pass, ...rest(unit.stream, piece) });
      }
    } catch (error) {
      if (!isSsmError(error)) throw error;
      found.push({ status: error.status, detail: error.detail, where: error.where });
    }
  }
  const { failure, ...verdict } = await verifyState(new MemorySource(bytes));
  found.push({ ...verdict, failure: failure?.message });
  return found;
}

/** What a load makes of a file: every unit's data, or how it fails. */
async function loadingOf(bytes: Uint8Array, workers: number): Promise<unknown[]> {
  const found: unknown[] = [];
  const options: LoadOptions = {
    workers,
    onUnknownUnit: async (_stream, { name, instance, pass }, handle) => {
      // Formats before V2.0 have none.
      while (handle.workers < workers && handle.header.unitCount !== undefined) await sleep(1);
      const hash = createHash('sha256');
      const bytes = await handle.readToEndOfUnit((piece) => hash.update(piece));
      found.push({ name, instance, pass, bytes, sha256: hash.digest('hex') });
    },
  };
  try {
    await loadState(new Registry(), new MemorySource(bytes), options);
  } catch (error) {
    if (!isSsmError(error)) throw error;
    found.push({ status: error.status, detail: error.detail, where: error.where });
  }
  return found;
}

describe('files of VirtualBox read with WebAssembly and without', () => {
  let useNoWorkers = () => {};
  before(() => {
    useNoWorkers = useWorkersFrom(0);
  });
  after(() => {
    useWasm(true);
    useNoWorkers();
  });

  it('are all there', function () {
    if (!hasSharedCorpus) this.skip();
    expect(files).to.have.length.above(100);
    expect(wasm()).to.not.equal(undefined);
  });

  for (const file of files) {
    it(`${file} holds the same`, async function () {
      const bytes = corpusBytes(this, file);
      useWasm(false);
      const typescript = await readingOf(bytes);
      useWasm(true);
      expect(await readingOf(bytes)).to.deep.equal(typescript);
      expect(typescript).to.have.length.above(pieces.length);
    });

    it(`${file} loads the same with a worker, of either kind`, async function () {
      this.timeout(20_000);
      const bytes = corpusBytes(this, file);
      const alone = await loadingOf(bytes, 0);
      expect(await loadingOf(bytes, 1)).to.deep.equal(alone);
      useWasm(false);
      expect(await loadingOf(bytes, 1)).to.deep.equal(alone);
      useWasm(true);
    });
  }
});
