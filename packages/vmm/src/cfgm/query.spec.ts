import { expect } from 'chai';
import fc from 'fast-check';
import { outcome } from '../iprt/testing.js';
import {
  type ConfigNode,
  configTree,
  isMissing,
  Password,
  type QueryKind,
  query,
  queryBytes,
  queryDef,
  queryName,
  queryPassword,
  queryPasswordDef,
  querySize,
  queryString,
  queryStringDef,
  queryType,
  resolveNode,
} from './index.js';

const node = configTree({
  int: 7,
  zero: 0,
  minus: -1,
  text: 'äb',
  bytes: new Uint8Array([1, 2, 3]),
  secret: new Password('open'),
  child: { grandchild: {} },
});

const gone: ConfigNode = configTree({ a: {} }).child('a')!;
gone.remove();

const types = { int: 'integer', text: 'string', bytes: 'bytes', secret: 'password' } as const;
const kindsOf = {
  integer: [
    'u8',
    'u16',
    'u32',
    'u64',
    's8',
    's16',
    's32',
    's64',
    'port',
    'uint',
    'sint',
    'gcPtr',
    'gcPtrU',
    'gcPtrS',
    'bool',
  ],
  string: ['string'],
  bytes: ['bytes'],
  password: ['password'],
} as const;

describe('queries', () => {
  for (const [type, kinds] of Object.entries(kindsOf)) {
    for (const kind of kinds) {
      it(`${kind}: missing value`, () => {
        expect(outcome(() => query(node, 'missing', kind))).to.equal('VERR_CFGM_VALUE_NOT_FOUND');
      });
      it(`${kind}: null node, removed node`, () => {
        expect(outcome(() => query(undefined, 'int', kind))).to.equal('VERR_CFGM_NO_PARENT');
        expect(outcome(() => query(gone, 'int', kind))).to.equal('VERR_CFGM_NO_PARENT');
      });
      it(`${kind}: wrong type`, () => {
        for (const [name, other] of Object.entries(types)) {
          if (other === type) continue;
          const status = `VERR_CFGM_NOT_${type.toUpperCase()}`;
          expect(
            outcome(() => query(node, name, kind)),
            name,
          ).to.equal(status);
          expect(
            outcome(() => queryDef(node, name, kind as 'u8', 0)),
            `${name} with a default`,
          ).to.equal(status);
        }
      });
    }
  }

  const reads: readonly (readonly [rule: string, call: () => unknown, expected: unknown])[] = [
    ['StringAlloc', () => query(node, 'text', 'string'), 'äb'],
    ['Password', () => query(node, 'secret', 'password'), 'open'],
    ['Bytes', () => String(query(node, 'bytes', 'bytes')), '1,2,3'],
    ['Bool: 0 is false', () => query(node, 'zero', 'bool'), false],
    ['Bool: 7 is true', () => query(node, 'int', 'bool'), true],
    ['Bool: -1 is true', () => query(node, 'minus', 'bool'), true],
    ['QuerySize: a string with its terminator', () => querySize(node, 'text'), 4],
    ['QuerySize: bytes', () => querySize(node, 'bytes'), 3],
    ['QuerySize: a password with its terminator', () => querySize(node, 'secret'), 5],
    ['QuerySize: a small integer', () => querySize(node, 'int'), 8],
    ['QuerySize: a large integer', () => querySize(node, 'minus'), 8],
    ['QuerySize: missing', () => querySize(node, 'missing'), 'VERR_CFGM_VALUE_NOT_FOUND'],
    [
      'QueryType',
      () =>
        Object.keys(types)
          .map((name) => queryType(node, name))
          .join(),
      Object.values(types).join(),
    ],
    ['QueryType: null node', () => queryType(undefined, 'int'), 'VERR_CFGM_NO_PARENT'],
    ['GetChild by path', () => resolveNode(node, '/child//grandchild/').path, '/child/grandchild/'],
    ['a path without a name', () => resolveNode(node, ''), 'VERR_CFGM_INVALID_CHILD_PATH'],
    ['a path of slashes', () => resolveNode(node, '//'), 'VERR_CFGM_INVALID_CHILD_PATH'],
    ['a path into nothing', () => resolveNode(node, 'child/x'), 'VERR_CFGM_CHILD_NOT_FOUND'],
    ['a path from nothing', () => resolveNode(undefined, 'child'), 'VERR_CFGM_NO_PARENT'],
    [
      'isMissing',
      () => [isMissing(node, 'int'), isMissing(node, 'x'), isMissing(undefined, 'int'), isMissing(gone, 'int')].join(),
      'false,true,true,true',
    ],
  ];
  for (const [rule, call, expected] of reads) it(rule, () => expect(outcome(call)).to.equal(expected));
});

describe('queries of integers', () => {
  const bits: Partial<Record<QueryKind, number>> = {
    u8: 8,
    u16: 16,
    u32: 32,
    port: 16,
    uint: 32,
    s8: 8,
    s16: 16,
    s32: 32,
    sint: 32,
  };
  for (const [kind, width] of Object.entries(bits)) {
    const isSigned = kind.startsWith('s');
    const [min, max] = isSigned
      ? [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1) - 1n]
      : [0n, 2n ** BigInt(width) - 1n];
    const read = (value: bigint) => outcome(() => query(configTree({ i: value }), 'i', kind as 'u8'));

    it(`${kind}: ${min} to ${max}, as numbers`, () => {
      for (const value of [min, max, 0n, 1n]) expect(read(value)).to.equal(Number(value));
    });
    it(`${kind}: ${isSigned ? 'sign extension must fit' : 'upper bits must be zero'}`, () => {
      for (const value of [min - 1n, max + 1n, 2n ** 63n]) {
        expect(read(value), `${value}`).to.equal('VERR_CFGM_INTEGER_TOO_BIG');
      }
    });
    it(`${kind} gives each value that it can hold, and no other`, () => {
      fc.assert(
        fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
          const fits = value >= min && value <= max;
          expect(read(value)).to.equal(fits ? Number(value) : 'VERR_CFGM_INTEGER_TOO_BIG');
        }),
      );
    });
  }

  for (const [kind, value, expected] of [
    ['u64', -1n, 2n ** 64n - 1n],
    ['s64', 2n ** 64n - 1n, -1n],
    ['gcPtr', -1n, 2n ** 64n - 1n],
    ['gcPtrU', -1n, 2n ** 64n - 1n],
    ['gcPtrS', 2n ** 63n, -(2n ** 63n)],
  ] as const) {
    it(`${kind}: 64 bits are reinterpreted, as bigints`, () =>
      expect(query(configTree({ i: value }), 'i', kind)).to.equal(expected));
  }
});

describe('queries with a default', () => {
  const rows: readonly (readonly [rule: string, call: () => unknown, expected: unknown])[] = [
    ['missing value: the default', () => queryDef(node, 'missing', 'u8', 9), 9],
    ['null node: the default', () => queryDef(undefined, 'int', 'u8', 9), 9],
    ['removed node: the default', () => queryDef(gone, 'int', 'u8', 9), 9],
    ['a value: the value', () => queryDef(node, 'int', 'u8', 9), 7],
    ['a value that does not fit: failure', () => queryDef(node, 'minus', 'u8', 9), 'VERR_CFGM_INTEGER_TOO_BIG'],
    ['BoolDef', () => queryDef(node, 'missing', 'bool', true), true],
    ['U64Def', () => queryDef(node, 'missing', 'u64', 5n), 5n],
    ['StringAllocDef with a null default', () => queryDef(node, 'missing', 'string', undefined), undefined],
    ['PasswordDef', () => queryDef(node, 'missing', 'password', 'x'), 'x'],
  ];
  for (const [rule, call, expected] of rows) it(rule, () => expect(outcome(call)).to.equal(expected));
});

describe('queries into buffers', () => {
  const rows: readonly (readonly [rule: string, call: () => unknown, expected: unknown])[] = [
    ['String: fits with its terminator', () => queryString(node, 'text', 4), 'äb'],
    ['String: no room for the terminator', () => queryString(node, 'text', 3), 'VERR_CFGM_NOT_ENOUGH_SPACE'],
    ['String: wrong type comes before the size', () => queryString(node, 'int', 0), 'VERR_CFGM_NOT_STRING'],
    [
      'StringDef: a value that does not fit has no default',
      () => queryStringDef(node, 'text', 3, 'x'),
      'VERR_CFGM_NOT_ENOUGH_SPACE',
    ],
    ['StringDef: the default', () => queryStringDef(node, 'missing', 2, 'x'), 'x'],
    [
      'StringDef: a default that does not fit',
      () => queryStringDef(node, 'missing', 1, 'x'),
      'VERR_CFGM_NOT_ENOUGH_SPACE',
    ],
    ['StringDef: null node', () => queryStringDef(undefined, 'text', 9, 'x'), 'x'],
    ['StringDef: wrong type', () => queryStringDef(node, 'bytes', 9, 'x'), 'VERR_CFGM_NOT_STRING'],
    ['Password', () => queryPassword(node, 'secret', 5), 'open'],
    ['Password: too small', () => queryPassword(node, 'secret', 4), 'VERR_CFGM_NOT_ENOUGH_SPACE'],
    ['PasswordDef: too small', () => queryPasswordDef(node, 'secret', 4, ''), 'VERR_CFGM_NOT_ENOUGH_SPACE'],
    ['PasswordDef: the default', () => queryPasswordDef(node, 'missing', 4, 'abc'), 'abc'],
    [
      'PasswordDef: a default that does not fit',
      () => queryPasswordDef(node, 'missing', 3, 'abc'),
      'VERR_CFGM_NOT_ENOUGH_SPACE',
    ],
    ['Bytes: the rest is zeroed', () => String(queryBytes(node, 'bytes', 5)), '1,2,3,0,0'],
    ['Bytes: exactly', () => String(queryBytes(node, 'bytes', 3)), '1,2,3'],
    ['Bytes: too small', () => queryBytes(node, 'bytes', 2), 'VERR_CFGM_NOT_ENOUGH_SPACE'],
    ['Bytes: wrong type', () => queryBytes(node, 'text', 9), 'VERR_CFGM_NOT_BYTES'],
    ['GetName', () => queryName(node.child('child')!, 6), 'child'],
    ['GetName: too small', () => queryName(node.child('child')!, 5), 'VERR_CFGM_NOT_ENOUGH_SPACE'],
  ];
  for (const [rule, call, expected] of rows) it(rule, () => expect(outcome(call)).to.equal(expected));

  it('a password does not come with its failure', () => {
    for (const call of [() => queryPassword(node, 'secret', 1), () => query(node, 'secret', 'string')]) {
      expect(call).to.throw(/^((?!open).)*$/s);
    }
  });

  it('a failure says which value of which node', () => {
    const root = configTree({ Devices: { pit: { 0: { Irq: 'x' } } } });
    expect(() => query(root.child('Devices/pit/0'), 'Irq', 'u8')).to.throw(
      "VERR_CFGM_NOT_INTEGER: value 'Irq' of /Devices/pit/0/ is a string, not an integer",
    );
  });
});
