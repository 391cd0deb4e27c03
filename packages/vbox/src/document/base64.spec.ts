import { expect } from 'chai';
import fc from 'fast-check';
import { fromBase64, toBase64 } from './base64.js';

describe('base64', () => {
  for (const [text, base64] of [
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
  ] as const) {
    it(`'${text}' is '${base64}' (RFC 4648 §10)`, () => {
      const bytes = new TextEncoder().encode(text);
      expect(toBase64(bytes)).to.equal(base64);
      expect(fromBase64(base64)).to.deep.equal(bytes);
    });
  }

  it('any bytes come back', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(toBase64(bytes)).to.equal(btoa(String.fromCharCode(...bytes)));
      expect(fromBase64(toBase64(bytes))).to.deep.equal(bytes);
    });
    fc.assert(property);
  });

  for (const text of ['A', 'AA', 'AAA', 'A===', 'AA=A', '====', 'A A=', 'AA\n=', 'AA-_']) {
    it(`'${text}' is none`, () => {
      expect(fromBase64(text)).to.equal(undefined);
    });
  }
});
