import {
  type LoadOptions,
  loadState,
  MemorySink,
  type OpenOptions,
  openState,
  type Registry,
  type Source,
  SsmError,
  saveState,
  validateState,
} from '@ssmkit/runtime';
import { randomNumbers, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { normalForm } from '../support/normal-form.js';
import { endOf, expectNoStrayRejections } from './deadline.js';
import { type Fault, FaultySource, type FaultySourceOptions } from './faulty.js';
import { Journal, machine } from './script.js';

const small = sav({ self: true })
  .unit('a')
  .u8(1)
  .unit('b', 1)
  .mem(Array.from({ length: 300 }, (_, i) => i & 0xff))
  .unit('b')
  .lzf(1, [0x01, 0, 0, 0xe0, 0xff, 0x00, 0xe0, 0xff, 0x00, 0xe0, 0xff, 0x00, 0xe0, 0xdd, 0x00])
  .bytes();

const units = 'a: loadPrep loadExec loadDone\n b#1: loadPrep loadExec loadDone\n b: loadExec loadDone\n c: loadDone';

/** The machine of the small state. Its callbacks wait for what they read where that is needed. */
function smallMachine(journal = new Journal()): Registry {
  return machine(units, journal, {
    'b#1': { loadExec: async (get) => void (await get.getMemAsync(new Uint8Array(300))) },
    b: { loadExec: (_get, _version, _pass, handle) => handle.skipToEndOfUnit() },
  });
}

/** Whether a place of a state is in the data of a unit, TERM included, rather than in what is around it. */
function inUnit(bytes: Uint8Array): (at: number) => boolean {
  const form = normalForm(bytes);
  const ends = form.units.slice(1).map(({ offset }) => offset);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const data = form.units.map(({ offset }, i) => {
    const start = offset + 44 + view.getUint32(offset + 40, true);
    return { start, end: ends[i] ?? endOfUnits(bytes) };
  });
  return (at) => data.some(({ start, end }) => at >= start && at < end);
}

function endOfUnits(bytes: Uint8Array): number {
  const footer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 32);
  const directory = bytes.length - 32 - 16 - 16 * footer.getUint32(20, true);
  return directory - 44;
}

/** What has to hold once a load has failed. */
function expectDone(journal: Journal, which: string): void {
  for (const unit of ['a', 'b#1', 'b']) {
    const called = journal.count('loadPrep', unit) + journal.count('loadExec', unit);
    expect(journal.count('loadDone', unit), `${which}: ${unit} in ${journal.text}`).to.equal(called > 0 ? 1 : 0);
  }
  // Nobody is called when the header is not right.
  expect(journal.count('loadDone', 'c'), which).to.equal(journal.text === '' ? 0 : 1);
}

interface Attempt {
  readonly faulty: FaultySourceOptions;
  readonly status: string;
  readonly options?: LoadOptions;
}

/** Loads the small state from a faulty source, and again from a sound one. @returns the callbacks of the first load. */
async function expectFailedLoad({ faulty, status, options = {} }: Attempt): Promise<string> {
  const journal = new Journal();
  const source = new FaultySource(small, faulty);
  const abort = new AbortController();
  source.onStall = () => abort.abort();
  const registry = smallMachine(journal);
  const which = JSON.stringify(faulty);
  const signal = options.limits === undefined ? { signal: abort.signal } : {};
  const failure = await endOf(loadState(registry, source, { ...signal, ...options }));
  expect(failure?.status, `${which}: ${failure?.message}`).to.equal(status);
  expectDone(journal, which);
  source.failLate();
  const called = journal.text;
  expect(await endOf(loadState(registry, new FaultySource(small, { gives: 1e9, fault: 'ends' })))).to.equal(undefined);
  return called;
}

const manners = [
  { asynchronous: false, stream: true },
  { asynchronous: true, stream: true },
];

describe('a source that fails', () => {
  expectNoStrayRejections();

  const within = inUnit(small);

  for (const manner of manners) {
    const name = manner.asynchronous ? 'an asynchronous stream' : 'a synchronous stream';

    it(`${name} that ends after any number of bytes: VERR_EOF, inside of units VERR_SSM_LOADED_TOO_MUCH`, async () => {
      for (let gives = 0; gives < small.length; gives++) {
        const status = within(gives) ? 'VERR_SSM_LOADED_TOO_MUCH' : 'VERR_EOF';
        const called = await expectFailedLoad({ faulty: { ...manner, gives, fault: 'ends' }, status });
        expect(called === '', `${gives}: ${called}`).to.equal(gives < 64);
      }
    });

    it(`${name} that ends after any number of bytes, with DEBUG_IT: inside of units VERR_SSM_STREAM_ERROR`, async () => {
      for (let gives = 0; gives < small.length; gives += 5) {
        const status = within(gives) ? 'VERR_SSM_STREAM_ERROR' : 'VERR_EOF';
        await expectFailedLoad({ faulty: { ...manner, gives, fault: 'ends' }, status, options: { after: 'DEBUG_IT' } });
      }
    });

    // A source that begins to answer at once does so always.
    for (const fault of manner.asynchronous ? (['throws', 'rejects'] as const) : (['throws'] as const)) {
      it(`${name} that ${fault} after any number of bytes: VERR_SSM_STREAM_ERROR`, async () => {
        for (let gives = 0; gives < small.length; gives++) {
          await expectFailedLoad({ faulty: { ...manner, gives, fault }, status: 'VERR_SSM_STREAM_ERROR' });
        }
      });

      it(`${name} that ${fault} with a status: inside of units VERR_SSM_STREAM_ERROR, else its own`, async () => {
        const error = new SsmError('VERR_NO_MEMORY', 'no more');
        for (let gives = 0; gives < small.length; gives += 3) {
          const status = within(gives) ? 'VERR_SSM_STREAM_ERROR' : 'VERR_NO_MEMORY';
          await expectFailedLoad({ faulty: { ...manner, gives, fault, error }, status });
        }
      });
    }

    if (!manner.asynchronous) continue;
    it(`${name} that stalls after any number of bytes is given up by a signal: VERR_SSM_CANCELLED`, async () => {
      for (let gives = 0; gives < small.length; gives++) {
        await expectFailedLoad({ faulty: { ...manner, gives, fault: 'stalls' }, status: 'VERR_SSM_CANCELLED' });
      }
    });

    it(`${name} that stalls is given up when its time is up: VERR_TIMEOUT`, async () => {
      // In the magic, the header, the header of a unit, its data, the directory.
      for (const gives of [0, 40, 70, 150, small.length - 40]) {
        const options = { limits: { wallTime: 15 } };
        await expectFailedLoad({ faulty: { ...manner, gives, fault: 'stalls' }, status: 'VERR_TIMEOUT', options });
      }
    });
  }

  for (const asynchronous of [false, true]) {
    const name = asynchronous ? 'an asynchronous file' : 'a synchronous file';
    const all: readonly (readonly [fault: Fault, status: string])[] = [
      ['throws', 'VERR_SSM_STREAM_ERROR'],
      ['rejects', 'VERR_SSM_STREAM_ERROR'],
      ['stalls', 'VERR_SSM_CANCELLED'],
    ];
    for (const [fault, status] of asynchronous ? all : all.slice(0, 1)) {
      it(`${name} that is read in pieces, any of which ${fault}: ${status}`, async () => {
        const piece = 16;
        // The whole file, and the footer once before.
        for (let gives = 0; gives < small.length + 32 - piece; gives += piece) {
          await expectFailedLoad({ faulty: { asynchronous, gives, fault, piece }, status });
        }
      });
    }

    it(`${name} that is too short by any number of bytes has no footer: nobody is called`, async () => {
      for (let gives = 0; gives < small.length; gives++) {
        const status = gives < 64 ? 'VERR_EOF' : 'VERR_SSM_INTEGRITY_FOOTER';
        const called = await expectFailedLoad({ faulty: { asynchronous, gives, fault: 'ends' }, status });
        expect(called, `${gives}`).to.equal('');
      }
    });
  }

  it('a source that stalls is given up by the registry, too: VERR_SSM_CANCELLED', async () => {
    for (const gives of [70, 150, small.length - 40]) {
      const source = new FaultySource(small, { asynchronous: true, stream: true, gives, fault: 'stalls' });
      const journal = new Journal();
      const registry = smallMachine(journal);
      source.onStall = () => registry.cancel();
      expect((await endOf(loadState(registry, source)))?.status).to.equal('VERR_SSM_CANCELLED');
      expectDone(journal, `${gives}`);
      source.failLate();
    }
  });

  describe('without loading', () => {
    const users: Readonly<Record<string, (source: Source, options: OpenOptions) => Promise<unknown>>> = {
      openState,
      seek: async (source, options) => {
        const state = await openState(source, options);
        const { stream } = await state.seek('b', 1);
        await stream.getMemAsync(new Uint8Array(300));
      },
      units: async (source, options) => {
        for await (const unit of (await openState(source, options)).units()) await unit.measure();
      },
    };
    for (const [name, use] of Object.entries(users)) {
      it(`${name}: any read that throws or rejects is told, any that stalls is given up`, async () => {
        const reads = { openState: 5, seek: 14, units: 30 }[name] as number;
        for (const [fault, allowed] of [
          ['throws', ['VERR_SSM_STREAM_ERROR']],
          ['rejects', ['VERR_SSM_STREAM_ERROR']],
          ['stalls', ['VERR_SSM_CANCELLED']],
        ] as const) {
          for (let i = 0; i < reads; i++) {
            const source = new FaultySource(small, { asynchronous: true, gives: i * 16, piece: 16, fault });
            const abort = new AbortController();
            source.onStall = () => abort.abort();
            const failure = await endOf(use(source, { signal: abort.signal }));
            expect(allowed, `${name} ${fault} after read ${i}: ${failure?.message}`).to.include(failure?.status);
            source.failLate();
          }
        }
      });
    }

    it('validateState: any read that fails is told', async () => {
      for (let gives = 0; gives < small.length; gives += 16) {
        const source = new FaultySource(small, { asynchronous: true, gives, piece: 16, fault: 'rejects' });
        expect((await endOf(validateState(source, { checksum: true })))?.status).to.equal('VERR_SSM_STREAM_ERROR');
      }
    });
  });

  describe('somewhere in 16 MiB', () => {
    const LARGE = 16 << 20;
    let bytes: Uint8Array;
    before(async () => {
      const next = randomNumbers(3);
      const noise = Uint8Array.from({ length: 1 << 20 }, () => next() * 256);
      const registry = machine('');
      registry.register({
        name: 'ram',
        version: 1,
        async saveExec(put) {
          for (let done = 0; done < LARGE; done += noise.length) await put.putMemAsync(noise);
        },
      });
      const sink = new MemorySink();
      await saveState(registry, sink);
      bytes = sink.bytes();
    });

    const statuses = {
      ends: 'VERR_SSM_LOADED_TOO_MUCH',
      throws: 'VERR_SSM_STREAM_ERROR',
      rejects: 'VERR_SSM_STREAM_ERROR',
      stalls: 'VERR_SSM_CANCELLED',
    } as const;
    for (const [fault, status] of Object.entries(statuses)) {
      for (const manner of manners) {
        it(`${manner.asynchronous ? 'an asynchronous' : 'a synchronous'} stream ${fault}: ${status}`, async () => {
          const next = randomNumbers(5);
          for (let i = 0; i < 4; i++) {
            const gives = 1000 + Math.floor(next() * (LARGE - 2000));
            const source = new FaultySource(bytes, { ...manner, gives, fault: fault as keyof typeof statuses });
            const abort = new AbortController();
            source.onStall = () => abort.abort();
            let done = 0;
            const registry = machine('');
            registry.register({
              name: 'ram',
              version: 1,
              loadExec: async (get) => void (await get.getMemAsync(new Uint8Array(LARGE))),
              loadDone: () => void done++,
            });
            const failure = await endOf(loadState(registry, source, { signal: abort.signal }));
            expect([failure?.status, failure?.where.unit, done], `${gives}`).to.deep.equal([
              status,
              fault === 'stalls' ? undefined : 'ram',
              1,
            ]);
            source.failLate();
          }
        });
      }
    }
  });
});
