import { expect } from 'chai';
import type { Condition, Field } from './descriptor.js';
import { isPresent, isSame, lookUp } from './presence.js';

const object = {
  zero: 0,
  five: 5,
  wide: 0x1_0000_0000n,
  yes: true,
  no: false,
  name: 'pit',
  empty: '',
  get derived(): number {
    return this.five * 2;
  },
  isNew(unit: { version: number }): boolean {
    return unit.version >= 7;
  },
};

const field = (options: Partial<Field>): Field => ({ name: 'x', kind: 'u8', ...options });

describe('whether a field is there', () => {
  const conditions: readonly (readonly [when: Condition, there: boolean])[] = [
    ['zero', false],
    ['five', true],
    ['no', false],
    ['yes', true],
    ['empty', false],
    ['name', true],
    ['derived', true],
    ['isNew', true],
    [{ field: 'five', is: 5 }, true],
    [{ field: 'five', is: 5n }, true],
    [{ field: 'five', is: 6 }, false],
    [{ field: 'wide', is: 0x1_0000_0000 }, true],
    [{ field: 'yes', is: true }, true],
    [{ field: 'no', is: true }, false],
    [{ field: 'name', is: 'pit' }, true],
    [{ field: 'name', is: 'apic' }, false],
    [{ field: 'five', not: 5 }, false],
    [{ field: 'five', not: 4 }, true],
    [{ field: 'five', mask: 4 }, true],
    [{ field: 'five', mask: 2 }, false],
    [{ field: 'wide', mask: 0x1_0000_0000 }, true],
    [{ field: 'wide', mask: 0xffff_ffff }, false],
    [{ field: 'five', min: 5 }, true],
    [{ field: 'five', min: 6 }, false],
    [{ field: 'five', max: 5 }, true],
    [{ field: 'five', max: 4 }, false],
    [{ field: 'wide', min: 5 }, true],
    [{ field: 'five', min: 4, max: 6, not: 5 }, false],
    [{ field: 'derived', is: 10 }, true],
    [{ field: 'isNew', is: true }, true],
  ];
  for (const [when, there] of conditions) {
    it(`${JSON.stringify(when, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}: ${there ? 'yes' : 'no'}`, () => {
      expect(isPresent(object, field({ when }), { version: 7 })).to.equal(there);
    });
  }

  const versions: readonly (readonly [options: Partial<Field>, version: number, there: boolean])[] = [
    [{ since: 3 }, 2, false],
    [{ since: 3 }, 3, true],
    [{ since: 3 }, 0xffffffff, true],
    [{ until: 3 }, 3, true],
    [{ until: 3 }, 4, false],
    [{ since: 2, until: 3 }, 1, false],
    [{ since: 2, until: 3 }, 2, true],
    [{ since: 3, when: 'zero' }, 3, false],
    [{ since: 3, when: 'five' }, 2, false],
    [{ when: 'isNew' }, 6, false],
    [{ when: 'isNew' }, 7, true],
  ];
  for (const [options, version, there] of versions) {
    it(`${JSON.stringify(options)} in version ${version}: ${there ? 'yes' : 'no'}`, () => {
      expect(isPresent(object, field(options), { version })).to.equal(there);
    });
  }
});

describe('looking something up', () => {
  it('takes fields and getters, and calls methods with the unit', () => {
    expect(lookUp(object, 'five', { version: 1 })).to.equal(5);
    expect(lookUp(object, 'derived', { version: 1 })).to.equal(10);
    expect(lookUp(object, 'isNew', { version: 1 })).to.equal(false);
    expect(lookUp(object, 'missing', { version: 1 })).to.equal(undefined);
  });

  it('compares numbers of either type', () => {
    expect([isSame(1n, 1), isSame(1, 1n), isSame(1n, 2), isSame('a', 'a')]).to.deep.equal([true, true, false, true]);
  });
});
