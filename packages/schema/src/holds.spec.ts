import { expect } from 'chai';
import * as ssm from './decorators.js';
import { type Holds, holdsOf, newTypedArray, valueRange, valueTypeOf } from './holds.js';
import { descriptorFor } from './metadata.js';

@ssm.SsmStream()
class Stream {
  @ssm.U8() n = 0;
  @ssm.Bool() bool = false;
  @ssm.S64() s64 = 0n;
  @ssm.U64({ as: 'number' }) safe = 0;
  @ssm.U64({ hi: 'high' }) pair = 0;
  high = 0;
  @ssm.U8({ count: 3 }) bytes8 = new Uint8Array(3);
  @ssm.S16({ count: 'n', max: 9 }) s16s = new Int16Array(0);
  @ssm.U64({ count: { stream: 'u8' }, max: 9 }) u64s = new BigUint64Array(0);
  @ssm.U32({ end: 0, max: 9 }) ended = new Uint32Array(0);
  @ssm.Bool({ count: 3 }) bools = [false];
  @ssm.U128({ count: 3 }) u128s = [0n];
  @ssm.Mem({ count: 3 }) mem = new Uint8Array(3);
  @ssm.StrZ() text = '';
  @ssm.StrZ({ as: 'bytes' }) raw = new Uint8Array(0);
  @ssm.Marker('u8', 1) declare marker: never;
  @ssm.Old(4) declare old: never;
  @ssm.Nested(() => Stream, { when: 'n' }) one?: Stream;
  @ssm.Nested(() => Stream, { count: 'n', max: 9 }) many: Stream[] = [];
}

@ssm.SsmStruct()
class Struct {
  @ssm.HCPtrNI() ni = false;
  @ssm.HCPtrNI({ as: 'bigint' }) handle = 0n;
  @ssm.HCPtrNI({ count: 2 }) nis = [false, false];
  @ssm.HCPtrNI({ as: 'bigint', count: 2 }) handles = [0n, 0n];
  @ssm.HCPtrHackU32() hack = 0;
  @ssm.U32ZxU64() zx = 0n;
  @ssm.Callback('hcptr', { put: 'save' }) callback = 0n;
  @ssm.Callback('u16', { count: 2, put: 'save' }) callbacks = new Uint16Array(2);
  @ssm.PadHC(4, 8) declare pad: never;
  @ssm.Ignore('u8') declare ignore: never;
  @ssm.NoEntry('u8') declare unsaved: never;
  save(): void {}
}

const one = (what: 'number' | 'bigint' | 'boolean'): Holds => ({ what });
const typed = (array: 'Uint8Array' | 'Uint16Array' | 'Int16Array' | 'Uint32Array'): Holds => ({
  what: 'typed',
  array,
  element: 'number',
});
const list = (element: 'bigint' | 'boolean'): Holds => ({ what: 'list', element });
const nothing: Holds = { what: 'nothing' };

const rows: Readonly<Record<string, Holds>> = {
  n: one('number'),
  bool: one('boolean'),
  s64: one('bigint'),
  safe: one('number'),
  pair: { what: 'pair', hi: 'high' },
  bytes8: typed('Uint8Array'),
  s16s: typed('Int16Array'),
  u64s: { what: 'typed', array: 'BigUint64Array', element: 'bigint' },
  ended: typed('Uint32Array'),
  bools: list('boolean'),
  u128s: list('bigint'),
  mem: { what: 'bytes' },
  text: { what: 'string' },
  raw: { what: 'bytes' },
  marker: nothing,
  old: nothing,
  one: { what: 'object' },
  many: { what: 'objects' },
  ni: one('boolean'),
  handle: one('bigint'),
  nis: list('boolean'),
  handles: list('bigint'),
  hack: one('number'),
  zx: one('bigint'),
  callback: one('bigint'),
  callbacks: typed('Uint16Array'),
  pad: nothing,
  ignore: nothing,
  unsaved: nothing,
};

describe('what a property holds', () => {
  const fields = [...descriptorFor(Stream).fields, ...descriptorFor(Struct).fields];
  it('is told for every field', () => {
    expect(fields.map(({ name }) => name)).to.have.members(Object.keys(rows));
  });
  for (const field of fields) {
    it(`${field.kind} ${field.name}: ${rows[field.name]?.what}`, () => {
      expect(holdsOf(field)).to.deep.equal(rows[field.name]);
    });
  }
});

describe('the values of a field', () => {
  it('are those of the C type for callbacks and markers', () => {
    const by = (name: string) => descriptorFor(Struct).fields.find((field) => field.name === name)!;
    expect(valueTypeOf(by('callback'))).to.include({ js: 'bigint', bits: 64 });
    expect(valueTypeOf(by('callbacks'))).to.include({ js: 'number', bits: 16 });
    const marker = descriptorFor(Stream).fields.find(({ name }) => name === 'marker')!;
    expect(valueTypeOf(marker)).to.include({ js: 'number', bits: 8 });
  });

  for (const [bits, signed, min, max] of [
    [8, false, 0n, 255n],
    [8, true, -128n, 127n],
    [32, false, 0n, 4294967295n],
    [64, true, -9223372036854775808n, 9223372036854775807n],
    [128, false, 0n, 340282366920938463463374607431768211455n],
  ] as const) {
    it(`of ${bits} bits ${signed ? 'with' : 'without'} a sign go from ${min} to ${max}`, () => {
      expect(valueRange({ js: 'bigint', bits, signed })).to.deep.equal({ min, max });
    });
  }

  it('in typed arrays begin as zeros', () => {
    expect(newTypedArray('Int16Array', 3)).to.deep.equal(new Int16Array(3));
    expect(newTypedArray('BigUint64Array', 2)).to.deep.equal(new BigUint64Array(2));
  });
});
