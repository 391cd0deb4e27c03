import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type GetStream, isSsmError, MemorySource, openState, useWasm, verifyState } from '@ssmkit/runtime';
import { wasm } from '@ssmkit/runtime/testing';
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

describe('files of VirtualBox read with WebAssembly and without', () => {
  after(() => useWasm(true));

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
  }
});
