import { HCPtrHackU32, Ignore, PadHCAuto, SsmStruct, StructFlags, U8, U16 } from '@ssmkit/schema';
import { expect } from 'chai';
import { getFrom, putInto } from './unit-data.js';

/** 24 bytes on a 64-bit host, every one of them in an entry. */
@SsmStruct()
class Port {
  @U16() base = 0x3f8;
  @U8() irq = 4;
  @Ignore('u8') declare pending: never;
  @PadHCAuto(0, 4) declare pad: never;
  @HCPtrHackU32() handle = 0x89abcdef;
  @U8({ count: 8 }) fifo = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
}

/** The same without an entry for what the compiler leaves between two members. */
@SsmStruct()
class Gap {
  @U8() first = 1;
  @U16() second = 2;
}

const { FULL_STRUCT, NO_MARKERS, DONT_IGNORE, SAVED_AS_MEM, NO_LEAD_MARKER, NO_TAIL_MARKER, MEM_BAND_AID } =
  StructFlags;
const begin = '02012019';
const end = '06049219';
const fields = 'f80304' + 'efcdab89' + '0102030405060708';
const image = 'f80304' + '00' + '00000000' + 'efcdab8900000000' + '0102030405060708';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

describe('a structure with the flags', () => {
  const rows: readonly (readonly [name: string, flags: number, bytes: string])[] = [
    ['none: its fields between markers', 0, begin + fields + end],
    ['FULL_STRUCT: the same', FULL_STRUCT, begin + fields + end],
    ['NO_MARKERS: its fields', NO_MARKERS, fields],
    ['NO_LEAD_MARKER: the marker behind them', NO_LEAD_MARKER, fields + end],
    ['NO_TAIL_MARKER: the marker in front', NO_TAIL_MARKER, begin + fields],
    ['DONT_IGNORE: what is ignored as zeros, pointers whole', DONT_IGNORE, begin + image + end],
    ['SAVED_AS_MEM: the same as none', SAVED_AS_MEM, begin + fields + end],
    ['MEM_BAND_AID: the bytes of the C structure', MEM_BAND_AID, image],
  ];
  for (const [name, flags, bytes] of rows) {
    it(name, () => {
      expect(hex(putInto((stream) => stream.putStructEx(new Port(), flags)))).to.equal(bytes);
      const blank = Object.assign(new Port(), { base: 0, irq: 0, handle: 0, fifo: new Uint8Array(8) });
      const stream = getFrom(bytesOf(bytes));
      expect(stream.getStructEx(blank, flags)).to.deep.equal(new Port());
      expect(stream.buffered).to.equal(0);
    });
  }

  it('FULL_STRUCT is refused for one that has a gap: VERR_SSM_FIELD_NOT_CONSECUTIVE', () => {
    const put = (flags: number) => putInto((stream) => stream.putStructEx(new Gap(), flags));
    expect(() => put(FULL_STRUCT)).to.throw('VERR_SSM_FIELD_NOT_CONSECUTIVE');
    expect(hex(put(NO_MARKERS))).to.equal('010200');
    expect(() => getFrom(new Uint8Array(3)).getStructEx(new Gap(), FULL_STRUCT | NO_MARKERS)).to.throw(
      'VERR_SSM_FIELD_NOT_CONSECUTIVE',
    );
  });

  it('SAVED_AS_MEM lets the high half of a 32-bit pointer be anything', () => {
    const dirty = bytesOf(image.replace('efcdab8900000000', 'efcdab8912345678'));
    const get = (flags: number) => getFrom(dirty).getStructEx(new Port(), flags).handle;
    expect(get(MEM_BAND_AID)).to.equal(0x89abcdef);
    expect(() => get(MEM_BAND_AID & ~SAVED_AS_MEM)).to.throw('VERR_SSM_FIELD_INVALID_VALUE');
  });

  it('that there are not is refused: VERR_INVALID_PARAMETER', () => {
    for (const flags of [StructFlags.MASK + 1, 0x80000000, -1]) {
      expect(() => putInto((stream) => stream.putStructEx(new Port(), flags))).to.throw('VERR_INVALID_PARAMETER');
      expect(() => getFrom(bytesOf(fields)).getStructEx(new Port(), flags)).to.throw('VERR_INVALID_PARAMETER');
    }
  });

  it('of the simple API are none: fields between markers (SSMR3PutStruct, SSMR3GetStruct)', () => {
    const bytes = `${begin}010200${end}`;
    expect(hex(putInto((stream) => stream.putStruct(new Gap())))).to.equal(bytes);
    const blank = Object.assign(new Gap(), { first: 0, second: 0 });
    expect(getFrom(bytesOf(bytes)).getStruct(blank)).to.deep.equal(new Gap());
    expect(() => getFrom(bytesOf(bytes.replace(begin, end))).getStruct(new Gap())).to.throw('VERR_SSM_STRUCTURE_MAGIC');
  });
});
