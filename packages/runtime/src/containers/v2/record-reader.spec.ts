import { expect } from 'chai';
import { MemorySource } from '../../io/memory.js';
import { GetStream } from '../../streams/get-stream.js';
import { AwkwardSource, sav, statusOf } from '../../testing.js';
import { ByteReader } from '../byte-reader.js';
import { V2Reader } from './reader.js';

const RECORDS = 64 + 46;

/** A reader at the records of the first unit, which must be named `u`. */
async function atUnit(bytes: Uint8Array, source = new MemorySource(bytes)) {
  const reader = await V2Reader.open(source, new ByteReader(source));
  await reader.nextUnit();
  return { records: reader.records, stream: new GetStream(reader.records), reader };
}

/** All data of the unit, or how reading it fails. */
async function skipUnit({ input, records }: V2Reader): Promise<void> {
  while (await input.run(() => records.skip()));
}

async function dataOf(bytes: Uint8Array): Promise<number[] | string> {
  const { records } = await atUnit(bytes);
  const data: number[] = [];
  const into = new Uint8Array(10_000);
  const status = await statusOf(() => {
    for (let count = records.fill(into, 5); count >= 0; count = records.fill(into, 5)) {
      data.push(...into.subarray(5, 5 + count));
    }
  });
  return status === 'VINF_SUCCESS' ? data : status;
}

const unit = () => sav().unit('u');
/** LZF that expands to 1024 times `a`. */
const lzfOfA = [0, 0x61, ...[0xe0, 0xff, 0, 0xe0, 0xff, 0, 0xe0, 0xff, 0], 0xe0, 222, 0];
const zeros = (count: number) => new Array<number>(count).fill(0);

describe('the record reader', () => {
  const readable: readonly [name: string, bytes: Uint8Array, data: number[]][] = [
    ['a unit without data', unit().bytes(), []],
    ['RAW', unit().raw([1, 2, 3]).bytes(), [1, 2, 3]],
    ['RAW without data between data', unit().raw([1]).raw([]).raw([2]).bytes(), [1, 2]],
    ['RAW without the important flag', unit().record(0x82, 1, 7).bytes(), [7]],
    ['RAW of more than a window', unit().raw(zeros(70_000)).bytes(), zeros(70_000)],
    ['ZERO of 0, 1 and 4 KiB', unit().zero(0).zero(1).zero(4).raw([1]).bytes(), [...zeros(5 * 1024), 1]],
    ['LZF', unit().lzf(1, lzfOfA).bytes(), new Array(1024).fill(0x61)],
    ['two bytes of size where one would do', unit().record(0x92, 0xc0, 0x82, 1, 2).bytes(), [1, 2]],
    ['three bytes of size where one would do', unit().record(0x92, 0xe0, 0x80, 0x82, 1, 2).bytes(), [1, 2]],
    ['a size whose lead byte lacks bit 6', unit().record(0x92, 0x80, 0x82, 1, 2).bytes(), [1, 2]],
  ];
  for (const [name, bytes, data] of readable) {
    it(`reads ${name}`, async () => expect(await dataOf(bytes)).to.deep.equal(data));
  }

  for (const piece of [1000, 4096, 100_000]) {
    it(`says how long a unit is that is read past its end, ${piece} bytes at a time`, async () => {
      const { stream } = await atUnit(unit().zero(4).zero(4).zero(4).raw([1, 2, 3]).bytes());
      expect(() => {
        for (;;) stream.getMem(new Uint8Array(piece));
      }).to.throw("read past the unit's 12291 bytes");
    });
  }

  const damaged: readonly [name: string, record: number[], status: string][] = [
    ['type 0', [0x90, 1, 0], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['type 6', [0x96, 1, 0], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['bit 6', [0xd2, 1, 0], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['bit 5', [0xb2, 1, 0], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['no bit 7', [0x12, 1, 0], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['a size of 7 bytes', [0x92, 0xfe, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['a size byte that does not continue', [0x92, 0xc2, 0x00], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['an overlong size of 4 bytes', [0x92, 0xf0, 0x80, 0x80, 0x82, 1, 2], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['an overlong size of 5 bytes', [0x92, 0xf8, 0x80, 0x80, 0x80, 0x82, 1, 2], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['an overlong size of 6 bytes', [0x92, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x82, 1, 2], 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['a size beyond the file', [0x92, 0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf], 'VERR_SSM_LOADED_TOO_MUCH'],
    ['NAMED', [0x95, 1, 0], 'VERR_SSM_BAD_REC_TYPE'],
    ['ZERO without k', [0x94, 0], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['ZERO with two bytes', [0x94, 2, 1, 1], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['ZERO of 5 KiB', [0x94, 1, 5], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF without data', [0x93, 1, 1], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF of 0 KiB', [0x93, 3, 0, 0, 1], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF of 5 KiB', [0x93, 3, 5, 0, 1], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF that expands to less than it is', [0x93, 0xd0, 0x82, 1, ...zeros(1025)], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF of 4099 bytes', [0x93, 0xe1, 0x80, 0x83, 4, ...zeros(4098)], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF that expands to less than it says', [0x93, 3, 1, 0, 0x61], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['LZF that refers to before its start', [0x93, 5, 1, 0, 0x61, 0x20, 1], 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ['TERM without the important flag', [0x81, 14], 'VERR_SSM_INTEGRITY_REC_TERM'],
    ['TERM of 13 bytes', [0x91, 13], 'VERR_SSM_INTEGRITY_REC_TERM'],
    ['TERM with its size in two bytes', [0x91, 0xc0, 0x8e], 'VERR_SSM_INTEGRITY_REC_TERM'],
  ];
  for (const [name, record, status] of damaged) {
    it(`refuses ${name}`, async () => {
      const bytes = unit()
        .raw([1, 2])
        .record(...record)
        .bytes();
      expect(await dataOf(bytes)).to.equal(status);
    });
    it(`skipping refuses ${name} unless only expanding shows it`, async () => {
      const { reader } = await atUnit(
        unit()
          .raw([1, 2])
          .record(...record)
          .bytes(),
      );
      const shown = !name.startsWith('LZF that expands to less than it says') && !name.startsWith('LZF that refers');
      expect(await statusOf(() => skipUnit(reader))).to.equal(shown ? status : 'VINF_SUCCESS');
    });
  }

  const terms: readonly [name: string, change: (term: DataView) => void, status: string][] = [
    ['a wrong size', (term) => term.setUint32(8, 20, true), 'VERR_SSM_INTEGRITY_REC_TERM'],
    ['a size that is right in its low half', (term) => term.setUint32(12, 1, true), 'VERR_SSM_INTEGRITY_REC_TERM'],
    ['an unknown flag', (term) => term.setUint16(2, 3, true), 'VERR_SSM_INTEGRITY_REC_TERM'],
    ['a wrong CRC', (term) => term.setUint32(4, ~term.getUint32(4, true), true), 'VERR_SSM_INTEGRITY_REC_TERM_CRC'],
    ['a CRC that its flags deny', (term) => term.setUint16(2, 0, true), 'VERR_SSM_INTEGRITY_REC_TERM'],
  ];
  for (const [name, change, status] of terms) {
    it(`refuses TERM with ${name}`, async () => {
      expect(await dataOf(sav().unit('u', 0, { term: change }).raw([1]).bytes())).to.equal(status);
    });
  }

  it('takes TERM without a checksum in a stream with checksums', async () => {
    const term = (view: DataView) => {
      view.setUint16(2, 0, true);
      view.setUint32(4, 0, true);
    };
    expect(await dataOf(sav().unit('u', 0, { term }).raw([1]).bytes())).to.deep.equal([1]);
  });

  it('does not look at the CRC of TERM in a stream without checksums', async () => {
    const term = (view: DataView) => {
      view.setUint16(2, 1, true);
      view.setUint32(4, 0x12345678, true);
    };
    expect(await dataOf(sav({ checksum: false }).unit('u', 0, { term }).raw([1]).bytes())).to.deep.equal([1]);
  });

  it('stays at the end of the unit', async () => {
    const { records } = await atUnit(unit().raw([1]).bytes());
    const into = new Uint8Array(5000);
    expect([1, 2, 3].map(() => records.fill(into, 0))).to.deep.equal([1, -1, -1]);
  });

  it('fails again in the same way', async () => {
    const { records } = await atUnit(unit().raw([1]).record(0x94, 1, 5).bytes());
    const into = new Uint8Array(5000);
    records.fill(into, 0);
    for (let i = 0; i < 2; i++) {
      expect(await statusOf(() => records.fill(into, 0))).to.equal('VERR_SSM_INTEGRITY_DECOMPRESSION');
    }
  });

  it('tells where a record is damaged', async () => {
    const { records } = await atUnit(unit().raw([1, 2]).record(0x94, 1, 5).bytes());
    const into = new Uint8Array(5000);
    records.fill(into, 0);
    expect(() => records.fill(into, 0))
      .to.throw()
      .with.property('where')
      .that.deep.equals({ offset: RECORDS + 4 });
  });

  it('gives a RAW record of 2 GiB piece by piece, as far as it is there', async () => {
    const bytes = unit()
      .raw([1])
      .record(0x92, 0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, ...zeros(100_000))
      .bytes();
    const { stream } = await atUnit(bytes, new AwkwardSource(bytes) as unknown as MemorySource);
    stream.skip(100_001);
    expect(await statusOf(() => stream.skip(2 ** 20))).to.equal('VERR_SSM_LOADED_TOO_MUCH');
  });

  describe('with LZ4 announced by the file header', () => {
    const announced = () => sav({ header: (view) => view.setUint32(52, 0x10001, true) }).unit('u');
    // One 'a', repeated by a reference of 19 + 3 * 255 + 234, and five more as literals.
    const block = [0x1f, 0x61, 1, 0, 255, 255, 255, 234, 0x50, ...Array(5).fill(0x61)];

    it('reads LZ4 beside the other records', async () => {
      const bytes = announced()
        .raw([1])
        .record(0x96, 15, 1, ...block)
        .zero(1)
        .lzf(1, lzfOfA)
        .bytes();
      const as = new Array(1024).fill(0x61);
      expect(await dataOf(bytes)).to.deep.equal([1, ...as, ...zeros(1024), ...as]);
    });

    it('counts and skips it', async () => {
      const { reader, records } = await atUnit(
        announced()
          .record(0x96, 15, 1, ...block)
          .bytes(),
      );
      await skipUnit(reader);
      expect(records.totals).to.deep.include({ lz4: 1, lzf: 0, data: 1024 });
    });

    it('finds it through the directory', async () => {
      const bytes = announced()
        .record(0x96, 15, 1, ...block)
        .bytes();
      const { reader } = await atUnit(bytes);
      const place = await reader.seek('u', 0);
      expect(place.records.fill(new Uint8Array(4096), 0)).to.equal(1024);
    });

    it('knows no further types', async () => {
      expect(await dataOf(announced().record(0x97, 1, 0).bytes())).to.equal('VERR_SSM_INTEGRITY_REC_HDR');
    });

    const damage: readonly [name: string, record: number[], skippable?: boolean][] = [
      ['without data', [1, 1]],
      ['of 0 KiB', [3, 0, 0x10, 0x61]],
      ['of 5 KiB', [3, 5, 0x10, 0x61]],
      ['that expands to less than it is', [0xd0, 0x82, 1, ...zeros(1025)]],
      ['of 4099 bytes', [0xe1, 0x80, 0x83, 4, ...zeros(4098)]],
      ['that expands to less than it says', [3, 1, 0x10, 0x61], true],
      ['that refers to before its start', [15, 1, 0x1f, 0x61, 2, ...block.slice(3)], true],
    ];
    for (const [name, record, skippable = false] of damage) {
      it(`refuses LZ4 ${name}`, async () => {
        const bytes = announced()
          .record(0x96, ...record)
          .bytes();
        expect(await dataOf(bytes)).to.equal('VERR_SSM_INTEGRITY_DECOMPRESSION');
        const { reader } = await atUnit(bytes);
        expect(await statusOf(() => skipUnit(reader))).to.equal(
          skippable ? 'VINF_SUCCESS' : 'VERR_SSM_INTEGRITY_DECOMPRESSION',
        );
      });
    }
  });

  describe('at the end of a load', () => {
    const ends: readonly [name: string, bytes: Uint8Array, read: number, status: string][] = [
      ['everything read', unit().raw([1, 2]).bytes(), 2, 'VINF_SUCCESS'],
      ['everything of LZF and ZERO read', unit().zero(1).bytes(), 1024, 'VINF_SUCCESS'],
      ['a byte left', unit().raw([1, 2]).bytes(), 1, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['a byte of a block left', unit().zero(1).bytes(), 1023, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['a record left', unit().raw([1]).raw([2]).bytes(), 1, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['nothing read', unit().raw([1]).bytes(), 0, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['an empty record left', unit().raw([1]).raw([]).bytes(), 1, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['an empty ZERO record left', unit().raw([1]).zero(0).bytes(), 1, 'VERR_SSM_LOADED_TOO_LITTLE'],
      ['no data and none read', unit().bytes(), 0, 'VINF_SUCCESS'],
      ['a damaged record left', unit().raw([1]).record(0x90, 0).bytes(), 1, 'VERR_SSM_INTEGRITY_REC_HDR'],
    ];
    for (const ahead of [false, true]) {
      for (const [name, bytes, read, status] of ends) {
        it(`${name}${ahead ? ', after reading ahead' : ''}: ${status}`, async () => {
          const { records, stream } = await atUnit(bytes);
          if (ahead) await stream.ensure(5000);
          stream.skip(read);
          expect(await statusOf(() => records.finish(stream.buffered))).to.equal(status);
        });
      }
    }
  });

  it('counts what a unit amounts to', async () => {
    const { reader, records } = await atUnit(unit().raw([1, 2]).zero(4).zero(1).lzf(1, [0, 0x61]).bytes());
    await skipUnit(reader);
    expect(records.totals).to.deep.equal({ raw: 1, zero: 2, lzf: 1, lz4: 0, zlib: 0, data: 2 + 5 * 1024 + 1024 });
    expect(records.stored).to.equal(4 + 3 + 3 + 5 + 16);
  });
});
