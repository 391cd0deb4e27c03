import { JsonError } from '@ssmkit/schema';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ConfigJson,
  ConfigNode,
  configCodec,
  configFromJson,
  configToJson,
  configTree,
  dumpConfig,
  Password,
  query,
} from './index.js';

function problemsOf(json: unknown): string[] {
  try {
    configFromJson(json);
    return [];
  } catch (error) {
    if (error instanceof JsonError) return error.problems.map(({ path, problem }) => `${path}: ${problem}`);
    throw error;
  }
}

describe('trees as JSON', () => {
  const forms: readonly (readonly [what: string, tree: ConfigNode, json: ConfigJson])[] = [
    ['nothing', configTree({}), {}],
    ['a string', configTree({ x: 'text' }), { values: { x: 'text' } }],
    ['an integer', configTree({ x: 7 }), { values: { x: 7 } }],
    ['the largest number', configTree({ x: 2n ** 53n - 1n }), { values: { x: 9007199254740991 } }],
    ['a larger integer', configTree({ x: -1 }), { values: { x: { integer: '18446744073709551615' } } }],
    ['a string of digits', configTree({ x: '7' }), { values: { x: '7' } }],
    ['bytes', configTree({ x: Uint8Array.of(1, 2, 3) }), { values: { x: { bytes: 'AQID' } } }],
    ['nodes', configTree({ a: { b: {} } }), { nodes: { a: { nodes: { b: {} } } } }],
    ['a restricted root', configTree({}).setRestrictedRoot(), { restrictedRoot: true }],
  ];
  for (const [what, tree, json] of forms) {
    it(`${what}: ${JSON.stringify(json)}`, () => {
      expect(configToJson(tree)).to.deep.equal(json);
      expect(dumpConfig(configFromJson(json))).to.equal(dumpConfig(tree));
    });
  }

  it('a password has no text in JSON', () => {
    const json = configToJson(configTree({ Secret: new Password('open') }));
    expect(json).to.deep.equal({ values: { Secret: { password: null } } });
  });

  it('a password may be given as text, or by the program', () => {
    const given = configFromJson({ values: { Secret: { password: 'open' } } });
    expect(query(given, 'Secret', 'password')).to.equal('open');
    const asked: string[] = [];
    const json = { nodes: { a: { values: { Secret: { password: null } } } } };
    const passwordOf = (path: string, name: string) => {
      asked.push(path + name);
      return 'sesame';
    };
    expect(query(configFromJson(json, { passwordOf }).child('a'), 'Secret', 'password')).to.equal('sesame');
    expect(asked).to.deep.equal(['/a/Secret']);
  });

  it('larger integers may be in hex', () => {
    const tree = configFromJson({ values: { x: { integer: '0xFFFFFFFFFFFFFFFF' } } });
    expect(query(tree, 'x', 's64')).to.equal(-1n);
  });

  const object = 'expected a string, an integer, or an object with integer, bytes or password';
  const wide = 'expected a decimal or 0x text of at most 64 bits';
  const small = 'expected an integer from 0 to 9007199254740991; larger ones as text';
  const bad: readonly (readonly [json: unknown, ...problems: string[]])[] = [
    [null, 'Config: expected an object'],
    [[], 'Config: expected an object'],
    ['x', 'Config: expected an object'],
    [{ value: {} }, 'Config.value: no such member of a node'],
    [{ values: null }, 'Config.values: expected an object'],
    [{ values: [] }, 'Config.values: expected an object'],
    [{ values: { x: -1 } }, `Config.values.x: ${small}`],
    [{ values: { x: 0.5 } }, `Config.values.x: ${small}`],
    [{ values: { x: 2 ** 53 } }, `Config.values.x: ${small}`],
    [{ values: { x: true } }, `Config.values.x: ${small}`],
    [{ values: { x: null } }, `Config.values.x: ${object}`],
    [{ values: { x: [] } }, `Config.values.x: ${object}`],
    [{ values: { x: {} } }, `Config.values.x: ${object}`],
    [{ values: { x: { integer: '1', bytes: '' } } }, `Config.values.x: ${object}`],
    [{ values: { x: { float: '1' } } }, `Config.values.x: ${object}`],
    [{ values: { x: { toString: '1' } } }, `Config.values.x: ${object}`],
    [{ values: { x: { integer: 1 } } }, `Config.values.x: ${wide}`],
    [{ values: { x: { integer: '' } } }, `Config.values.x: ${wide}`],
    [{ values: { x: { integer: '-1' } } }, `Config.values.x: ${wide}`],
    [{ values: { x: { integer: '18446744073709551616' } } }, `Config.values.x: ${wide}`],
    [{ values: { x: { bytes: 'AQI' } } }, 'Config.values.x: expected base64'],
    [
      { values: { x: { password: null } } },
      'Config.values.x: expected text, or null and a program that knows the password',
    ],
    [{ values: { x: 'a\0' } }, 'Config.values.x: has a character that no string of C has'],
    [{ values: { '': 1 } }, 'Config.values.: no name of a value'],
    [{ nodes: { 'a/b': {} } }, 'Config.nodes.a/b: no name of a node'],
    [{ nodes: { '': {} } }, 'Config.nodes.: no name of a node'],
    [{ nodes: { a: undefined } }, 'Config.nodes.a: expected an object'],
    [{ restrictedRoot: 'yes' }, 'Config.restrictedRoot: expected true or false'],
    [
      { nodes: { a: { values: { x: null } }, b: 1 }, values: { y: -1 } },
      `Config.values.y: ${small}`,
      `Config.nodes.a.values.x: ${object}`,
      'Config.nodes.b: expected an object',
    ],
  ];
  for (const [json, ...problems] of bad) {
    it(`refuses ${JSON.stringify(json)}`, () => expect(problemsOf(json)).to.deep.equal(problems));
  }

  it('refuses a password without showing it', () => {
    expect(
      problemsOf({ values: { x: { password: 'geheim\0' }, y: { password: 'geheim', more: 1 } } }).join(),
    ).not.to.contain('geheim');
  });

  it('refuses what is nested too deeply, and writes whatever is there', () => {
    let json: unknown = {};
    for (let i = 0; i < 5000; i++) json = { nodes: { a: json } };
    expect(problemsOf(json)[0]).to.match(/: nested too deeply$/);
    const root = ConfigNode.createTree();
    root.insertNode('a/'.repeat(5000));
    expect(configToJson(root).nodes?.['a']).to.be.an('object');
  });

  it('names may be anything, also __proto__', () => {
    const root = ConfigNode.createTree();
    root.insert('__proto__', 1).insertNode('__proto__').insert('constructor', 2);
    const again = configFromJson(JSON.parse(JSON.stringify(configToJson(root))));
    expect(dumpConfig(again)).to.equal(dumpConfig(root));
    expect(again.child('__proto__')?.value('constructor')?.data).to.equal(2n);
  });

  it('is an io-ts codec', () => {
    const codec = configCodec();
    const tree = configTree({ a: 1 });
    expect([codec.name, codec.is(tree), codec.is({})]).to.deep.equal(['Config', true, false]);
    expect(codec.encode(tree)).to.deep.equal({ values: { a: 1 } });
    expect(codec.decode({ values: { a: 1 } })._tag).to.equal('Right');
  });

  it('refuses any other JSON with a JsonError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        problemsOf(json);
        problemsOf({ values: json, nodes: { a: json } });
      }),
    );
  });
});
