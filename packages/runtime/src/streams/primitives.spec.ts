import { hostProfile } from '@ssmkit/schema';
import { expect } from 'chai';
import type { GetStream } from './get-stream.js';
import type { PutStream } from './put-stream.js';
import type { SavedHost } from './record-source.js';
import { getFrom, putInto } from './unit-data.js';

/** A value of SSM's API: how it is put and got, and its bytes in hexadecimal. */
interface Value {
  readonly name: string;
  readonly put: (stream: PutStream) => void;
  readonly get: (stream: GetStream) => unknown;
  readonly value: unknown;
  readonly bytes: string;
}

type Name<Stream, Verb extends string> =
  Extract<keyof Stream, `${Verb}${string}`> extends `${Verb}${infer Rest}` ? Rest : never;
/** What both streams have, but for arrays, structures and their parts. */
type Primitive = Name<PutStream, 'put'> & Name<GetStream, 'get'>;

function row(name: Primitive, value: unknown, bytes: string): Value {
  const put = (stream: PutStream) => (stream[`put${name}`] as (value: unknown) => void).call(stream, value);
  const get = (stream: GetStream) => (stream[`get${name}`] as () => unknown).call(stream);
  return { name, put, get, value, bytes };
}

const lowest128 = -(1n << 127n);

const values: readonly Value[] = [
  row('Bool', true, '01'),
  row('Bool', false, '00'),
  row('U8', 0xab, 'ab'),
  row('S8', -2, 'fe'),
  row('U16', 0xabcd, 'cdab'),
  row('S16', -2, 'feff'),
  row('U32', 0x89abcdef, 'efcdab89'),
  row('S32', -2, 'feffffff'),
  row('U64', 0x8123456789abcdefn, 'efcdab8967452381'),
  row('S64', -2n, 'feffffffffffffff'),
  row('U128', 0x80112233445566778899aabbccddeeffn, 'ffeeddccbbaa99887766554433221180'),
  row('S128', lowest128, '00000000000000000000000000000080'),
  row('UInt', 0x89abcdef, 'efcdab89'),
  row('SInt', -2, 'feffffff'),
  row('GCUInt', 0x8123456789abcdefn, 'efcdab8967452381'),
  row('GCUIntReg', 0x8123456789abcdefn, 'efcdab8967452381'),
  row('GCPhys32', 0xfee00000, '0000e0fe'),
  row('GCPhys64', 0x1fee00000n, '0000e0fe01000000'),
  row('GCPhys', 0x1fee00000n, '0000e0fe01000000'),
  row('GCPtr', 0xffff800000000000n, '000000000080ffff'),
  row('GCUIntPtr', 0xffff800000000000n, '000000000080ffff'),
  row('RCPtr', 0xa0000000, '000000a0'),
  row('IOPort', 0x3f8, 'f803'),
  row('Sel', 0x28, '2800'),
  row('StrZ', '', '00000000'),
  row('StrZ', 'aé', '0300000061c3a9'),
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const show = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));

describe('values in a unit', () => {
  for (const { name, put, get, value, bytes } of values) {
    it(`put${name} and get${name}: ${show(value)} is ${bytes}`, () => {
      expect(hex(putInto(put))).to.equal(bytes);
      const stream = getFrom(bytesOf(bytes));
      expect(get(stream)).to.equal(value);
      expect(stream.buffered).to.equal(0);
    });
  }

  it('getBool: whatever is not 0 is true', () => {
    const stream = getFrom(bytesOf('00027fff'));
    expect([stream.getBool(), stream.getBool(), stream.getBool(), stream.getBool()]).to.deep.equal([
      false,
      true,
      true,
      true,
    ]);
  });

  it('putMem and getMem: the bytes, without a length', () => {
    const bytes = putInto((stream) => {
      stream.putMem(Uint8Array.of(1, 2, 3));
      stream.putMem(new Uint8Array(0));
      stream.putMem(Uint8Array.of(4));
    });
    expect(hex(bytes)).to.equal('01020304');
    const stream = getFrom(bytes);
    expect(hex(stream.getMem(new Uint8Array(2)))).to.equal('0102');
    expect(hex(stream.getMem(new Uint8Array(0)))).to.equal('');
    expect(hex(stream.getMem(new Uint8Array(2)))).to.equal('0304');
  });

  it('getStrZ takes strings up to its limit, and tells their bytes (SSMR3GetStrZEx)', () => {
    const bytes = bytesOf('0300000061c3a9');
    expect(getFrom(bytes).getStrZ(3)).to.equal('aé');
    expect(() => getFrom(bytes).getStrZ(2)).to.throw('VERR_TOO_MUCH_DATA');
    expect(hex(getFrom(bytes).getStrZBytes(3))).to.equal('61c3a9');
  });

  it('skip reads over bytes, and no further than the unit goes (SSMR3Skip)', () => {
    const stream = getFrom(bytesOf('0102030405'));
    stream.skip(0);
    expect(stream.getU8()).to.equal(1);
    stream.skip(3);
    expect(stream.getU8()).to.equal(5);
    expect(() => stream.skip(1)).to.throw('VERR_SSM_LOADED_TOO_MUCH');
  });

  it('offset tells how much of the unit was put or got (SSMR3HandleGetUnitOffset)', () => {
    const seen: number[] = [];
    const bytes = putInto((stream) => {
      const note = () => seen.push(stream.offset);
      note();
      stream.putU16(1);
      note();
      stream.putMem(new Uint8Array(10_000));
      note();
      stream.putStrZ('abc');
      note();
    });
    expect(seen).to.deep.equal([0, 2, 10_002, 10_009]);
    const stream = getFrom(bytes);
    const got = [stream.offset];
    stream.getU16();
    got.push(stream.offset);
    stream.skip(10_000);
    got.push(stream.offset);
    stream.getStrZ();
    got.push(stream.offset);
    expect(got).to.deep.equal(seen);
  });

  describe('of builds whose guest addresses have 4 bytes', () => {
    const host = hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 });
    const saved: SavedHost = { name: 'linux.x86', bits: 32, gcPhysBytes: 4, gcPtrBytes: 4, msc32: false };
    for (const name of ['GCPhys', 'GCPtr', 'GCUIntPtr', 'GCUInt', 'GCUIntReg'] as const) {
      it(`put${name} and get${name} take 4 bytes`, () => {
        const bytes = putInto((stream) => stream[`put${name}`](0xfee00000n), { host });
        expect(hex(bytes)).to.equal('0000e0fe');
        expect(getFrom(bytes, { host, saved })[`get${name}`]()).to.equal(0xfee00000n);
        // Where addresses have 8 bytes it is loaded without its sign.
        expect(getFrom(bytes, { saved })[`get${name}`]()).to.equal(0xfee00000n);
      });
    }
  });
});
