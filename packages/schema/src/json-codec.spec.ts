import { expect } from 'chai';
import fc from 'fast-check';
import * as t from 'io-ts';
import * as ssm from './decorators.js';
import { DescriptorError } from './descriptor.js';
import { codecOf, decodeJson, encodeJson, type Json, JsonError, type JsonOptions } from './json-codec.js';
import type { StateClass } from './metadata.js';
import { arbitraryOf } from './testing/arbitrary.js';

const { Nested, SsmStream, SsmStruct, Transient, U8 } = ssm;

@SsmStream()
class Channel {
  @U8({ values: [1, 2, 3] }) mode = 1;
  @ssm.StrZ({ max: 8 }) name = '';
}

@SsmStruct()
class Members {
  @ssm.HCPtrNI() there = false;
  @ssm.HCPtrNI({ as: 'bigint' }) pointer = 0n;
  @ssm.HCPtrNI({ count: 2 }) several = [false, false];
  @ssm.HCPtrHackU32() hack = 0;
  @ssm.U32ZxU64() widened = 0n;
  @ssm.Callback('u16', { put: 'save' }) custom = 0;
  @ssm.PadHC(2, 4) declare padding: never;
  @ssm.Old(4) declare gone: never;
  @ssm.Ignore('u32') declare ignored: never;
  @ssm.NoEntry('u32') declare unsaved: never;
  @Transient() cache = 0;
  save(): void {}
}

@SsmStream()
class Everything {
  @ssm.Bool() bool = false;
  @ssm.S8({ min: -5, max: 5 }) small = 0;
  @ssm.U32() u32 = 0;
  @ssm.U64() u64 = 0n;
  @ssm.S64({ min: -5 }) s64 = 0n;
  @ssm.U128() u128 = 0n;
  @ssm.S128() s128 = 0n;
  @ssm.U64({ as: 'number' }) safe = 0;
  @ssm.U64({ hi: 'high' }) low = 0;
  high = 0;
  @ssm.S64({ hi: 'signedHigh' }) signedLow = 0;
  signedHigh = 0;
  @ssm.Mem({ count: 3 }) bytes = new Uint8Array(3);
  @ssm.StrZ({ as: 'bytes', max: 4 }) raw = new Uint8Array(0);
  @ssm.StrZ({ max: 8 }) text = '';
  @ssm.U16({ count: 2 }) words = new Uint16Array(2);
  @ssm.S64({ count: { stream: 'u8' }, max: 3, each: { values: [0, 1, -1] } }) longs = new BigInt64Array(0);
  @ssm.Bool({ count: 2 }) flags = [false, false];
  @Nested(Channel) channel = new Channel();
  @Nested(Channel, { count: { stream: 'u8' }, max: 2 }) channels: Channel[] = [];
  @ssm.Struct(Members) members = new Members();
  @ssm.Marker('u32', 0xffffffff) declare end: never;
}

@SsmStream()
class Tree {
  @U8() value = 0;
  @Nested(() => Tree, { count: { stream: 'u8' }, max: 4 }) children: Tree[] = [];
}

@SsmStream()
class Versions {
  @U8() first = 1;
  @U8({ since: 2 }) second = 2;
  @U8({ until: 1 }) declare gone: number | undefined;
  @ssm.U64({ when: 'first', hi: 'pairHigh' }) declare pair: number | undefined;
  declare pairHigh: number | undefined;
  @Nested(Channel, { when: 'first' }) channel?: Channel;
}

/** As it goes through a file. */
const throughText = (json: Json): Json => JSON.parse(JSON.stringify(json)) as Json;

const example: Record<string, Json> = {
  bool: true,
  small: -5,
  u32: 4294967295,
  u64: '18446744073709551615',
  s64: '-5',
  u128: '340282366920938463463374607431768211455',
  s128: '-170141183460469231731687303715884105728',
  safe: 9007199254740991,
  low: '81985529216486895',
  signedLow: '-1',
  bytes: 'AQID',
  raw: '/w==',
  text: 'a\u0000é😀',
  words: [0, 65535],
  longs: ['-1', '0', '1'],
  flags: [true, false],
  channel: { mode: 3, name: 'x' },
  channels: [
    { mode: 1, name: '' },
    { mode: 2, name: 'two' },
  ],
  members: {
    there: true,
    pointer: '18446744073709551615',
    several: [false, true],
    hack: 4294967295,
    widened: '4294967296',
    custom: 65535,
  },
};

function instance(): Everything {
  return Object.assign(new Everything(), {
    bool: true,
    small: -5,
    u32: 0xffffffff,
    u64: 2n ** 64n - 1n,
    s64: -5n,
    u128: 2n ** 128n - 1n,
    s128: -(2n ** 127n),
    safe: Number.MAX_SAFE_INTEGER,
    low: 0x89abcdef,
    high: 0x01234567,
    signedLow: 0xffffffff,
    signedHigh: 0xffffffff,
    bytes: new Uint8Array([1, 2, 3]),
    raw: new Uint8Array([255]),
    text: 'a\0é😀',
    words: new Uint16Array([0, 0xffff]),
    longs: new BigInt64Array([-1n, 0n, 1n]),
    flags: [true, false],
    channel: Object.assign(new Channel(), { mode: 3, name: 'x' }),
    channels: [new Channel(), Object.assign(new Channel(), { mode: 2, name: 'two' })],
    members: Object.assign(new Members(), {
      there: true,
      pointer: 2n ** 64n - 1n,
      several: [false, true],
      hack: 0xffffffff,
      widened: 2n ** 32n,
      custom: 0xffff,
    }),
  });
}

describe('the JSON form of a class', () => {
  it('has numbers, decimal strings for 64 bits and more, base64, arrays and objects', () => {
    expect(encodeJson(Everything, instance())).to.deep.equal(example);
  });

  it('is read back as an instance', () => {
    const read = decodeJson(Everything, throughText(example));
    expect(read).to.deep.equal(instance());
    expect(read).to.be.instanceOf(Everything);
    expect(read.channels[1]).to.be.instanceOf(Channel);
  });

  it('has hex for bytes on request, in nested objects, too', () => {
    @SsmStream()
    class Outer {
      @Nested(Everything) inner = instance();
    }
    const json = encodeJson(Outer, new Outer(), { bytes: 'hex' }) as { inner: Record<string, Json> };
    expect([json.inner['bytes'], json.inner['raw']]).to.deep.equal(['010203', 'ff']);
    expect(decodeJson(Outer, json, { bytes: 'hex' })).to.deep.equal(new Outer());
  });

  it('has the keys in the order of the fields', () => {
    expect(Object.keys(encodeJson(Everything, instance()) as object)).to.deep.equal(Object.keys(example));
  });

  for (const target of [Everything, Members, Tree, Channel] as StateClass[]) {
    it(`loses nothing of ${target.name}`, () => {
      const options: JsonOptions[] = [{}, { bytes: 'hex' }];
      const property = fc.property(arbitraryOf(target), fc.constantFrom(...options), (object, form) => {
        expect(decodeJson(target, throughText(encodeJson(target, object, form)), form)).to.deep.equal(object);
      });
      fc.assert(property, { numRuns: 100 });
    });
  }

  it('has no minus zero, which no integer kind has', () => {
    expect(encodeJson(Channel, Object.assign(new Channel(), { mode: 1 }))).to.deep.equal({ mode: 1, name: '' });
    const json = encodeJson(Tree, Object.assign(new Tree(), { value: -0 })) as { value: number };
    expect(Object.is(json.value, 0)).to.equal(true);
    expect(Object.is(decodeJson(Tree, { value: -0, children: [] }).value, 0)).to.equal(true);
  });

  it('is made from plain objects where they stand for nested ones', () => {
    const object = Object.assign(instance(), { channel: { mode: 3, name: 'x' } });
    expect(encodeJson(Everything, object)).to.deep.equal(example);
  });
});

describe('fields that may be absent', () => {
  it('are left out when they are undefined', () => {
    expect(encodeJson(Versions, new Versions())).to.deep.equal({ first: 1, second: 2 });
  });

  it('are there when they are not', () => {
    const object = Object.assign(new Versions(), { gone: 9, pair: 1, pairHigh: 1, channel: new Channel() });
    const json = { first: 1, second: 2, gone: 9, pair: '4294967297', channel: { mode: 1, name: '' } };
    expect(encodeJson(Versions, object)).to.deep.equal(json);
    expect(decodeJson(Versions, json)).to.deep.equal(object);
  });

  it('are left out, too, when they hold what the initialiser left, and that is not in their domain', () => {
    @SsmStream()
    class Late {
      @U8({ since: 2, min: 1 }) level = 0;
    }
    expect(encodeJson(Late, new Late())).to.deep.equal({});
    expect(decodeJson(Late, {})).to.deep.equal(new Late());
    expect(encodeJson(Late, Object.assign(new Late(), { level: 1 }))).to.deep.equal({ level: 1 });
    expect(() => encodeJson(Late, Object.assign(new Late(), { level: -1 }))).to.throw(JsonError, 'Late.level');
  });

  it('stay as the initialiser has them when they are left out', () => {
    expect(decodeJson(Versions, { first: 0 })).to.deep.equal(Object.assign(new Versions(), { first: 0 }));
  });
});

describe('64-bit and 128-bit values', () => {
  const accepted: readonly (readonly [key: string, json: Json, property: string, value: unknown])[] = [
    ['u64', 5, 'u64', 5n],
    ['u64', '0', 'u64', 0n],
    ['u64', '007', 'u64', 7n],
    ['u64', '0xffffffffffffffff', 'u64', 2n ** 64n - 1n],
    ['u64', '0XfF', 'u64', 255n],
    ['u64', Number.MAX_SAFE_INTEGER, 'u64', BigInt(Number.MAX_SAFE_INTEGER)],
    ['s64', '-0x5', 's64', -5n],
    ['s64', -5, 's64', -5n],
    ['u128', 5, 'u128', 5n],
    ['s128', '-0x10', 's128', -16n],
    ['safe', '0x10', 'safe', 16],
    ['low', 1, 'low', 1],
    ['low', '0x0123456789abcdef', 'high', 0x01234567],
    ['signedLow', '-0x100000000', 'signedHigh', 0xffffffff],
  ];
  for (const [key, json, property, value] of accepted) {
    it(`${key}: ${JSON.stringify(json)} is ${value}`, () => {
      const read = decodeJson(Everything, { ...example, [key]: json }) as unknown as Record<string, unknown>;
      expect(read[property]).to.equal(value);
    });
  }
});

describe('JSON that is no instance', () => {
  const u32 = 'an integer from 0 to 4294967295';
  const u64 = 'an integer from 0 to 18446744073709551615';
  const refused: readonly (readonly [what: string, change: Record<string, unknown>, path: string, problem: string])[] =
    [
      ['a number for a boolean', { bool: 1 }, '.bool', 'expected true or false, found 1'],
      ['null for a boolean', { bool: null }, '.bool', 'expected true or false, found null'],
      ['a string for a number', { u32: '5' }, '.u32', `expected ${u32}, found "5"`],
      ['a fraction', { u32: 0.5 }, '.u32', `expected ${u32}, found 0.5`],
      ['not a number', { u32: Number.NaN }, '.u32', `expected ${u32}, found NaN`],
      ['infinity', { u32: Number.POSITIVE_INFINITY }, '.u32', `expected ${u32}, found Infinity`],
      ['a negative number', { u32: -1 }, '.u32', `expected ${u32}, found -1`],
      ['a number too large for its kind', { u32: 4294967296 }, '.u32', `expected ${u32}, found 4294967296`],
      ['a number outside its domain', { small: 6 }, '.small', 'expected an integer from -5 to 5, found 6'],
      ['a number that is rounded', { u64: 2 ** 53 }, '.u64', `expected ${u64}, found 9007199254740992`],
      [
        'a value too large for 64 bits',
        { u64: '18446744073709551616' },
        '.u64',
        `expected ${u64}, found "18446744073709551616"`,
      ],
      ['a negative value', { u64: '-1' }, '.u64', `expected ${u64}, found "-1"`],
      [
        'a value outside its domain',
        { s64: '-6' },
        '.s64',
        'expected an integer from -5 to 9223372036854775807, found "-6"',
      ],
      ['letters for a value', { u64: 'ten' }, '.u64', `expected ${u64}, found "ten"`],
      ['hex without its prefix', { u64: 'ff' }, '.u64', `expected ${u64}, found "ff"`],
      ['an empty string for a value', { u64: '' }, '.u64', `expected ${u64}, found ""`],
      ['blanks around a value', { u64: ' 5' }, '.u64', `expected ${u64}, found " 5"`],
      ['a bigint, which JSON has not', { u64: 5n }, '.u64', `expected ${u64}, found 5`],
      ['a text that is far too long', { u128: '1'.repeat(100) }, '.u128', `, found "${'1'.repeat(39)}…`],
      [
        'more than a safe integer',
        { safe: '9007199254740992' },
        '.safe',
        'expected an integer from 0 to 9007199254740991, found "9007199254740992"',
      ],
      ['a pair that is none', { low: [1, 2] }, '.low', `expected ${u64}, found an array`],
      ['the high half of a pair', { high: 1 }, '.high', 'no such field'],
      ['a number for a string', { text: 5 }, '.text', 'expected a string, found 5'],
      ['a lone surrogate', { text: 'a\ud800' }, '.text', 'expected a string with a UTF-8 form, found a lone surrogate'],
      ['a string with too many bytes', { text: 'ééééé' }, '.text', 'expected at most 8 bytes of UTF-8, found 10'],
      ['an array for bytes', { bytes: [1, 2, 3] }, '.bytes', 'expected bytes as base64, found an array'],
      ['base64 that is none', { bytes: 'AQI' }, '.bytes', 'expected bytes as base64, found "AQI"'],
      ['too few bytes', { bytes: 'AQI=' }, '.bytes', 'expected 3 bytes, found 2'],
      ['too many bytes', { raw: 'AQIDBAU=' }, '.raw', 'expected at most 4 bytes, found 5'],
      ['an object for an array', { words: {} }, '.words', 'expected an array, found an object'],
      ['too few elements', { words: [1] }, '.words', 'expected 2 elements, found 1'],
      ['too many elements', { longs: ['0', '0', '0', '0'] }, '.longs', 'expected at most 3 elements, found 4'],
      ['an element outside its domain', { longs: ['0', '2'] }, '.longs[1]', 'expected one of 0, 1, -1, found "2"'],
      ['a missing element', { flags: [true, undefined] }, '.flags[1]', 'expected true or false, found nothing'],
      ['an array for an object', { channel: [] }, '.channel', 'expected an object, found an array'],
      ['null for an object', { channel: null }, '.channel', 'expected an object, found null'],
      ['an object for objects', { channels: {} }, '.channels', 'expected an array, found an object'],
      [
        'too many objects',
        { channels: [1, 2, 3].map((mode) => ({ mode, name: '' })) },
        '.channels',
        'expected at most 2 elements, found 3',
      ],
      [
        'a field of an object',
        {
          channels: [
            { mode: 1, name: '' },
            { mode: 4, name: '' },
          ],
        },
        '.channels[1].mode',
        'expected one of 1, 2, 3, found 4',
      ],
      ['a missing field of an object', { channel: { mode: 1 } }, '.channel.name', 'missing'],
      ['an unknown field of an object', { channel: { mode: 1, name: '', size: 1 } }, '.channel.size', 'no such field'],
      ['a member that holds nothing', { end: 5 }, '.end', 'no such field'],
      [
        'a member of a structure that is not saved',
        { members: { ...(example['members'] as object), ignored: 0 } },
        '.members.ignored',
        'no such field',
      ],
      ['a key that every object has', { constructor: 1 }, '.constructor', 'no such field'],
    ];
  for (const [what, change, path, problem] of refused) {
    it(`${what}: Everything${path}: ${problem}`, () => {
      let error: unknown;
      try {
        decodeJson(Everything, { ...example, ...change });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(JsonError);
      const { problems } = error as JsonError;
      expect(problems.map((told) => told.path)).to.deep.equal([`Everything${path}`]);
      expect(problems[0]!.problem).to.include(problem);
    });
  }

  for (const json of [null, undefined, 5, 'x', [], [{}]]) {
    it(`${JSON.stringify(json)} for the whole`, () => {
      expect(() => decodeJson(Channel, json)).to.throw(JsonError, /^Channel: expected an object, found /);
    });
  }

  it('keeps a prototype out', () => {
    const json = JSON.parse('{ "mode": 1, "name": "", "__proto__": { "mode": 2 } }') as unknown;
    expect(() => decodeJson(Channel, json)).to.throw(JsonError, 'Channel.__proto__: no such field');
    expect(() => decodeJson(Channel, Object.create({ mode: 1, name: '' }))).to.throw(
      JsonError,
      'Channel.mode: missing',
    );
  });

  it('is told with all that is wrong with it', () => {
    const json = { ...example, u32: -1, channels: [{ mode: 9, name: 5 }], words: [70000, 0.5], more: 0 };
    expect(() => decodeJson(Everything, json))
      .to.throw(JsonError)
      .with.property(
        'message',
        [
          'Everything.more: no such field',
          'Everything.u32: expected an integer from 0 to 4294967295, found -1',
          'Everything.words[0]: expected an integer from 0 to 65535, found 70000',
          'Everything.words[1]: expected an integer from 0 to 65535, found 0.5',
          'Everything.channels[0].mode: expected one of 1, 2, 3, found 9',
          'Everything.channels[0].name: expected a string, found 5',
        ].join('\n'),
      );
  });

  it('is refused before it uses up the stack', () => {
    let json: object = { value: 0, children: [] };
    for (let i = 0; i < 100_000; i++) json = { value: 0, children: [json] };
    expect(() => decodeJson(Tree, json)).to.throw(JsonError, 'nested too deeply');
  });

  it('may be nested as deeply as anything real', () => {
    let tree = new Tree();
    for (let i = 0; i < 400; i++) tree = Object.assign(new Tree(), { children: [tree] });
    expect(decodeJson(Tree, encodeJson(Tree, tree))).to.deep.equal(tree);
  });
});

describe('an instance that could not be saved', () => {
  const refused: readonly (readonly [change: Record<string, unknown>, path: string, problem: string])[] = [
    [{ bool: 1 }, '.bool', 'expected true or false, found 1'],
    [{ u32: 5n }, '.u32', 'expected an integer from 0 to 4294967295, found 5'],
    [{ u32: -1 }, '.u32', 'expected an integer from 0 to 4294967295, found -1'],
    [{ u32: Number.NaN }, '.u32', 'expected an integer from 0 to 4294967295, found NaN'],
    [{ u64: 5 }, '.u64', 'as a bigint, found 5'],
    [{ small: 6 }, '.small', 'expected an integer from -5 to 5, found 6'],
    [{ safe: 2 ** 53 }, '.safe', 'expected an integer from 0 to 9007199254740991, found 9007199254740992'],
    [{ low: 2 ** 32 }, '.low', 'found 4294967296'],
    [{ high: -1 }, '.low', 'found -1'],
    [{ text: 'a\udc00' }, '.text', 'a lone surrogate'],
    [{ bytes: [1, 2, 3] }, '.bytes', 'expected a Uint8Array, found an array'],
    [{ bytes: new Uint8Array(2) }, '.bytes', 'expected 3 bytes, found 2'],
    [{ words: [1, 2] }, '.words', 'expected a Uint16Array, found an array'],
    [{ words: new Uint8Array(2) }, '.words', 'expected a Uint16Array, found an object'],
    [{ longs: new BigInt64Array([0n, 5n]) }, '.longs[1]', 'expected one of 0, 1, -1'],
    [{ flags: new Uint8Array(2) }, '.flags', 'expected an array, found an object'],
    [{ channel: undefined }, '.channel', 'missing'],
    [{ channel: 5 }, '.channel', 'expected an object, found 5'],
    [{ channels: [new Channel(), { mode: 4, name: '' }] }, '.channels[1].mode', 'expected one of 1, 2, 3, found 4'],
    [{ channels: [null] }, '.channels[0]', 'expected an object, found null'],
    [{ channels: new Channel() }, '.channels', 'expected an array, found an object'],
  ];
  for (const [change, path, problem] of refused) {
    it(`Everything${path}: ${problem}`, () => {
      const object = Object.assign(instance(), change);
      try {
        encodeJson(Everything, object);
      } catch (error) {
        const { problems } = error as JsonError;
        expect(problems.map((told) => told.path)).to.deep.equal([`Everything${path}`]);
        expect(problems[0]!.problem).to.include(problem);
        expect(codecOf(Everything).is(object)).to.equal(false);
        return;
      }
      expect.fail('it was encoded');
    });
  }
});

describe('codecs', () => {
  it('are made once for a class and a form', () => {
    expect(codecOf(Channel)).to.equal(codecOf(Channel, { bytes: 'base64' }));
    expect(codecOf(Channel)).not.to.equal(codecOf(Channel, { bytes: 'hex' }));
  });

  it('are codecs of io-ts, named after their class', () => {
    expect(codecOf(Channel)).to.be.instanceOf(t.Type).and.have.property('name', 'Channel');
    const pair = t.tuple([codecOf(Channel), t.number]);
    expect(pair.is([new Channel(), 5])).to.equal(true);
    expect(pair.is([{ mode: 1, name: '' }, 5])).to.equal(false);
    expect(pair.encode([new Channel(), 5])).to.deep.equal([{ mode: 1, name: '' }, 5]);
    const decoded = t.type({ channel: codecOf(Channel) }).decode({ channel: { mode: 7, name: '' } });
    expect(decoded._tag).to.equal('Left');
    const [error] = (decoded as { left: t.Errors }).left;
    expect(error!.context.map(({ key }) => key)).to.deep.equal(['', 'channel', 'mode']);
    expect(error!.message).to.equal('expected one of 1, 2, 3, found 7');
    const type = error!.context.at(-1)!.type as t.Any;
    expect([type.name, type.is(2), type.is(7), type.encode(2)]).to.deep.equal(['one of 1, 2, 3', true, false, 2]);
    expect([type.decode(2)._tag, type.decode(7)._tag]).to.deep.equal(['Right', 'Left']);
  });

  it('of a class that only derives make instances of it', () => {
    class Louder extends Channel {
      shout(): string {
        return this.name.toUpperCase();
      }
    }
    expect(decodeJson(Louder, { mode: 1, name: 'a' }).shout()).to.equal('A');
  });

  it('are none for other classes', () => {
    expect(() => codecOf(class Plain {})).to.throw(DescriptorError, 'Plain: is not decorated');
  });
});
