import { type PutStream, type SsmError, PutStream as Stream } from '@ssmkit/runtime';
import { encodeJson, type HostProfile, hosts, type StateClass, StructFlags } from '@ssmkit/schema';
import { arbitraryOf } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { Outer } from '../classes/every-struct.js';
import { Channel } from '../classes/nested.js';
import { ChannelView } from '../classes/nested.ssm.js';
import { Crooked, CrookedStream, CrookedStruct, Kink, KinkHolder, SharpKink } from '../classes/view-parts.js';
import { CrookedView, KinkView, SharpKinkView } from '../classes/view-parts.ssm.js';
import { GaugeView } from '../parts/classes.ssm.js';
import { Collected, reading } from '../support/struct-stream.js';

/** Rounds after which generated functions have taken over from the walk. */
const ROUNDS = 40;

type Holder = CrookedStruct | CrookedStream;

/** The same with a view in the place of each part that has one; their memory begins at an odd address. */
function withViews<T extends Holder>(plain: T): T {
  const view = (part: object) => {
    const own = 'unit' in part ? GaugeView.from(part as GaugeView) : CrookedView.from(part as Crooked);
    const memory = new Uint8Array(own.bytes.length + 1).subarray(1);
    memory.set(own.bytes);
    return 'unit' in part ? new GaugeView(memory) : new CrookedView(memory);
  };
  const copy = new (plain.constructor as new () => T)() as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(plain)) {
    copy[name] = Array.isArray(value) ? value.map(view) : typeof value === 'object' ? view(value) : value;
  }
  return copy as unknown as T;
}

/** The views in an object. */
function viewsIn(holder: Holder): (CrookedView | GaugeView)[] {
  return Object.values(holder)
    .flat()
    .filter((value): value is CrookedView => typeof value === 'object');
}

const isStream = (what: object): boolean => what instanceof CrookedStream;

function put(stream: PutStream, what: object, flags: number): void {
  if (isStream(what)) stream.put(what);
  else stream.putStructEx(what, flags);
}

/** The records of as many puts as make generated functions take over. */
function records(what: object, host: HostProfile, flags: number): readonly Uint8Array[] {
  const sink = new Collected();
  const stream = new Stream(sink, { host, version: 2 });
  for (let i = 0; i < ROUNDS; i++) put(stream, what, flags);
  stream.flush();
  return sink.records;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('views in objects', () => {
  for (const target of [CrookedStruct, CrookedStream] as readonly StateClass<Holder>[]) {
    for (const name of ['linux.amd64', 'linux.x86', 'win.x86']) {
      for (const flags of target === CrookedStruct ? [0, StructFlags.DONT_IGNORE] : [0]) {
        const host = hosts[name] as HostProfile;
        const check = (run: (object: Holder) => void) =>
          fc.assert(fc.property(arbitraryOf(target, { hosts: [host] }), run), { numRuns: 5 });

        it(`${target.name}: put the same records as objects, for ${name} with flags ${flags}`, () => {
          check((object) => {
            expect(records(withViews(object), host, flags)).to.deep.equal(records(object, host, flags));
          });
        }).timeout(60_000);

        it(`${target.name}: stay where they are and get what was saved, for ${name} with flags ${flags}`, () => {
          check((object) => {
            const bytes = joined(records(object, host, flags));
            const [plain, viewed] = [reading, reading].map((make) => make(bytes, { host, saved: host, version: 2 }));
            for (let i = 0; i < ROUNDS; i++) {
              const expected = new target();
              const loaded = withViews(blank(object));
              const views = viewsIn(loaded);
              for (const [stream, into] of [
                [plain!, expected],
                [viewed!, loaded],
              ] as const) {
                if (isStream(into)) stream.get(into);
                else stream.getStructEx(into, flags);
              }
              expect(encodeJson(target, loaded)).to.deep.equal(encodeJson(target, expected));
              expect(viewsIn(loaded)).to.have.lengthOf(views.length);
              for (const [k, view] of viewsIn(loaded).entries()) expect(view).to.equal(views[k]);
            }
          });
        }).timeout(60_000);
      }
    }
  }
});

/** A new object with as many parts as another one. */
function blank<T extends Holder>(like: T): T {
  const made = new (like.constructor as new () => T)();
  if (made instanceof CrookedStream) {
    made.open = (like as CrookedStream).open.map(() => new CrookedView().toPlain());
  }
  return made;
}

describe('a view in an object', () => {
  const both = [hosts['linux.amd64']!, hosts['linux.x86']!];

  it("of a class that derives from the member's is put and got like that", () => {
    const holder = Object.assign(new KinkHolder(), {
      entries: Object.assign(new SharpKink(), { a: 1, b: BigUint64Array.of(2n, 3n), d: Uint16Array.of(4, 5) }),
      image: Object.assign(new SharpKink(), { a: 6, b: BigUint64Array.of(7n, 8n), d: Uint16Array.of(9, 10) }),
      list: [Object.assign(new SharpKink(), { a: 11, c: [true, false] }), new SharpKink()],
    });
    const view = (part: Kink) => SharpKinkView.from(part as SharpKink);
    for (const host of both) {
      const bytes = records(holder, host, 0);
      const viewed = Object.assign(new KinkHolder(), {
        entries: view(holder.entries),
        image: view(holder.image),
        list: holder.list.map(view),
      });
      expect(records(viewed, host, 0)).to.deep.equal(bytes);
      const loaded = Object.assign(new KinkHolder(), {
        entries: new SharpKinkView(),
        image: new SharpKinkView(),
        list: [new SharpKinkView(), new SharpKinkView()],
      });
      const { entries, image, list } = loaded;
      const stream = reading(joined(bytes), { host, saved: host });
      for (let i = 0; i < ROUNDS; i++) stream.getStructEx(loaded);
      expect(encodeJson(KinkHolder, loaded)).to.deep.equal(encodeJson(KinkHolder, holder));
      expect([loaded.entries, loaded.image, ...loaded.list]).to.have.ordered.members([entries, image, ...list]);
      expect([...entries.b, ...image.b, ...entries.d]).to.deep.equal([2n, 3n, 7n, 8n, 0, 0]);
    }
  });

  it('stays in one place of a list where it stands in several, so that nothing is lost', () => {
    const [first, second] = [1, 2].map((a) => Object.assign(new Kink(), { a }));
    const saved = Object.assign(new KinkHolder(), { list: [first!, second!] });
    for (const host of both) {
      const stream = reading(joined(records(saved, host, 0)), { host, saved: host });
      for (let i = 0; i < ROUNDS; i++) {
        const loaded = Object.assign(new KinkHolder(), { list: Array(2).fill(new KinkView()) });
        stream.getStructEx(loaded);
        expect(encodeJson(KinkHolder, loaded)).to.deep.equal(encodeJson(KinkHolder, saved));
      }
    }
  });

  it('is made where none stands', () => {
    const bytes = joined(records(new CrookedStream(), both[0]!, 0));
    const loaded = Object.assign(new CrookedStream(), { list: [new CrookedView()] });
    reading(bytes, { version: 2 }).get(loaded);
    expect(loaded.list[0]).to.be.instanceOf(CrookedView);
    expect(loaded.list[1]).to.be.instanceOf(Crooked);
  });

  for (const [place, set] of [
    ['entries', (holder, part) => Object.assign(holder, { entries: part })],
    ['list[1]', (holder, part) => holder.list.splice(1, 1, part)],
  ] as readonly [string, (holder: CrookedStruct, part: Crooked) => void][]) {
    it(`is refused in ${place} like an object, cold and warm`, () => {
      const failure = (part: Crooked, warm: boolean) => {
        const holder = new CrookedStruct();
        set(holder, part);
        if (warm) records(holder, both[0]!, 0);
        part.digits = BigUint64Array.of(0n, 10n);
        const stream = new Stream(new Collected(), { host: both[0]! });
        try {
          stream.putStructEx(holder);
        } catch (error) {
          return error as SsmError;
        }
        return undefined;
      };
      for (const warm of [false, true]) {
        const [found, expected] = [failure(new CrookedView(), warm), failure(new Crooked(), warm)];
        expect(found?.status).to.equal('VERR_OUT_OF_RANGE');
        expect(found?.where.field).to.equal(`CrookedStruct.${place}.digits`);
        expect(found?.message).to.equal(expected?.message);
      }
    });
  }

  it('is put and got as a part of it', () => {
    const outer = new Outer();
    outer.channel = Object.assign(new ChannelView(), { mode: 5, attached: true });
    const expected = Object.assign(new Outer(), { channel: Object.assign(new Channel(), { mode: 5, attached: true }) });
    for (const host of both) {
      const bytes = records(outer, host, 0);
      expect(bytes).to.deep.equal(records(expected, host, 0));
      const loaded = new Outer();
      loaded.channel = new ChannelView();
      reading(joined(bytes), { host, saved: host }).getStructEx(loaded);
      expect([loaded.channel.mode, loaded.channel.attached]).to.deep.equal([5, true]);
      expect(loaded.channel).to.be.instanceOf(ChannelView);
    }
  });
});
