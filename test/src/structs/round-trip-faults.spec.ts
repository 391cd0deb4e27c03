import '@ssmkit/runtime';
import {
  GCPhys,
  HCPtrNI,
  hosts,
  Ignore,
  Nested,
  PadHCAuto,
  SsmStream,
  SsmStruct,
  type StateClass,
  StructFlags,
  U8,
  U16,
  U32,
  U32ZxU64,
  U64,
} from '@ssmkit/schema';
import {
  checkRoundTrip,
  type GetRun,
  type RoundTripEngine,
  type RoundTripOptions,
  registerEngine,
  registeredEngine,
} from '@ssmkit/schema/testing';
import { expect } from 'chai';

@SsmStruct()
class Timer {
  @U16() mode = 0;
  @Ignore('u16') declare ignored: never;
  @HCPtrNI({ as: 'bigint' }) handle = 0n;
  @U64() ticks = 0n;
  @U32({ since: 3 }) newer = 0;
}

@SsmStream()
class Item {
  @U8() key = 0;
}

@SsmStream()
class Queue {
  @Nested(Item, { count: { stream: 'u8' }, max: 3 }) items: Item[] = [];
  @U8({ since: 2 }) tail = 0;
}

type Properties = Record<string, unknown>;

/** An engine that differs from the right one in what is given. */
type Fault = (right: RoundTripEngine) => Partial<RoundTripEngine>;

/** Gets as the right engine does, and then does something to the object. */
const afterGet =
  (spoil: (object: Properties, run: GetRun) => void): Fault =>
  (right) => ({
    get: (bytes, object, run) => {
      const left = right.get(bytes, object, run);
      spoil(object as Properties, run);
      return left;
    },
  });

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

interface Row {
  readonly what: string;
  readonly target: StateClass;
  readonly fault: Fault;
  readonly told: readonly string[];
}

const rows: readonly Row[] = [
  {
    what: 'another byte than that of the C structure',
    target: Timer,
    fault: (right) => ({ put: (object, run) => flipped(right.put(object, run), 4) }),
    told: ['Timer: at byte 4 of', 'reflective code writes 01', 'the table engine writes 00', 'flags 0x00'],
  },
  {
    what: 'a byte less than the C structure has',
    target: Timer,
    fault: (right) => ({ put: (object, run) => right.put(object, run).subarray(0, -1) }),
    told: ['the table engine writes'],
  },
  {
    what: 'another byte in the generated code than in the walk over the descriptor',
    target: Queue,
    fault: (right) => ({
      hasGenerated: () => true,
      put: (object, run) =>
        run.way === 'generated'
          ? new Uint8Array([...right.put(object, { ...run, way: 'reflective' }), 9])
          : right.put(object, run),
      get: (bytes, object, run) => right.get(bytes, object, { ...run, way: 'reflective' }),
    }),
    told: ['Queue: at byte', 'reflective code writes nothing, generated code writes 09', 'by put, loaded on'],
  },
  {
    what: 'another byte in what a view puts',
    target: Timer,
    fault: (right) => ({
      hasView: () => true,
      put: (object, run) =>
        run.way === 'view' ? flipped(right.put(object, { ...run, way: 'reflective' }), 5) : right.put(object, run),
      get: (bytes, object, run) => right.get(bytes, object, { ...run, way: 'reflective' }),
    }),
    told: ['Timer: at byte 5', 'view code writes'],
  },
  {
    what: 'a byte that nobody reads',
    target: Timer,
    fault: (right) => ({ get: (bytes, object, run) => right.get(bytes, object, run) + 1 }),
    told: ['loaded by reflective code, 1 of the saved bytes are left over'],
  },
  {
    what: 'a wrong value',
    target: Timer,
    fault: afterGet((object) => {
      object['ticks'] = (object['ticks'] as bigint) & 0xffffffffn;
    }),
    told: ['Timer.ticks is 0n, expected 4294967296n', '"ticks":"4294967296"'],
  },
  {
    what: 'a number for a bigint',
    target: Timer,
    fault: afterGet((object) => {
      object['ticks'] = Number(object['ticks']);
    }),
    told: ['Timer.ticks is 0, expected 0n'],
  },
  {
    what: 'a pointer instead of 1',
    target: Timer,
    fault: afterGet((object) => {
      if (object['handle'] === 1n) object['handle'] = 5n;
    }),
    told: ['Timer.handle is 5n, expected 1n', '"handle":"1"'],
  },
  {
    what: 'a value for an ignored member',
    target: Timer,
    fault: afterGet((object) => {
      object['ignored'] = 0;
    }),
    told: ['Timer.ignored was touched: 0'],
  },
  {
    what: 'a value for a member that the unit version has not',
    target: Timer,
    fault: afterGet((object, { version }) => {
      if (version < 3) object['newer'] = 0;
    }),
    told: ['Timer.newer was touched: 0', 'version 2'],
  },
  {
    what: 'no value for a member that the unit version has',
    target: Timer,
    fault: afterGet((object, { version }) => {
      if (version === 3) object['newer'] = undefined;
    }),
    told: ['Timer.newer is undefined, expected 0', 'version 3'],
  },
  {
    what: 'a wrong value between two hosts, with one set of flags',
    target: Timer,
    fault: afterGet((object, { host, saved, flags }) => {
      if (saved.name === 'win.x86' && host.name === 'linux.amd64' && flags === 6) object['mode'] = 7;
    }),
    told: ['saved on win.x86 by putStructEx with flags 0x06 (NO_MARKERS, DONT_IGNORE), loaded on linux.amd64'],
  },
  {
    what: 'a wrong value in an element',
    target: Queue,
    fault: afterGet((object) => {
      const [, second] = object['items'] as Item[];
      if (second !== undefined) second.key = 300;
    }),
    told: ['Queue.items[1].key is 300, expected 0', '"items":[{"key":0},{"key":0}]'],
  },
  {
    what: 'an element too many',
    target: Queue,
    fault: afterGet((object) => {
      (object['items'] as Item[]).push(new Item());
    }),
    told: ['Queue.items has 1 elements, expected 0'],
  },
  {
    what: 'a value for what an older version of a stream has not',
    target: Queue,
    fault: afterGet((object, { version }) => {
      if (version === 1) object['tail'] = 1;
    }),
    told: ['Queue.tail is 1, expected 0', 'version 1'],
  },
  {
    what: 'a failure',
    target: Timer,
    fault: afterGet((_, { flags }) => {
      if (flags === StructFlags.NO_TAIL_MARKER) throw new Error('no tail');
    }),
    told: ['Timer: no tail', 'flags 0x20 (NO_TAIL_MARKER)'],
  },
  {
    what: 'other memory than that of the table engine',
    target: Timer,
    fault: (right) => ({
      getTable: (bytes, memory, run) => {
        const left = right.getTable(bytes, memory, run);
        memory[0] = 5;
        return left;
      },
    }),
    told: ['loaded by the table engine, Timer.mode is 5, expected 0'],
  },
];

describe('checkRoundTrip', () => {
  const right = registeredEngine();
  afterEach(() => registerEngine(right));

  /** What it tells of a class with an engine that has a fault. */
  function complaint(target: StateClass, fault: Fault, options: RoundTripOptions = {}): string {
    registerEngine({ ...right, ...fault(right) });
    try {
      checkRoundTrip(target, { numRuns: 50, seed: 1, ...options });
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  }

  it('tells nothing of what is right', () => {
    for (const target of [Timer, Queue]) expect(complaint(target, () => ({}), { numRuns: 5 })).to.equal('nothing');
  });

  for (const { what, target, fault, told } of rows) {
    it(`tells of ${what}`, () => {
      const message = complaint(target, fault);
      for (const part of told) expect(message).to.include(part);
    });
  }

  it('tells how to draw the counterexample again', () => {
    const { target, fault } = rows.find(({ what }) => what === 'a wrong value in an element') as Row;
    const message = complaint(target, fault);
    const [, seed, path] = /seed: (-?\d+), path: '([\d:]+)'/.exec(message) as unknown as [string, string, string];
    const again = complaint(target, fault, { seed: Number(seed), path });
    expect(again.replace(/after \d+ shrinks/, '')).to.equal(message.replace(/after \d+ shrinks/, ''));
  });

  it('checks only what it is asked for', () => {
    const fault = afterGet((_, { flags, version, host }) => {
      throw new Error(`${flags} ${version} ${host.name}`);
    });
    const only = { flags: [5], versions: [7], hosts: [hosts['win.amd64']!] };
    @SsmStruct({ autoPad: true })
    class Full {
      @U32() a = 0;
    }
    expect(complaint(Full, fault, only)).to.include('Full: 5 7 win.amd64');
  });

  it('leaves FULL_STRUCT out where the table does not cover the structure', () => {
    const fault = afterGet((_, { flags }) => {
      if ((flags & StructFlags.FULL_STRUCT) !== 0) throw new Error('full');
    });
    @SsmStruct()
    class Covered {
      @U32() a = 0;
    }
    @SsmStruct()
    class Loose {
      @U8() a = 0;
      @U32() b = 0;
    }
    expect(complaint(Loose, fault)).to.equal('nothing');
    expect(complaint(Covered, fault)).to.include('Covered: full');
  });

  it('leaves pairs of hosts out between which a copied member differs', () => {
    const fault = afterGet((_, { host, saved }) => {
      if (host.bits !== saved.bits) throw new Error(`${saved.name} to ${host.name}`);
    });
    @SsmStruct()
    class Pointer {
      @Ignore('hcptr') declare pointer: never;
    }
    @SsmStruct()
    class Address {
      @GCPhys() address = 0n;
    }
    const dontIgnore = { flags: [StructFlags.DONT_IGNORE] };
    expect(complaint(Pointer, fault, dontIgnore)).to.equal('nothing');
    expect(complaint(Pointer, fault, { flags: [0] })).to.include('Pointer: ');
    expect(complaint(Address, fault, dontIgnore)).to.include('Address: ');
  });

  @SsmStruct()
  class Widened {
    @U32ZxU64() size = 0n;
    @U8() last = 0;
  }

  it('saves with another class where the class can only load', () => {
    @SsmStruct()
    class Narrow {
      @U32() size = 0;
      @U8() last = 0;
    }
    expect(complaint(Widened, () => ({}), { writer: Narrow })).to.equal('nothing');
    const fault = afterGet((object) => {
      object['size'] = (object['size'] as bigint) | (1n << 32n);
    });
    expect(complaint(Widened, fault, { writer: Narrow })).to.include('Widened.size is 4294967296n, expected 0n');
  });

  const impossible: readonly (readonly [what: string, () => StateClass, RoundTripOptions, told: string])[] = [
    [
      'a class that can only load',
      () => Widened,
      {},
      "Widened has an entry that only loads: name the class that saves as 'writer'",
    ],
    ['a writer that lacks a property', () => Widened, { writer: Timer }, "Timer has no 'size' to save"],
    ['no hosts', () => Timer, { hosts: [] }, 'Timer: there is no host and version to check it with'],
    [
      'a class that would lose a property',
      () => {
        @SsmStruct()
        class Forgetful {
          @U8() a = 0;
          b = 0;
        }
        return Forgetful;
      },
      {},
      'Forgetful.b has no kind and is not saved',
    ],
    [
      'a table that does not fit',
      () => {
        @SsmStruct()
        class Overfull {
          @U8() a = 0;
          @PadHCAuto(4, 4) declare pad: never;
        }
        return Overfull;
      },
      {},
      'VERR_SSM_FIELD_OUT_OF_BOUNDS',
    ],
  ];
  for (const [what, target, options, told] of impossible) {
    it(`refuses ${what}`, () => {
      expect(complaint(target(), () => ({}), options)).to.include(told);
    });
  }

  it('asks for the runtime where there is none', () => {
    const slot = Symbol.for('ssmkit.engine');
    delete (globalThis as Record<symbol, unknown>)[slot];
    expect(() => checkRoundTrip(Timer)).to.throw("import '@ssmkit/runtime' first");
  });
});
