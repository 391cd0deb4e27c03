import { expect } from 'chai';
import fc from 'fast-check';
import { toBase64 } from './base64.js';
import { type Line, lineOf, lineText, lineWithData } from './line.js';

const textOf = (line: Line) => [...lineText('', line)].join('');

describe('a line of a document', () => {
  it('is the JSON of an object', () => {
    expect(textOf(lineOf({ a: 1, b: ['x'] }))).to.equal('{"a":1,"b":["x"]}');
  });

  it('has data in base64 behind what else the object has', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.uint8Array({ maxLength: 1000 }), (object, data) => {
        const expected = JSON.stringify({ ...object, '': 0, data: toBase64(data) });
        expect(textOf(lineWithData({ ...object, '': 0 }, 'data', data))).to.equal(expected);
      }),
    );
    expect(textOf(lineWithData({}, 'more', Uint8Array.of(0)))).to.equal('{"more":"AA=="}');
  });

  it('comes in pieces of bounded length, with what stands in front of it', () => {
    const data = new Uint8Array(768 * 1024 - 1).map((_, i) => i * 7);
    const pieces = [...lineText(',\n', lineWithData({ a: 1 }, 'data', data))];
    expect(pieces.join('')).to.equal(`,\n{"a":1,"data":"${toBase64(data)}"}`);
    expect(pieces.length).to.be.greaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).to.be.at.most(2 * 65536 + 100);
  });

  it('of many short runs is few pieces', () => {
    const line = Array.from({ length: 1000 }, () => lineWithData({}, 'd', Uint8Array.of(1, 2, 3))).flat();
    expect([...lineText('', line)]).to.have.lengthOf(1);
  });
});
