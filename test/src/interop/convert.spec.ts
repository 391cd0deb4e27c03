import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type ConvertOptions,
  convertState,
  crc32,
  MemorySink,
  MemorySource,
  openState,
  PASS_FINAL,
  verifyState,
} from '@ssmkit/runtime';
import { expect } from 'chai';

/** The files that VirtualBox wrote, those beside the checkout included. */
const files = new Map(
  ['../../fixtures/', '../../../../shared/corpus/'].flatMap((path) => {
    const folder = fileURLToPath(new URL(path, import.meta.url));
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith('.sav'))
        .map((name) => [name, folder + name] as const);
    } catch {
      return [];
    }
  }),
);

async function convert(bytes: Uint8Array, options: ConvertOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  await convertState(new MemorySource(bytes), sink, options);
  return sink.bytes();
}

/** Header, units with CRC and size of their data, and the units of the directory in its order. */
async function contentOf(bytes: Uint8Array) {
  const state = await openState(new MemorySource(bytes));
  const offsets = new Map<number, string>();
  const units: unknown[] = [];
  for await (const { stream, offset, name, instance, version, pass } of state.units()) {
    let crc = 0;
    let size = 0;
    for (;;) {
      await stream.ensure(65536);
      if (stream.buffered === 0) break;
      size += stream.buffered;
      crc = crc32(stream.getMem(new Uint8Array(stream.buffered)), crc);
    }
    units.push({ name, instance, version, pass, crc, size });
    offsets.set(offset, `${name}#${instance}`);
  }
  const { product, revision, hostBits, gcPhysBytes, gcPtrBytes, live, checksum, unitCount } = state.header;
  const header = { product, revision, hostBits, gcPhysBytes, gcPtrBytes, live, checksum };
  const directory =
    state.format === '2.0' ? (await state.directory()).entries.map(({ offset }) => offsets.get(offset)) : undefined;
  return { header, unitCount, units, directory };
}

describe('converting files of VirtualBox', () => {
  it('has some', () => expect(files.size).to.be.above(8));

  for (const [name, path] of files) {
    it(name, async () => {
      const bytes = new Uint8Array(readFileSync(path));
      const { format } = await openState(new MemorySource(bytes));
      const { failure } = await verifyState(new MemorySource(bytes));
      const content = await contentOf(bytes);
      for (const compression of ['lzf', 'lz4', 'none'] as const) {
        const converted = await convert(bytes, { compression });
        const after = await contentOf(converted);
        expect(after.header).to.deep.equal(content.header);
        expect(after.units).to.deep.equal(content.units);
        if (format === '2.0')
          expect(after).to.deep.include({ directory: content.directory, unitCount: content.unitCount });
        expect((await verifyState(new MemorySource(converted))).failure?.status).to.equal(failure?.status);
      }

      const old = await convertState(new MemorySource(bytes), new MemorySink(), { format: '1.2' }).catch(
        (error) => error,
      );
      const states = content.units as readonly { pass: number }[];
      if (content.header.live || states.some(({ pass }) => pass !== PASS_FINAL) || failure !== undefined) {
        expect(old).to.have.property('status', 'VERR_NOT_SUPPORTED');
        return;
      }
      const back = await convert(await convert(bytes, { format: '1.2' }), {});
      expect((await contentOf(back)).units).to.deep.equal(content.units);
    });
  }
});
