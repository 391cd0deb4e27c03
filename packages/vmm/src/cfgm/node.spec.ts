import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import { ConfigNode, configToJson, configTree, type Password } from './index.js';

const tree = () => configTree({ Name: 'vm', Devices: { pit: { 0: { Irq: 0, Config: { Mode: 3 } } } } });
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

function removed(): ConfigNode {
  const node = ConfigNode.createTree().insertNode('gone');
  node.remove();
  return node;
}

describe('the configuration tree', () => {
  it("keeps nodes and values in the order of their names' bytes, a prefix first", () => {
    const wanted = ['1', '10', '2', 'B', 'a', 'b', 'ä'];
    const root = ConfigNode.createTree();
    for (const name of ['b', '10', '2', 'a', 'ä', 'B', '1']) root.insert(name, 1).insertNode(name);
    expect([names(root.children), names(root.values)]).to.deep.equal([wanted, wanted]);
  });

  it('tells cases apart', () => {
    const root = configTree({ irq: 1, Irq: 2, dev: {}, Dev: {} });
    expect([root.values.length, root.children.length]).to.deep.equal([2, 2]);
  });

  it('lets a value and a node have the same name', () => {
    const root = ConfigNode.createTree();
    root.insert('x', 1).insertNode('x');
    expect([root.value('x')?.data, root.child('x')?.name]).to.deep.equal([1n, 'x']);
  });

  it('gives snapshots: changing while walking is safe', () => {
    const root = configTree({ a: {}, b: {}, c: {} });
    for (const child of root.children) child.remove();
    expect(root.children).to.deep.equal([]);
  });
});

describe('paths', () => {
  const found: readonly string[] = ['Devices/pit/0', '/Devices/pit/0', '//Devices///pit/0//'];
  for (const path of found) {
    it(`'${path}': slashes at the ends and repeated ones are skipped`, () => {
      expect(tree().child(path)?.path).to.equal('/Devices/pit/0/');
    });
  }
  for (const path of ['', '/', '///', 'Devices/pit/1', 'devices', 'Devices/pit/0/Irq', 'Devices/pit/0/Config/Mode']) {
    it(`'${path}' leads nowhere`, () => expect(tree().child(path)).to.equal(undefined));
  }

  it('of nodes have a slash behind every level', () => {
    const root = tree();
    expect([root.path, root.child('Devices')?.path]).to.deep.equal(['/', '/Devices/']);
  });

  it('are not what value names are', () => {
    const root = configTree({ 'a/b': 1, a: { b: 2 } });
    expect(root.value('a/b')?.data).to.equal(1n);
  });
});

describe('restricted roots', () => {
  it('show no parent to those below, but to the VM', () => {
    const root = tree();
    const config = root.child('Devices/pit/0/Config')!;
    expect(config.parent).to.equal(root.child('Devices/pit/0'));
    config.setRestrictedRoot();
    expect([config.isRestrictedRoot, config.parent, config.parentEx?.name]).to.deep.equal([true, undefined, '0']);
  });

  it('roots have no parent at all', () => {
    expect([tree().parent, tree().parentEx]).to.deep.equal([undefined, undefined]);
  });
});

describe('changes', () => {
  const rows: readonly (readonly [rule: string, change: () => unknown, expected: unknown])[] = [
    ['InsertNode creates missing levels', () => tree().insertNode('a/b/c').path, '/a/b/c/'],
    ['InsertNode goes on from levels that are there', () => tree().insertNode('Devices/rtc').path, '/Devices/rtc/'],
    ['InsertNode skips slashes', () => tree().insertNode('//a//b/').path, '/a/b/'],
    ['InsertNode: last level exists', () => tree().insertNode('Devices/pit'), 'VERR_CFGM_NODE_EXISTS'],
    ['InsertNode: empty name', () => tree().insertNode(''), 'VERR_CFGM_INVALID_NODE_PATH'],
    ['InsertNode: only slashes', () => tree().insertNode('//'), 'VERR_CFGM_INVALID_NODE_PATH'],
    ['InsertNode: a NUL', () => tree().insertNode('a\0b'), 'VERR_CFGM_INVALID_NODE_PATH'],
    ['InsertNode: null parent', () => removed().insertNode('a'), 'VERR_CFGM_NO_PARENT'],
    ['InsertInteger', () => tree().insertInteger('x', 7).value('x')?.data, 7n],
    ['InsertInteger: a boolean', () => tree().insertInteger('x', true).value('x')?.data, 1n],
    [
      'InsertInteger: all of u64',
      () =>
        tree()
          .insertInteger('x', 2n ** 64n - 1n)
          .value('x')?.data,
      2n ** 64n - 1n,
    ],
    ["InsertInteger: two's complement", () => tree().insertInteger('x', -1).value('x')?.data, 2n ** 64n - 1n],
    ['InsertInteger: 65 bits', () => tree().insertInteger('x', 2n ** 64n), 'VERR_OUT_OF_RANGE'],
    ['InsertInteger: less than s64', () => tree().insertInteger('x', -(2n ** 63n) - 1n), 'VERR_OUT_OF_RANGE'],
    ['InsertInteger: a fraction', () => tree().insertInteger('x', 0.5), 'VERR_INVALID_PARAMETER'],
    ['InsertInteger: beyond safe numbers', () => tree().insertInteger('x', 2 ** 53), 'VERR_INVALID_PARAMETER'],
    ['InsertString', () => tree().insertString('x', 'ä').value('x')?.data, 'ä'],
    ['InsertString: a NUL', () => tree().insertString('x', 'a\0'), 'VERR_INVALID_PARAMETER'],
    ['InsertPassword: a lone surrogate', () => tree().insertPassword('x', '\ud800'), 'VERR_INVALID_PARAMETER'],
    ['Insert: nothing', () => tree().insert('x', undefined as never), 'VERR_INVALID_PARAMETER'],
    ['Insert: another object', () => tree().insert('x', {} as never), 'VERR_INVALID_PARAMETER'],
    ['Insert: exists, of another type', () => tree().insertString('Name', 'x'), 'VERR_CFGM_LEAF_EXISTS'],
    ['Insert: empty name', () => tree().insertInteger('', 1), 'VERR_CFGM_INVALID_CHILD_PATH'],
    ['Insert: null parent', () => removed().insertBytes('x', new Uint8Array()), 'VERR_CFGM_NO_PARENT'],
    [
      'InsertValue copies under the same name',
      () => tree().insertValue({ name: 'x', type: 'integer', data: 5n }).value('x')?.data,
      5n,
    ],
    [
      'InsertValue: exists',
      () => tree().insertValue({ name: 'Name', type: 'integer', data: 5n }),
      'VERR_CFGM_LEAF_EXISTS',
    ],
    ['RemoveValue: missing', () => tree().removeValue('Nome'), 'VERR_CFGM_VALUE_NOT_FOUND'],
    ['RemoveValue: null node', () => removed().removeValue('x'), 'VERR_CFGM_NO_PARENT'],
    ['InsertSubTree: null parent', () => removed().insertSubTree('a', tree()), 'VERR_CFGM_NO_PARENT'],
    ['InsertSubTree: last level exists', () => tree().insertSubTree('Devices/pit', tree()), 'VERR_CFGM_NODE_EXISTS'],
    [
      'InsertSubTree: part of a tree',
      () => tree().insertSubTree('a', tree().child('Devices')!),
      'VERR_INVALID_PARAMETER',
    ],
    ['InsertSubTree: a removed root', () => tree().insertSubTree('a', removed()), 'VERR_INVALID_PARAMETER'],
    ['ReplaceSubTree: null node', () => removed().replaceSubTree(tree()), 'VERR_CFGM_NO_PARENT'],
    ['ReplaceSubTree: part of a tree', () => tree().replaceSubTree(tree().child('Devices')!), 'VERR_INVALID_PARAMETER'],
  ];
  for (const [rule, change, expected] of rows) {
    it(rule, () => expect(outcome(change)).to.equal(expected));
  }

  it('InsertSubTree: a tree cannot become part of itself', () => {
    const root = tree();
    expect(outcome(() => root.insertSubTree('a', root))).to.equal('VERR_INVALID_PARAMETER');
    expect(outcome(() => root.child('Devices/pit')!.insertSubTree('a', root))).to.equal('VERR_INVALID_PARAMETER');
    expect(outcome(() => root.replaceSubTree(root))).to.equal('VERR_INVALID_PARAMETER');
    expect(configToJson(root)).to.deep.equal(configToJson(tree()));
  });

  it('what fails changes nothing', () => {
    const root = tree();
    outcome(() => root.insertNode('Devices/pit'));
    outcome(() => root.insertSubTree('Devices/pit', configTree({ x: 1 })));
    outcome(() => root.insert('x', 0.5));
    expect(configToJson(root)).to.deep.equal(configToJson(tree()));
  });

  it('bytes are copied on their way in and out', () => {
    const bytes = new Uint8Array([1, 2]);
    const root = ConfigNode.createTree().insertBytes('b', bytes);
    bytes[0] = 9;
    (root.value('b')!.data as Uint8Array)[1] = 9;
    (root.values[0]!.data as Uint8Array)[1] = 9;
    expect(root.value('b')!.data).to.deep.equal(new Uint8Array([1, 2]));
  });

  it('RemoveNode takes the whole subtree, whose nodes count as none from then on', () => {
    const root = tree();
    const pit = root.child('Devices/pit')!;
    const config = pit.child('0/Config')!;
    pit.remove();
    expect(root.child('Devices')!.children).to.deep.equal([]);
    expect([pit.isRemoved, config.isRemoved, config.parentEx, config.value('Mode')]).to.deep.equal([
      true,
      true,
      undefined,
      undefined,
    ]);
    expect(root.child('Devices')!.insertNode('pit').children).to.deep.equal([]);
  });

  it('RemoveNode of a root empties the tree; twice is once', () => {
    const root = tree();
    root.remove();
    root.remove();
    expect([root.isRemoved, root.children.length, root.values.length]).to.deep.equal([true, 0, 0]);
  });

  it('InsertSubTree moves: what was the root is gone, its nodes are the same', () => {
    const root = tree();
    const lun = configTree({ Driver: 'Stub', Config: { a: 1 } });
    const config = lun.child('Config')!.setRestrictedRoot();
    const node = root.insertSubTree('Devices/pit/0/LUN#0', lun);
    expect([lun.isRemoved, node.path, config.path]).to.deep.equal([
      true,
      '/Devices/pit/0/LUN#0/',
      '/Devices/pit/0/LUN#0/Config/',
    ]);
    expect([node.value('Driver')?.data, config.isRestrictedRoot]).to.deep.equal(['Stub', true]);
    config.remove();
    expect(node.children).to.deep.equal([]);
  });

  it('ReplaceSubTree keeps the node and its mark, and replaces what it holds', () => {
    const root = tree();
    const config = root.child('Devices/pit/0/Config')!.setRestrictedRoot();
    const old = config.insertNode('old');
    config.replaceSubTree(configTree({ New: 1, sub: {} }));
    expect([old.isRemoved, old.parentEx]).to.deep.equal([true, undefined]);
    expect(config.isRestrictedRoot).to.equal(true);
    expect([names(config.values), names(config.children)]).to.deep.equal([['New'], ['sub']]);
    expect(config.child('sub')!.path).to.equal('/Devices/pit/0/Config/sub/');
  });

  it('paths as deep as memory allows', () => {
    const root = ConfigNode.createTree();
    root.insertNode('a/'.repeat(20_000));
    root.remove();
    expect(root.children).to.deep.equal([]);
  });
});

describe('passwords', () => {
  it('show themselves only to those who ask', async () => {
    const { inspect } = await import('node:util');
    const root = ConfigNode.createTree().insertPassword('Secret', 'tell no one');
    const { data } = root.value('Secret')!;
    const shown = [
      String(data),
      JSON.stringify(root.values),
      inspect(root.values, { depth: 9, showHidden: true }),
      inspect(root),
    ];
    for (const text of shown) expect(text).not.to.contain('tell');
    expect((data as Password).reveal()).to.equal('tell no one');
  });
});
