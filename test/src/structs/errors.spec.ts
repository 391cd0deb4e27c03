import { type GetStream, isSsmError, type PutStream } from '@ssmkit/runtime';
import { DescriptorError, defaultHost, SsmStruct, StructFlags, U8 } from '@ssmkit/schema';
import { expect } from 'chai';
import { Big } from '../classes/big.js';
import '../classes/big.ssm.js';
import { Loops, Mixed, Parts } from '../classes/every-stream.js';
import '../classes/every-stream.ssm.js';
import { Arrays, Options, Outer, Widened } from '../classes/every-struct.js';
import '../classes/every-struct.ssm.js';
import { Descriptor, Pair } from '../classes/nested.js';
import { Simple } from '../classes/simple.js';
import '../classes/simple.ssm.js';
import { reading, written } from '../support/struct-stream.js';

/** An object of a class, with some properties set. */
function make<T extends object>(target: new () => T, values: object = {}): T {
  return Object.assign(new target(), values);
}

@SsmStruct()
class Forgetful {
  @U8() a = 0;
  b = 0;
}

/** More calls of a class than walk its table, so that generated code is asked, too. */
const CALLS = 4;

interface Failure {
  status: string;
  field: string | undefined;
}

function failureOf(run: () => void): Failure | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isSsmError(error)) return { status: error.status, field: error.where.field };
    throw error;
  }
}

type Row<Stream> = readonly [what: string, run: (stream: Stream) => void, status: string, field?: string];

const puts: readonly Row<PutStream>[] = [
  ['an entry that SSMR3PutStruct does not take', (s) => s.putStruct(new Big()), 'VERR_SSM_FIELD_COMPLEX', 'Big'],
  ['unknown flags', (s) => s.putStructEx(new Simple(), 0x40), 'VERR_INVALID_PARAMETER'],
  [
    'FULL_STRUCT with a gap',
    (s) => s.putStructEx(new Simple(), StructFlags.FULL_STRUCT),
    'VERR_SSM_FIELD_NOT_CONSECUTIVE',
    'Simple',
  ],
  ['a stream class as a structure', (s) => s.putStructEx(new Parts()), 'VERR_INVALID_PARAMETER', 'Parts'],
  ['a structure as a stream class', (s) => s.put(new Simple()), 'VERR_INVALID_PARAMETER', 'Simple'],
  ['a property without a kind', (s) => s.putStructEx(new Forgetful()), 'VERR_INVALID_PARAMETER', 'Forgetful.b'],
  [
    'an array of the wrong length',
    (s) => s.putStructEx(make(Arrays, { u32s: new Uint32Array(2) })),
    'VERR_INVALID_PARAMETER',
    'Arrays.u32s',
  ],
  [
    'a long array of the wrong length',
    (s) => s.putStructEx(make(Arrays, { long: new Uint32Array(1) })),
    'VERR_INVALID_PARAMETER',
    'Arrays.long',
  ],
  [
    'a value above its maximum',
    (s) => s.putStructEx(make(Options, { level: 6 })),
    'VERR_OUT_OF_RANGE',
    'Options.level',
  ],
  [
    'a value that the enum does not have',
    (s) => s.putStructEx(make(Options, { mode: 1 })),
    'VERR_SSM_ENUM_VALUE_OUT_OF_RANGE',
    'Options.mode',
  ],
  [
    'a number that is no safe integer',
    (s) => s.putStructEx(make(Options, { safe: 0.5 })),
    'VERR_OUT_OF_RANGE',
    'Options.safe',
  ],
  [
    'a pointer that must hold 32 bits and holds more',
    (s) => s.putStructEx(make(Big, { pvHack: 0x123456789 })),
    'VERR_SSM_FIELD_INVALID_VALUE',
    'Big.pvHack',
  ],
  [
    'an entry that only loads',
    (s) => s.putStructEx(new Widened()),
    'VERR_SSM_FIELD_LOAD_ONLY_TRANSFORMATION',
    'Widened.b',
  ],
  [
    'an array that disagrees with its count',
    (s) => s.put(make(Loops, { n: 1 })),
    'VERR_INVALID_PARAMETER',
    'Loops.bytes',
  ],
  [
    'more elements than may be loaded',
    (s) => s.put(make(Loops, { ring: Array.from({ length: 4 }, () => new Descriptor()) })),
    'VERR_TOO_MUCH_DATA',
    'Loops.ring',
  ],
  [
    'a string longer than may be loaded',
    (s) => s.put(make(Loops, { pairs: [make(Pair, { name: 'x'.repeat(128) })] })),
    'VERR_TOO_MUCH_DATA',
    'Loops.pairs[0].name',
  ],
];

describe('what cannot be saved', () => {
  for (const [what, run, status, field] of puts) {
    it(`${what}: ${status}, from every engine, and it sticks`, () => {
      for (let call = 0; call < CALLS; call++) {
        written(defaultHost, (stream) => {
          const failure = failureOf(() => run(stream));
          expect(failure, `call ${call}`).to.deep.equal({ status, field });
          expect(
            failureOf(() => stream.putU8(1)),
            'afterwards',
          ).to.have.property('status', status);
          stream.flush = () => {};
        });
      }
    });
  }

  it('a value of the wrong type: VERR_INVALID_PARAMETER', () => {
    for (let call = 0; call < CALLS; call++) {
      written(defaultHost, (stream) => {
        const failure = failureOf(() => stream.putStructEx(make(Simple, { u64: 'many' })));
        expect(failure).to.have.property('status', 'VERR_INVALID_PARAMETER');
        expect(failure!.field).to.match(/^Simple/);
        stream.flush = () => {};
      });
    }
  });

  it('an object of a class without decorators is a DescriptorError', () => {
    written(defaultHost, (stream) => {
      expect(() => stream.putStruct(new Date())).to.throw(DescriptorError, /Date: is not decorated/);
    });
  });
});

/** A unit's bytes with one of them changed. */
function changed(put: (stream: PutStream) => void, at: number, value: number): Uint8Array {
  const data = written(defaultHost, put);
  data[at < 0 ? data.length + at : at] = value;
  return data;
}

const gets: readonly (readonly [
  what: string,
  data: () => Uint8Array,
  run: (stream: GetStream) => unknown,
  status: string,
  field?: string,
])[] = [
  [
    'a lead marker that is not there',
    () => changed((s) => s.putStruct(new Simple()), 0, 0),
    (s) => s.getStruct(new Simple()),
    'VERR_SSM_STRUCTURE_MAGIC',
  ],
  [
    'a tail marker that is not there',
    () => changed((s) => s.putStructEx(new Simple()), -1, 0),
    (s) => s.getStructEx(new Simple()),
    'VERR_SSM_STRUCTURE_MAGIC',
  ],
  [
    'a unit that ends inside',
    () => written(defaultHost, (s) => s.putStructEx(new Simple())).subarray(0, 100),
    (s) => s.getStructEx(new Simple()),
    'VERR_SSM_LOADED_TOO_MUCH',
    'Simple.abBig',
  ],
  [
    'a value above its maximum',
    () => changed((s) => s.putStructEx(new Options()), 4, 6),
    (s) => s.getStructEx(new Options()),
    'VERR_OUT_OF_RANGE',
    'Options.level',
  ],
  [
    'a value that the enum does not have',
    () => changed((s) => s.putStructEx(new Options()), 5, 1),
    (s) => s.getStructEx(new Options()),
    'VERR_SSM_ENUM_VALUE_OUT_OF_RANGE',
    'Options.mode',
  ],
  [
    'a marker in a stream that is not there',
    () => changed((s) => s.put(new Mixed()), -1, 0),
    (s) => s.get(new Mixed()),
    'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    'Mixed.end',
  ],
  [
    'a count above the maximum',
    () => written(defaultHost, (s) => s.putU8(5)),
    (s) => s.getStructEx(new Outer()),
    'VERR_SSM_LOADED_TOO_MUCH',
  ],
];

describe('what cannot be loaded', () => {
  it('a string longer than its maximum: VERR_TOO_MUCH_DATA, with the field, from every engine', () => {
    for (let call = 0; call < CALLS; call++) {
      const stream = reading(written(defaultHost, (s) => s.putStrZ('x'.repeat(128))));
      expect(failureOf(() => void stream.get(new Pair()))).to.deep.equal({
        status: 'VERR_TOO_MUCH_DATA',
        field: 'Pair.name',
      });
    }
  });

  for (const [what, data, run, status, field] of gets) {
    it(`${what}: ${status}, from every engine, and it sticks`, () => {
      for (let call = 0; call < CALLS; call++) {
        const stream = reading(data());
        const failure = failureOf(() => run(stream));
        expect(failure?.status, `call ${call}`).to.equal(status);
        // Generated code reads many fields at once and cannot tell in which of them a unit ended.
        if (status !== 'VERR_SSM_LOADED_TOO_MUCH') expect(failure?.field, `call ${call}`).to.equal(field);
        expect(
          failureOf(() => void stream.getU8()),
          'afterwards',
        ).to.have.property('status', status);
      }
    });
  }

  it('a count above the maximum: VERR_TOO_MUCH_DATA, before anything is read for it', () => {
    const head = (s: PutStream) => {
      const loops = new Loops();
      s.putU8(loops.n);
      for (let i = 0; i < 3; i++) s.putU16(0);
      for (let i = 0; i < 100; i++) s.putU32(0);
      s.putU8(5);
    };
    for (let call = 0; call < CALLS; call++) {
      const stream = reading(written(defaultHost, head));
      expect(failureOf(() => void stream.get(new Loops()))).to.deep.equal({
        status: 'VERR_TOO_MUCH_DATA',
        field: 'Loops.huge',
      });
    }
  });
});
