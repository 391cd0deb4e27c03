import { expect } from 'chai';
import { openState } from '../../engine/open.js';
import { describeSave } from '../../engine/save.js';
import { verifyState } from '../../engine/verify.js';
import { MemorySink, MemorySource } from '../../io/memory.js';
import { sav, statusOf } from '../../testing.js';
import type { Compression } from './records.js';
import { V2Writer } from './writer.js';

const header = (unitCount: number, live = false) => describeSave({}, unitCount, live).header;

async function write(unitCount: number, steps: (writer: V2Writer) => void, live = false): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new V2Writer(sink, header(unitCount, live));
  steps(writer);
  await writer.close(false);
  return sink.bytes();
}

describe('V2Writer', () => {
  it('writes what the description of the format says', async () => {
    const bytes = await write(2, (writer) => {
      const put = writer.beginUnit({ name: 'pit', version: 1, instance: 3 });
      put.putU32(7);
      put.putMem(new Uint8Array(4096));
      put.putU8(1);
      writer.endUnit();
      writer.beginUnit({ name: 'empty', version: 1 });
      writer.endUnit();
      writer.writeEnd();
      writer.writeDirectory();
      writer.writeFooter();
    });
    expect(bytes).to.deep.equal(sav().unit('pit', 3).u32(7).zero(4).u8(1).unit('empty').bytes());
  });

  it('writes live passes, of which the directory has the last', async () => {
    const bytes = await write(
      3,
      (writer) => {
        for (const pass of [0, 1]) {
          writer.beginUnit({ name: 'ram', version: 14, pass }).putU32(pass);
          writer.endUnit();
        }
        writer.beginUnit({ name: 'ram', version: 14 }).putU8(9);
        writer.endUnit();
        writer.writeEnd();
        writer.writeDirectory();
        writer.writeFooter();
      },
      true,
    );
    const version = 14;
    const expected = sav({ live: true })
      .unit('ram', 0, { version, pass: 0 })
      .u32(0)
      .unit('ram', 0, { version, pass: 1 })
      .u32(1)
      .unit('ram', 0, { version })
      .u8(9);
    expect(bytes).to.deep.equal(expected.bytes());
  });

  it('writes standalone files, without an END unit', async () => {
    const bytes = await write(1, (writer) => {
      writer.beginUnit({ name: 'u', version: 1 });
      writer.endUnit();
      writer.writeDirectory();
      writer.writeFooter();
    });
    expect(bytes).to.deep.equal(sav({ end: false }).unit('u').bytes());
  });

  it('packs blocks as it was told, and announces LZ4 in the header', async () => {
    const data = new TextEncoder().encode('to be or not to be, '.repeat(1000));
    const sizes = new Map<string, number>();
    for (const compression of ['lzf', 'lz4', 'none'] as const) {
      const sink = new MemorySink();
      const writer = new V2Writer(sink, header(1), { compression });
      writer.beginUnit({ name: 'u', version: 1 }).putMem(data);
      writer.endUnit();
      writer.finish([{ name: 'u', instance: 0 }]);
      await writer.close(false);
      const bytes = sink.bytes();
      expect(new DataView(bytes.buffer).getUint32(52, true)).to.equal(compression === 'lz4' ? 0x10001 : 1);
      expect((await verifyState(new MemorySource(bytes))).failure).to.equal(undefined);
      const state = await openState(new MemorySource(bytes));
      expect(state.header.compression).to.equal(compression === 'lz4' ? 'lz4' : undefined);
      const unit = await state.seek('u');
      expect(unit.stream.getMem(new Uint8Array(data.length))).to.deep.equal(data);
      const { records } = await unit.measure();
      const packed = compression === 'none' ? 0 : 4;
      expect(records).to.deep.include({ lzf: 0, lz4: 0, raw: 5 - packed, ...(packed && { [compression]: packed }) });
      sizes.set(compression, bytes.length);
    }
    expect(sizes.get('lzf')).to.be.below(sizes.get('none') as number);
    expect(sizes.get('lz4')).to.be.below(sizes.get('none') as number);
  });

  it('writes what a header says that was read', async () => {
    const read = { ...header(1), compression: 'lz4' as const };
    const flags = (compression?: Compression) => {
      const sink = new MemorySink();
      const writer = new V2Writer(sink, read, { compression });
      return writer.close(false).then(() => new DataView(sink.bytes().buffer).getUint32(52, true));
    };
    expect([await flags(), await flags('lzf'), await flags('none')]).to.deep.equal([0x10001, 1, 1]);
  });

  it('keeps to the order', async () => {
    const writer = new V2Writer(new MemorySink(), header(1));
    expect(await statusOf(() => writer.endUnit())).to.equal('VERR_INVALID_STATE');
    expect(await statusOf(() => writer.writeFooter())).to.equal('VERR_INVALID_STATE');
    writer.beginUnit({ name: 'u', version: 1 });
    expect(await statusOf(() => writer.beginUnit({ name: 'v', version: 1 }))).to.equal('VERR_INVALID_STATE');
    expect(await statusOf(() => writer.writeEnd())).to.equal('VERR_INVALID_STATE');
    expect(await statusOf(() => writer.writeDirectory())).to.equal('VERR_INVALID_STATE');
  });

  for (const name of ['', 'n'.repeat(48), 'a\0b', 'ü'.repeat(24)]) {
    it(`has no unit named '${name}'`, async () => {
      const writer = new V2Writer(new MemorySink(), header(1));
      expect(await statusOf(() => writer.beginUnit({ name, version: 1 }))).to.equal('VERR_INVALID_NAME');
    });
  }

  it('writes no header that a loader would refuse', async () => {
    const product = { major: 0, minor: 0, build: 0 };
    const step = () => new V2Writer(new MemorySink(), describeSave({ product }, 1, false).header);
    expect(await statusOf(step)).to.equal('VERR_SSM_INTEGRITY_VBOX_VERSION');
  });
});
