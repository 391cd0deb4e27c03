import { expect } from 'chai';
import fc from 'fast-check';
import { outcome } from '../iprt/testing.js';
import { ConfigNode, configFromJson, configToJson, dumpConfig, query, walkConfig } from './index.js';

/*
 * The tree against a model: a map of paths to maps of values. Nodes are few and names short, so that random operations
 * meet what is there.
 */

type Model = Map<string, Map<string, bigint | string>>;

const name = fc.constantFrom('a', 'b', 'ab', '1', '10', '2', 'ä');
const path = fc.array(name, { maxLength: 3 }).map((names) => names.join('/'));
const data = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.string({ maxLength: 4 }).filter((s) => !s.includes('\0')),
);

type Command = fc.Command<Model, ConfigNode>;
const nodeAt = (root: ConfigNode, at: string) => (at === '' ? root : root.child(at));
const command = (text: string, run: (model: Model, root: ConfigNode) => void): Command => ({
  check: () => true,
  run,
  toString: () => text,
});

const insertNode = path.map((at) =>
  command(`insertNode(${at})`, (model, root) => {
    const expected = at === '' ? 'VERR_CFGM_INVALID_NODE_PATH' : model.has(at) ? 'VERR_CFGM_NODE_EXISTS' : 'inserted';
    expect(outcome(() => root.insertNode(at) && 'inserted')).to.equal(expected);
    if (expected !== 'inserted') return;
    const names = at.split('/');
    for (const i of names.keys()) {
      const level = names.slice(0, i + 1).join('/');
      if (!model.has(level)) model.set(level, new Map());
    }
  }),
);

const insertValue = fc.tuple(path, name, data).map(([at, key, value]) =>
  command(`insert(${at}, ${key}, ${value})`, (model, root) => {
    const node = nodeAt(root, at);
    expect(node !== undefined).to.equal(model.has(at));
    if (node === undefined) return;
    const values = model.get(at)!;
    const expected = values.has(key) ? 'VERR_CFGM_LEAF_EXISTS' : node;
    expect(outcome(() => node.insert(key, value))).to.equal(expected);
    if (!values.has(key)) values.set(key, value);
  }),
);

const removeNode = path.map((at) =>
  command(`remove(${at})`, (model, root) => {
    if (at === '') return;
    root.child(at)?.remove();
    for (const key of [...model.keys()]) if (key === at || key.startsWith(`${at}/`)) model.delete(key);
  }),
);

const removeValue = fc.tuple(path, name).map(([at, key]) =>
  command(`removeValue(${at}, ${key})`, (model, root) => {
    const node = nodeAt(root, at);
    if (node === undefined) return;
    const had = model.get(at)!.delete(key);
    expect(outcome(() => node.removeValue(key))).to.equal(had ? undefined : 'VERR_CFGM_VALUE_NOT_FOUND');
  }),
);

const queryValue = fc.tuple(path, name).map(([at, key]) =>
  command(`query(${at}, ${key})`, (model, root) => {
    const value = model.get(at)?.get(key);
    const missing = model.has(at) ? 'VERR_CFGM_VALUE_NOT_FOUND' : 'VERR_CFGM_NO_PARENT';
    const expected = value === undefined ? missing : typeof value === 'bigint' ? value : 'VERR_CFGM_NOT_INTEGER';
    expect(outcome(() => query(nodeAt(root, at), key, 'u64'))).to.equal(expected);
  }),
);

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Everything that is in the tree, and in the model, in the order in which it must be. */
function contentOfTree(root: ConfigNode): unknown {
  return [...walkConfig(root)].map(([node]) => [node.path, node.values.map((value) => [value.name, value.data])]);
}

function contentOfModel(model: Model): unknown {
  const pathOf = (at: string) => (at === '' ? '/' : `/${at}/`);
  const byComponents = (a: string, b: string) => {
    const [x, y] = [a.split('/'), b.split('/')];
    const i = x.findIndex((part, at) => part !== y[at]);
    return i < 0 || y[i] === undefined ? x.length - y.length : byBytes(x[i]!, y[i]!);
  };
  return [...model.keys()]
    .sort((a, b) => (a === '' ? -1 : b === '' ? 1 : byComponents(a, b)))
    .map((at) => [pathOf(at), [...model.get(at)!].sort(([a], [b]) => byBytes(a, b))]);
}

describe('the configuration tree against a model', () => {
  it('holds what was inserted and not removed, in order, after any operations', () => {
    fc.assert(
      fc.property(
        fc.commands([insertNode, insertValue, removeNode, removeValue, queryValue], { maxCommands: 60, size: 'max' }),
        (commands) => {
          const model: Model = new Map([['', new Map()]]);
          const root = ConfigNode.createTree();
          fc.modelRun(() => ({ model, real: root }), commands);
          expect(contentOfTree(root)).to.deep.equal(contentOfModel(model));
          const again = configFromJson(JSON.parse(JSON.stringify(configToJson(root))));
          expect(dumpConfig(again)).to.equal(dumpConfig(root));
        },
      ),
      { numRuns: 100 },
    );
  });
});
