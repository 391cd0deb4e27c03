import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemorySink, MemorySource, type OpenState, openState, verifyState } from '@ssmkit/runtime';
import { buildState, contextOf, stateDocument, unitPieces } from '@ssmkit/vbox';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

const folders = ['real-vm', 'resume', ''].flatMap((folder) => corpusPath(folder) ?? []);
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sav'))
    .map((name) => join(folder, name)),
);

async function* documentOf(state: OpenState): AsyncGenerator<string> {
  for await (const piece of stateDocument(state, await contextOf(state))) {
    // Guest memory is taken apart to its last byte.
    expect(piece).not.to.match(/"name":"pgm".*"raw"|"addressed"|"reason":.*"more"/);
    yield piece;
  }
}

/** What every unit holds, and the order of the directory. */
async function contentOf(state: OpenState) {
  const units = [];
  const byOffset = new Map<number, string>();
  for await (const unit of state.units()) {
    const { name, instance, version, pass, offset } = unit;
    const pieces: Buffer[] = [];
    for await (const piece of unitPieces(unit)) pieces.push(Buffer.from(piece));
    units.push({ name, instance, version, pass, data: Buffer.concat(pieces).toString('base64') });
    byOffset.set(offset, `${name}#${instance}`);
  }
  const directory = state.format === '2.0' ? (await state.directory()).entries : [];
  return { header: state.header, units, directory: directory.map(({ offset }) => byOffset.get(offset)) };
}

const open = (bytes: Uint8Array) => openState(new MemorySource(bytes));

describe('states as JSON and back', function () {
  this.timeout(120_000);
  for (const path of files) {
    it(`${path.split('/').slice(-2).join('/')} has the same in every unit`, async () => {
      const bytes = new Uint8Array(readFileSync(path));
      const sink = new MemorySink();
      await buildState(documentOf(await open(bytes)), sink);
      const built = sink.bytes();
      // Sizes and checksums are those of the file.
      const { header, ...content } = await contentOf(await open(built));
      const { header: was, ...expected } = await contentOf(await open(bytes));
      expect(content).to.deep.equal(expected);
      const described = ({ product, live, unitCount, hostBits }: typeof header) => ({
        product,
        live,
        unitCount,
        hostBits,
      });
      expect(described(header)).to.deep.equal(described(was));
      const verdicts = await Promise.all([built, bytes].map((each) => verifyState(new MemorySource(each))));
      expect(verdicts[0]?.load).to.equal(verdicts[1]?.load);
    });
  }
});
