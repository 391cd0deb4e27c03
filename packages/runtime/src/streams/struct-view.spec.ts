import { expect } from 'chai';
import { SsmError } from '../error.js';
import { ArrayMember, inHostOrder } from './struct-view.js';

describe('the arrays of views', () => {
  const memory = (offset: number) => new Uint8Array(new ArrayBuffer(32), offset, 16);

  for (const [where, offset, isMember] of [
    ['where a typed array can stand', 0, true],
    ['at an address where none can stand', 1, false],
  ] as const) {
    it(`${where}: ${isMember ? 'the memory itself' : 'a copy'}`, () => {
      const bytes = memory(offset);
      const member = new ArrayMember(bytes, 4, Uint32Array, 2, 'Pit.counts');
      member.value = [1, 0xfffffffe];
      expect([...bytes]).to.deep.equal([0, 0, 0, 0, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
      expect(member.value).to.deep.equal(Uint32Array.of(1, 0xfffffffe));
      member.value[0] = 7;
      expect(bytes[4]).to.equal(isMember ? 7 : 1);
    });
  }

  it('of bytes stand everywhere', () => {
    const bytes = memory(3);
    new ArrayMember(bytes, 1, Int8Array, 2, 'Pit.levels').value[1] = -1;
    expect(bytes[2]).to.equal(0xff);
  });

  it('keep their length', () => {
    const member = new ArrayMember(memory(0), 0, BigUint64Array, 2, 'Pit.times');
    expect(() => {
      member.value = [1n];
    }).to.throw(SsmError, 'VERR_INVALID_PARAMETER');
  });

  for (const [size, swapped] of [
    [1, [1, 2, 3, 4, 5, 6, 7, 8]],
    [2, [2, 1, 4, 3, 6, 5, 8, 7]],
    [4, [4, 3, 2, 1, 8, 7, 6, 5]],
    [8, [8, 7, 6, 5, 4, 3, 2, 1]],
  ] as const) {
    it(`are turned round on big-endian machines, ${size} bytes each`, () => {
      const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
      expect([...inHostOrder(bytes, size, false)]).to.deep.equal(swapped);
      expect(inHostOrder(bytes, size, true)).to.equal(bytes);
    });
  }
});
