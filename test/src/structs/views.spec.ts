import { type PutStream, SsmError, PutStream as Stream, type StructView } from '@ssmkit/runtime';
import {
  decodeJson,
  defaultHost,
  descriptorFor,
  encodeJson,
  hosts,
  newImage,
  readImage,
  type StateClass,
  StructFlags,
  slotOf,
  writeImage,
} from '@ssmkit/schema';
import { arbitraryOf, checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { Arrays, Custom, Options, Primitives } from '../classes/every-struct.js';
import { ArraysView, CustomView, OptionsView, OuterView, PrimitivesView } from '../classes/every-struct.ssm.js';
import { Channel } from '../classes/nested.js';
import { ChannelView } from '../classes/nested.ssm.js';
import { testClasses } from '../support/classes.js';
import { Collected, reading } from '../support/struct-stream.js';

interface ViewConstructor {
  new (bytes?: Uint8Array): StructView;
  readonly size: number;
  from(plain: object): StructView;
}

/** Every class of the tests that has views. */
const classes = testClasses.flatMap(({ target }) => {
  const { view } = slotOf(target);
  return view === undefined ? [] : [{ target, view: view as unknown as ViewConstructor }];
});

const savable = classes.filter(({ target }) => target.name !== 'Widened');

/** The records that `put` makes, one array each. */
function records(put: (stream: PutStream) => void, host = defaultHost): readonly Uint8Array[] {
  const sink = new Collected();
  const stream = new Stream(sink, { host });
  put(stream);
  stream.flush();
  return sink.records;
}

/** Checks something for objects of a class. */
function forObjects(target: StateClass, check: (object: object) => void): void {
  const objects = arbitraryOf(target, { hosts: Object.values(hosts) }).map((object) => agree(target, object));
  fc.assert(fc.property(objects, check), { numRuns: 30 });
}

/** Makes members that share bytes agree: in an object they need not, in memory they do. */
function agree(target: StateClass, object: object): object {
  const descriptor = descriptorFor(target);
  if (descriptor.name !== 'Placed') return object;
  const image = newImage(descriptor, defaultHost);
  writeImage(descriptor, defaultHost, object, image);
  readImage(descriptor, defaultHost, object, image);
  return object;
}

describe('views', () => {
  it('exist of every structure of the tests that asks for them, every kind among them', () => {
    expect(classes.map(({ target }) => target.name)).to.include.members([
      ...['Big', 'Simple', 'Primitives', 'Arrays', 'Options', 'Outer', 'Placed', 'Packed', 'Padded', 'Widened'],
      ...['Custom', 'Derived', 'Segment', 'Channel'],
    ]);
    for (const { target, view } of classes) {
      expect(descriptorFor(target).view, target.name).to.equal(true);
      expect(new view().bytes.length).to.equal(view.size);
    }
  });

  for (const { target, view } of savable) {
    it(`${target.name}: the memory is that of the C structure on 64-bit hosts`, () => {
      forObjects(target, (object) => {
        const image = newImage(descriptorFor(target), defaultHost);
        writeImage(descriptorFor(target), defaultHost, object, image);
        expect(view.from(object).bytes).to.deep.equal(image);
      });
    });

    it(`${target.name}: an object and its view are the same values, as JSON, too`, () => {
      forObjects(target, (object) => {
        const json = encodeJson(target, object);
        const copy = view.from(object);
        expect(encodeJson(target, copy)).to.deep.equal(json);
        expect(encodeJson(target, copy.toPlain())).to.deep.equal(json);
        expect(copy.toPlain()).to.be.instanceOf(target);
        const decoded = decodeJson(view as unknown as StateClass, json);
        expect(decoded).to.be.instanceOf(view);
        expect((decoded as StructView).bytes).to.deep.equal(copy.bytes);
      });
    });

    it(`${target.name}: a new view has what a new object has`, () => {
      expect(new view().bytes).to.deep.equal(view.from(new target()).bytes);
      expect(new view().bytes).not.to.equal(new view().bytes);
    });

    for (const host of ['linux.amd64', 'win.x86']) {
      for (const flags of [0, StructFlags.DONT_IGNORE]) {
        it(`${target.name}: the same records for ${host} with flags ${flags}`, () => {
          forObjects(target, (object) => {
            const copy = view.from(object);
            // Often enough that records end at each of the structure's items.
            const times = 40;
            const put = (what: object) => (stream: PutStream) => {
              for (let i = 0; i < times; i++) {
                stream.putStructEx(what, flags);
                stream.putU8(i);
              }
            };
            const expected = records(put(object), hosts[host]);
            expect(records(put(copy), hosts[host])).to.deep.equal(expected);
          });
        }).timeout(60_000);
      }
    }
  }

  it('are checked like their class', () => checkRoundTrip(PrimitivesView as unknown as StateClass, { numRuns: 1 }));
});

describe('the memory of a view', () => {
  it('may be given, and is kept', () => {
    const bytes = new Uint8Array(PrimitivesView.size + 3).subarray(3);
    const view = new PrimitivesView(bytes);
    expect([view.bytes, view.u32, view.bool]).to.deep.equal([bytes, 0, false]);
    bytes[0] = 1;
    view.u8 = 0x55;
    expect([view.bool, bytes[1]]).to.deep.equal([true, 0x55]);
  });

  it('may be shared between threads', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(ChannelView.size));
    new ChannelView(shared).deadline = 5n;
    expect(new ChannelView(shared).deadline).to.equal(5n);
  });

  it('must have the size of the structure', () => {
    expect(() => new ChannelView(new Uint8Array(5))).to.throw(SsmError, /ChannelView/);
  });

  for (const offset of [0, 1]) {
    it(`puts and gets the same at address ${offset}`, () => {
      forObjects(Arrays, (object) => {
        const view = new ArraysView(new Uint8Array(new ArrayBuffer(ArraysView.size + 8), offset, ArraysView.size));
        const put = (what: object) => records((stream) => stream.putStructEx(what));
        const expected = put(object);
        view.u32s = (object as Arrays).u32s;
        const loaded = reading(new Uint8Array(expected.flatMap((record) => [...record]))).getStructEx(view);
        expect(encodeJson(Arrays, loaded)).to.deep.equal(encodeJson(Arrays, object as Arrays));
        expect(put(loaded)).to.deep.equal(expected);
      });
    });
  }
});

describe('the properties of a view', () => {
  it('of arrays are the memory', () => {
    const view = new ArraysView();
    view.u32s[1] = 0x01020304;
    expect([...view.bytes.subarray(92, 96)]).to.deep.equal([4, 3, 2, 1]);
    expect(view.u32s).to.equal(view.u32s);
    const given = Uint32Array.of(1, 2, 3);
    view.u32s = given;
    given[0] = 9;
    expect([...view.u32s]).to.deep.equal([1, 2, 3]);
  });

  it('of lists are copies, and refuse to be written to', () => {
    const view = new ArraysView();
    view.bools = [true, false];
    expect(() => {
      view.bools[1] = true;
    }).to.throw(TypeError);
    expect(view.bools).to.deep.equal([true, false]);
  });

  it('of structures are views of parts of the memory', () => {
    const view = new OuterView();
    view.channels[1]!.deadline = 7n;
    view.segment.limit = 8;
    const again = new OuterView(view.bytes);
    expect([again.channels[1]!.deadline, again.segment.limit]).to.deep.equal([7n, 8]);
    expect(() => view.channels.push(view.channels[0]!)).to.throw(TypeError);
  });

  it('of structures take objects and views, and copy them', () => {
    const view = new OuterView();
    const channel = Object.assign(new Channel(), { mode: 3 });
    view.channel = channel;
    channel.mode = 4;
    expect(view.channel.mode).to.equal(3);
    const [first, second, ...others] = view.channels;
    first!.mode = 1;
    second!.mode = 2;
    view.channels = [second!, first!, ...others];
    expect(view.channels.slice(0, 2).map(({ mode }) => mode)).to.deep.equal([2, 1]);
    view.channel = view.channels[0]!;
    expect(view.channel.mode).to.equal(2);
  });

  const wrong: readonly [string, () => void, string][] = [
    [
      'an array of another length',
      () => {
        new ArraysView().u32s = new Uint32Array(2);
      },
      'Arrays.u32s',
    ],
    [
      'a list of another length',
      () => {
        new ArraysView().bools = [];
      },
      'Arrays.bools',
    ],
    [
      'a list of pointers of another length',
      () => {
        new OptionsView().handles = [1n];
      },
      'Options.handles',
    ],
    [
      'structures of another number',
      () => {
        new OuterView().channels = [];
      },
      'Outer.channels',
    ],
    [
      'a number that is no safe integer',
      () => {
        new OptionsView().safe = 2 ** 53;
      },
      'Options.safe',
    ],
  ];
  for (const [what, set, field] of wrong) {
    it(`refuse ${what}`, () => {
      expect(set).to.throw(SsmError).with.nested.property('where.field', field);
    });
  }

  it('that are not saved, and methods, are those of the class', () => {
    const view = new OptionsView();
    view.cache = 5;
    expect([view.toPlain().cache, OptionsView.from(view.toPlain()).cache]).to.deep.equal([5, 5]);
    expect(CustomView.prototype.putPair).to.equal(Custom.prototype.putPair);
  });
});

describe('what the memory of a view may hold and the field may not', () => {
  const spoiled: readonly [string, () => OptionsView, string, string][] = [
    ['a value outside the domain', () => Object.assign(new OptionsView(), { level: 9 }), 'level', 'VERR_OUT_OF_RANGE'],
    [
      'none of the values',
      () => Object.assign(new OptionsView(), { mode: 9 }),
      'mode',
      'VERR_SSM_ENUM_VALUE_OUT_OF_RANGE',
    ],
    [
      'such an element',
      () => Object.assign(new OptionsView(), { digits: Uint8Array.of(1, 10, 3, 4) }),
      'digits',
      'VERR_OUT_OF_RANGE',
    ],
    ['no safe integer', () => withByte(31, 0x40), 'safe', 'VERR_OUT_OF_RANGE'],
    ['a pointer that must hold 32 bits', () => withByte(132, 1), 'hack', 'VERR_SSM_FIELD_INVALID_VALUE'],
  ];

  function withByte(at: number, value: number): OptionsView {
    const view = new OptionsView();
    view.bytes[at] = value;
    return view;
  }

  for (const [what, make, field, status] of spoiled) {
    for (const flags of [0, StructFlags.DONT_IGNORE]) {
      it(`${what} is refused when it is put, with flags ${flags}`, () => {
        const view = make();
        const failure = (what: object) => {
          try {
            records((stream) => stream.putStructEx(what, flags));
          } catch (error) {
            return error as SsmError;
          }
          return undefined;
        };
        expect(failure(view)?.status).to.equal(status);
        expect(failure(view)?.where.field).to.equal(`Options.${field}`);
        expect(failure(view.toPlain())?.message).to.equal(failure(view)?.message);
      });
    }
  }

  it('is refused when it is got, and the memory keeps what it had', () => {
    const [bytes] = records((stream) => stream.putStructEx(new Options())) as [Uint8Array];
    bytes[4] = 77;
    const view = new OptionsView();
    expect(() => reading(bytes).getStructEx(view)).to.throw(SsmError, 'Options.level');
    expect(view.level).to.equal(1);
  });

  it('booleans become 0 or 1 when they are got', () => {
    const [bytes] = records((stream) => stream.putStructEx(new Primitives())) as [Uint8Array];
    bytes[4] = 5;
    const view = reading(bytes).getStructEx(new PrimitivesView());
    expect([view.bool, view.bytes[0]]).to.deep.equal([true, 1]);
  });

  it('pointers become 1 or 0 when they are got', () => {
    const view = Object.assign(new OptionsView(), { handle: 0x7f00_0000_0000n, handles: [0n, 5n] });
    for (const flags of [0, StructFlags.DONT_IGNORE]) {
      const bytes = records((stream) => stream.putStructEx(view, flags)).flatMap((record) => [...record]);
      const loaded = reading(new Uint8Array(bytes)).getStructEx(new OptionsView(), flags);
      expect([loaded.handle, loaded.handles]).to.deep.equal([1n, [0n, 1n]]);
    }
  });
});
