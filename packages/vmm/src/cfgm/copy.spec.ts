import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import {
  ConfigNode,
  type CopyFlags,
  configToJson,
  configTree,
  copyFlagBits,
  copyTree,
  duplicateSubTree,
  walkConfig,
} from './index.js';
import type { ConfigLiteral } from './literal.js';

const json = (literal: ConfigLiteral) => configToJson(configTree(literal));

describe('copying trees', () => {
  const target: ConfigLiteral = { both: 1, mine: 2, node: { both: 3, mine: 4, deep: { both: 5, mine: 6 } }, own: {} };
  const source: ConfigLiteral = { both: 'x', yours: 7, node: { both: 'y', deep: { both: 'z' } }, other: { a: 8 } };

  const rows: readonly (readonly [CopyFlags, bits: number, ConfigLiteral])[] = [
    [
      { values: 'replace', keys: 'merge' },
      0x12,
      {
        both: 'x',
        mine: 2,
        yours: 7,
        node: { both: 'y', mine: 4, deep: { both: 'z', mine: 6 } },
        own: {},
        other: { a: 8 },
      },
    ],
    [
      { values: 'ignoreExisting', keys: 'merge' },
      0x13,
      { both: 1, mine: 2, yours: 7, node: { both: 3, mine: 4, deep: { both: 5, mine: 6 } }, own: {}, other: { a: 8 } },
    ],
    [
      { values: 'replace', keys: 'replace' },
      0x22,
      { both: 'x', mine: 2, yours: 7, node: { both: 'y', deep: { both: 'z' } }, own: {}, other: { a: 8 } },
    ],
    [
      { values: 'ignoreExisting', keys: 'replace' },
      0x23,
      { both: 1, mine: 2, yours: 7, node: { both: 'y', deep: { both: 'z' } }, own: {}, other: { a: 8 } },
    ],
    [{ values: 'replace', keys: 'ignoreExisting' }, 0x32, { ...target, both: 'x', yours: 7, other: { a: 8 } }],
    [{ values: 'ignoreExisting', keys: 'ignoreExisting' }, 0x33, { ...target, yours: 7, other: { a: 8 } }],
  ];
  for (const [flags, bits, expected] of rows) {
    it(`CopyTree: values ${flags.values}, keys ${flags.keys}`, () => {
      const to = configTree(target);
      const from = configTree(source);
      copyTree(to, from, flags);
      expect(configToJson(to)).to.deep.equal(json(expected));
      expect(configToJson(from), 'the source').to.deep.equal(json(source));
      expect(copyFlagBits(flags)).to.equal(bits);
    });
  }

  const flags: CopyFlags = { values: 'replace', keys: 'merge' };
  const failures: readonly (readonly [rule: string, call: () => unknown, status: string])[] = [
    [
      'CopyTree: unknown flags',
      () => copyTree(configTree({}), configTree({}), { ...flags, keys: 'x' as never }),
      'VERR_INVALID_PARAMETER',
    ],
    [
      'CopyTree: unknown flags for values',
      () => copyTree(configTree({}), configTree({}), { ...flags, values: 'x' as never }),
      'VERR_INVALID_PARAMETER',
    ],
    ['CopyTree: no flags', () => copyTree(configTree({}), configTree({}), {} as never), 'VERR_INVALID_PARAMETER'],
  ];
  for (const [rule, call, status] of failures) it(rule, () => expect(outcome(call)).to.equal(status));

  it('CopyTree: onto itself', () => {
    const root = configTree(target);
    expect(outcome(() => copyTree(root, root, flags))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('CopyTree: null target', () => {
    const node = configTree({ a: {} }).child('a')!;
    node.remove();
    expect(outcome(() => copyTree(node, configTree({}), flags))).to.equal('VERR_CFGM_NO_PARENT');
  });

  it('CopyTree: into a part of the source copies what was there before', () => {
    const root = configTree({ a: { b: {} } });
    copyTree(root.child('a/b')!, root, flags);
    expect(configToJson(root)).to.deep.equal(json({ a: { b: { a: { b: {} } } } }));
  });

  it('CopyTree: a part of the target onto the whole', () => {
    const root = configTree({ a: { x: 1, a: { y: 2 } } });
    copyTree(root, root.child('a')!, { values: 'replace', keys: 'replace' });
    expect(configToJson(root)).to.deep.equal(json({ x: 1, a: { y: 2 } }));
  });

  it('DuplicateSubTree gives a tree of its own, with the marks of restricted roots below', () => {
    const root = configTree(target);
    root.child('node')!.setRestrictedRoot();
    const copy = duplicateSubTree(root);
    expect(configToJson(copy)).to.deep.equal(configToJson(root));
    expect(copy.child('node')!.parent, 'a restricted root').to.equal(undefined);
    copy.child('node/deep')!.insert('new', 1);
    expect(root.child('node/deep')!.value('new')).to.equal(undefined);
    const part = duplicateSubTree(root.child('node')!);
    expect([part.path, part.isRestrictedRoot], 'the root of a tree').to.deep.equal(['/', false]);
  });

  it('walks parents first, in order, however deep', () => {
    const root = configTree({ b: { c: {} }, a: {} });
    expect([...walkConfig(root)].map(([node, level]) => `${node.path} ${level}`)).to.deep.equal([
      '/ 0',
      '/a/ 1',
      '/b/ 1',
      '/b/c/ 2',
    ]);
    const deep = ConfigNode.createTree();
    deep.insertNode('a/'.repeat(20_000));
    expect([...walkConfig(duplicateSubTree(deep))]).to.have.length(20_001);
  });
});
