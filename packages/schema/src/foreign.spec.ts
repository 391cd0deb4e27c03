import { expect } from 'chai';
import type { ClassMembers } from './check/members.js';
import { checkDescriptor } from './check.js';
import { type ClassRef, type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { holdsForeign, nestedDescriptor } from './foreign.js';

const foreign: ClassRef = {
  name: 'Timer',
  isForeign: true,
  descriptor: () => expect.fail('it is not known'),
};
const seen = (descriptor: Descriptor): ClassRef => ({ name: descriptor.name, descriptor: () => descriptor });
const stream = (name: string, ...fields: Field[]): Descriptor => ({ name, shape: 'stream', fields });
const plain: Field = { name: 'a', kind: 'u8' };

describe('a foreign class', () => {
  const inner = stream('Inner', plain);
  const tree: Descriptor = stream('Tree', plain, {
    name: 'b',
    kind: 'nested',
    class: { name: 'Tree', descriptor: () => tree },
  });
  const rows: readonly [what: string, descriptor: Descriptor, holds: boolean][] = [
    ['not by plain fields', inner, false],
    ['not by one whose source is seen', stream('Outer', { name: 'b', kind: 'nested', class: seen(inner) }), false],
    ['not by one that holds itself', tree, false],
    ['by a field', stream('Outer', plain, { name: 'b', kind: 'nested', class: foreign }), true],
    [
      'by a class in it',
      stream('Outer', {
        name: 'b',
        kind: 'nested',
        class: seen(stream('Inner', { name: 'c', kind: 'nested', class: foreign })),
      }),
      true,
    ],
  ];
  for (const [what, descriptor, holds] of rows) {
    it(`is held ${what}`, () => expect(holdsForeign(descriptor)).to.equal(holds));
  }

  it('has no descriptor, where others have', () => {
    expect(nestedDescriptor({ name: 'b', kind: 'nested', class: foreign })).to.equal(undefined);
    expect(nestedDescriptor({ name: 'b', kind: 'nested', class: seen(inner) })).to.equal(inner);
    expect(nestedDescriptor(plain)).to.equal(undefined);
  });

  const uses: readonly [shape: Descriptor['shape'], field: Omit<Field, 'name' | 'class'>][] = [
    ['stream', { kind: 'nested' }],
    ['stream', { kind: 'nested', end: { name: '' }, limit: 3 }],
    ['stream', { kind: 'nested', with: ['a'] }],
    ['stream', { kind: 'struct', flags: 2 }],
    ['struct', { kind: 'struct' }],
    ['struct', { kind: 'struct', flatten: true, count: 3 }],
  ];
  for (const [shape, field] of uses) {
    it(`may be in a ${shape} as ${JSON.stringify(field)}: the run time looks at it`, () => {
      const fields = [plain, { ...field, name: 'b', class: foreign }];
      checkDescriptor({ name: 'Outer', shape, fields }, new Set());
    });
  }
});

describe('a class whose base class is not seen', () => {
  const partial: ClassMembers = { has: () => false, isPartial: true };

  const uses: readonly [what: string, shape: Descriptor['shape'], fields: readonly Field[]][] = [
    ['no fields of its own', 'struct', []],
    ['a count', 'stream', [{ name: 'b', kind: 'u8', count: 'n', limit: 3 }]],
    ['a condition', 'stream', [{ name: 'b', kind: 'u8', when: { field: 'n', min: 2 } }]],
    ['a property to give', 'stream', [{ name: 'b', kind: 'nested', class: foreign, with: ['n'] }]],
    ['callbacks', 'struct', [{ name: 'b', kind: 'callback', type: 'u32', put: 'putB', get: 'getB' }]],
    ['an offset', 'struct', [{ name: 'b', kind: 'u8', offset: { of: 'n' } }]],
  ];
  for (const [what, shape, fields] of uses) {
    it(`may have ${what} that only the base class can tell of`, () => {
      const descriptor: Descriptor = { name: 'Own', shape, fields };
      checkDescriptor(descriptor, partial);
      expect(() => {
        checkDescriptor(descriptor, new Set());
      }).to.throw(DescriptorError, /^Own/);
    });
  }
});
