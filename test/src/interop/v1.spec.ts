import { MemorySink, MemorySource, openState, V1Writer, verifyState } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes } from '../support/corpus.js';

interface LoadedUnit {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly data: Uint8Array;
}

/** All units, that of SSM itself included. */
async function unitsOf(bytes: Uint8Array): Promise<LoadedUnit[]> {
  const units: LoadedUnit[] = [];
  const state = await openState(new MemorySource(bytes));
  for await (const { name, instance, version, stream } of state.units()) {
    await stream.ensure(1 << 20);
    units.push({ name, instance, version, data: stream.getMem(new Uint8Array(stream.buffered)) });
  }
  return units;
}

/** Expanded sizes of the LZF blocks of every unit, by name. */
async function blocksOf(bytes: Uint8Array): Promise<Map<string, number[]>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const blocks = new Map<string, number[]>();
  for await (const unit of (await openState(new MemorySource(bytes))).units()) {
    const sizes: number[] = [];
    const end = unit.offset + view.getUint32(unit.offset + 8, true);
    for (let at = unit.offset + 28 + view.getUint32(unit.offset + 24, true) + 1; at < end; ) {
      sizes.push(view.getUint16(at + 8, true));
      at += 10 + view.getUint16(at + 2, true);
    }
    blocks.set(unit.name, sizes);
  }
  return blocks;
}

const genuine = '08-v12-genuine-3.0.2.sav';

/** How the program that saved it has put the data of its unit "mem". */
const memPuts = [4, 1000, 128, 129, 129815];

describe('a file of VirtualBox 3.0.2, format V1.2', () => {
  it('is sound, and tells who wrote it', async function () {
    const source = new MemorySource(corpusBytes(this, genuine));
    expect(await verifyState(source)).to.deep.equal({
      validate: { withoutChecksum: 'VINF_SUCCESS', withChecksum: 'VINF_SUCCESS' },
      open: 'VINF_SUCCESS',
      load: 'VINF_SUCCESS',
    });
    const { format, header } = await openState(source);
    expect(format).to.equal('1.2');
    expect(header).to.deep.include({
      product: { major: 3, minor: 0, build: 2 },
      revision: 49928,
      hostBits: 64,
      gcPhysBytes: 8,
      gcPtrBytes: 8,
    });
  });

  it('gives its units', async function () {
    const units = await unitsOf(corpusBytes(this, genuine));
    expect(units.map(({ name, instance, version, data }) => [name, instance, version, data.length])).to.deep.equal([
      ['SSM', 0, 1, 23],
      ['prims', 0, 1, 156],
      ['mem', 3, 131073, 131076],
      ['nodata', 0, 7, 0],
    ]);
    const { stream } = await (await openState(new MemorySource(corpusBytes(this, genuine)))).seek('SSM');
    expect([1, 2, 3, 4].map(() => stream.getStrZ())).to.deep.equal(['OSE', 'true', '', '']);
  });

  it('has a checksum that notices a bit in front of its last 36 bytes, and none in these', async function () {
    const bytes = corpusBytes(this, genuine);
    const changed = async (at: number) => {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ 1;
      return (await verifyState(new MemorySource(copy))).validate.withChecksum;
    };
    expect(await changed(bytes.length - 37)).to.equal('VERR_SSM_INTEGRITY_CRC');
    for (let at = bytes.length - 36; at < bytes.length; at++) expect(await changed(at)).to.equal('VINF_SUCCESS');
  });

  it('is written again with the same units, cut into the same blocks', async function () {
    const bytes = corpusBytes(this, genuine);
    const { header } = await openState(new MemorySource(bytes));
    const { product, hostBits } = header;
    if (product === undefined || hostBits === undefined) throw new Error('no header of V1.2');
    const units = await unitsOf(bytes);
    const sink = new MemorySink();
    const writer = new V1Writer(sink, { ...header, product, hostBits });
    for (const { name, instance, version, data } of units) {
      const stream = writer.beginUnit({ name, instance, version });
      const puts = name === 'mem' ? memPuts : Array.from({ length: Math.ceil(data.length / 128) }, () => 128);
      let at = 0;
      for (const put of puts) {
        stream.putMem(data.subarray(at, at + put));
        at += put;
      }
      writer.endUnit();
    }
    writer.finish();
    await writer.close(false);
    const again = sink.bytes();
    expect(await unitsOf(again)).to.deep.equal(units);
    expect(await blocksOf(again)).to.deep.equal(await blocksOf(bytes));
    // LZF leaves the writer a choice of matches; what it makes of it is of about the same size.
    expect(again.length / bytes.length).to.be.within(0.98, 1.02);
    const changed = again.slice();
    changed[changed.length - 37] = ~(changed[changed.length - 37] as number);
    expect(await statusOf(() => openState(new MemorySource(again)))).to.equal('VINF_SUCCESS');
    expect(await statusOf(() => openState(new MemorySource(changed)))).to.equal('VERR_SSM_INTEGRITY_CRC');
  });
});
