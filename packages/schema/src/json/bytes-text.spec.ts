import { expect } from 'chai';
import fc from 'fast-check';
import { fromBase64, fromHex, toBase64, toHex } from './bytes-text.js';

const bytes = (...values: number[]) => new Uint8Array(values);

describe('bytes as text', () => {
  const rows: readonly (readonly [Uint8Array, base64: string, hex: string])[] = [
    [bytes(), '', ''],
    [bytes(0), 'AA==', '00'],
    [bytes(0xff), '/w==', 'ff'],
    [bytes(0xfb, 0xf0), '+/A=', 'fbf0'],
    [bytes(1, 2, 3), 'AQID', '010203'],
    [new TextEncoder().encode('foobar'), 'Zm9vYmFy', '666f6f626172'],
  ];
  for (const [data, base64, hex] of rows) {
    it(`[${data}] is '${base64}' and '${hex}'`, () => {
      expect([toBase64(data), toHex(data)]).to.deep.equal([base64, hex]);
      expect([fromBase64(base64), fromHex(hex)]).to.deep.equal([data, data]);
    });
  }

  it('comes back whole, and base64 is that of Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
        expect(toBase64(data)).to.equal(Buffer.from(data).toString('base64'));
        expect(fromBase64(toBase64(data))).to.deep.equal(data);
        expect(fromHex(toHex(data))).to.deep.equal(data);
      }),
    );
  });

  for (const text of [
    'A',
    'AA',
    'AAA',
    'AAA=AAAA',
    'A===',
    '====',
    'AB==',
    'AAB=',
    'AA-_',
    'AA= ',
    ' AAA',
    'ÄAAA',
    'AAAA\n',
  ]) {
    it(`${JSON.stringify(text)} is no base64`, () => expect(fromBase64(text)).to.equal(undefined));
  }

  for (const text of ['0', '0g', '0x00', ' 00', '00\n', '000']) {
    it(`${JSON.stringify(text)} is no hex`, () => expect(fromHex(text)).to.equal(undefined));
  }

  it('reads upper-case hex', () => expect(fromHex('FFaB')).to.deep.equal(bytes(0xff, 0xab)));
});
