import { expect } from 'chai';
import { defaultLimits, type Limits } from '../containers/guard.js';
import { MemorySource } from '../io/memory.js';
import type { Source } from '../io/sink-source.js';
import { AwkwardSource, sav, savV1, statusOf } from '../testing.js';
import { loadState } from './load.js';
import { openState } from './open.js';
import { Registry } from './registry.js';

const state = () =>
  sav({ live: true })
    .unit('ram', 0, { pass: 0 })
    .zero(4)
    .zero(4)
    .unit('ram', 0, { pass: 1 })
    .zero(4)
    .unit('ram')
    .raw([1, 2, 3])
    .lzf(1, [0, 0x61, 0xe0, 0xff, 0, 0xe0, 0xff, 0, 0xe0, 0xff, 0, 0xe0, 0xde, 0])
    .bytes();

function load(source: Source, limits: Partial<Limits>): Promise<string> {
  const onUnknownUnit = async (_stream: unknown, _unit: unknown, handle: { readToEndOfUnit(): Promise<number> }) => {
    await handle.readToEndOfUnit();
  };
  return statusOf(() => loadState(new Registry(), source, { limits, onUnknownUnit }));
}

describe('limits', () => {
  const bytes = state();
  const rows: readonly [limit: keyof Limits, enough: number, state: Uint8Array][] = [
    ['fileBytes', bytes.length, bytes],
    ['decodedBytes', 3 * 4096 + 3 + 1024, bytes],
    ['units', 3, bytes],
    ['passes', 2, bytes],
    ['records', 5, bytes],
    ['nameBytes', 6, savV1().unit('named').store([1]).bytes()],
  ];
  const sources: Readonly<Record<string, (data: Uint8Array) => Source>> = {
    memory: (data) => new MemorySource(data),
    'a file that is slow': (data) => new AwkwardSource(data, { asynchronous: true, shortReads: true }),
  };
  for (const [manner, open] of Object.entries(sources)) {
    for (const [limit, enough, data] of rows) {
      it(`${limit}: ${enough} is enough, ${enough - 1} is VERR_TOO_MUCH_DATA, from ${manner}`, async () => {
        expect(await load(open(data), { [limit]: enough })).to.equal('VINF_SUCCESS');
        expect(await load(open(data), { [limit]: enough - 1 })).to.equal('VERR_TOO_MUCH_DATA');
      });
    }
  }

  it('fileBytes ends a stream that does not end', async () => {
    // What looks like a state and goes on with one record of 2 GiB.
    const start = sav().unit('endless').record(0x92, 0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf).bytes();
    let at = 0;
    const endless: Source = {
      read(into) {
        const part = start.subarray(at, at + into.length);
        at += into.length;
        into.fill(0x55);
        into.set(part);
        return into.length;
      },
    };
    expect(await load(endless, { fileBytes: 1 << 22 })).to.equal('VERR_TOO_MUCH_DATA');
    expect(at).to.be.lessThan((1 << 22) + (1 << 17));
  });

  it('wallTime ends a load whose source does not answer', async () => {
    const silent: Source = { size: 1000, read: () => new Promise(() => {}) };
    expect(await load(silent, { wallTime: 15 })).to.equal('VERR_TIMEOUT');
  });

  it('wallTime ends a load that is busy decoding', async () => {
    const zeros = sav().unit('bomb');
    for (let i = 0; i < 20_000; i++) zeros.record(0x94, 1, 4);
    expect(await load(new MemorySource(zeros.bytes()), { wallTime: 1 })).to.equal('VERR_TIMEOUT');
  });

  it('are those of each unit that is sought, and leave the others readable', async () => {
    const two = sav().unit('large').zero(4).zero(4).unit('small').u32(7).bytes();
    const opened = await openState(new MemorySource(two), { limits: { decodedBytes: 4096 } });
    const large = await opened.seek('large');
    expect(await statusOf(() => large.stream.getMem(new Uint8Array(8192)))).to.equal('VERR_TOO_MUCH_DATA');
    expect((await opened.seek('small')).stream.getU32()).to.equal(7);
  });

  it('are wide enough for any real state by default', () => {
    expect(defaultLimits).to.deep.equal({
      fileBytes: 2 ** 40,
      decodedBytes: 2 ** 42,
      units: 2 ** 24,
      passes: 2 ** 20,
      records: 2 ** 32,
      nameBytes: 1024,
      wallTime: 3_600_000,
    });
  });
});
