import { expect } from 'chai';
import fc from 'fast-check';
import { loadState } from '../engine/load.js';
import { saveState } from '../engine/save.js';
import { SsmError } from '../error.js';
import { later, readAll, TestMachine, testBytes, writeAll } from '../io/testing.js';
import { statusOf } from '../testing.js';
import { BlockSink, BlockSource } from './blocks.js';
import { block, connectionPair, hex, play } from './testing.js';

const END = hex('05 12 47 19 00 00 00 00');
const CANCEL = hex('05 12 47 19 ff ff ff ff');
const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });

describe('BlockSink', () => {
  it('sends the magic, the size and the data, and an empty block at the end', async () => {
    const [here] = connectionPair();
    const sink = new BlockSink(here);
    await sink.write(Uint8Array.of(0xaa, 0xbb, 0xcc));
    await sink.close(false);
    expect(here.written).to.deep.equal(hex('05 12 47 19 03 00 00 00 aa bb cc  05 12 47 19 00 00 00 00'));
    expect([sink.position, sink.closed]).to.deep.equal([3, true]);
  });

  it('splits what is larger than 64 KiB', async () => {
    const [here, there] = connectionPair({ capacity: 1 << 20 });
    const data = testBytes(150_000);
    await writeAll(new BlockSink(here), data, [150_000]);
    const parts = [data.subarray(0, 65536), data.subarray(65536, 131072), data.subarray(131072)];
    await play(there, ...parts.map((part) => ({ hear: block(part) })), { hear: END });
  });

  const ends: readonly [name: string, aborted: boolean, failure: SsmError | undefined, last: Uint8Array][] = [
    ['a cancelled save', true, new SsmError('VERR_SSM_CANCELLED', 'enough'), CANCEL],
    ['a failed save', true, new SsmError('VERR_NO_MEMORY', 'no more'), END],
    ['a save that failed for no known reason', true, undefined, END],
  ];
  for (const [name, aborted, failure, last] of ends) {
    it(`ends ${name} with ${last === CANCEL ? 'the sign of cancelling' : 'an empty block'}`, async () => {
      const [here] = connectionPair();
      await new BlockSink(here).close(aborted, failure);
      expect(here.written).to.deep.equal(last);
    });
  }

  it('is not fine any more as soon as the target says anything, or goes', async () => {
    for (const move of [{ say: 'NACK=-40\n' }, 'close'] as const) {
      const [here, there] = connectionPair();
      const sink = new BlockSink(here);
      sink.isOk();
      await later();
      sink.isOk();
      await play(there, move);
      await later();
      expect(await statusOf(() => sink.isOk())).to.equal('VERR_SSM_CANCELLED');
    }
  });

  it('does not wait for a target that takes nothing longer than it may', async () => {
    const [here] = connectionPair({ capacity: 1 });
    const sink = new BlockSink(here, { timeout: 30 });
    await sink.write(testBytes(100));
    const error = await sink.write(testBytes(100)).catch((thrown) => thrown);
    expect(error.message).to.equal('VERR_TIMEOUT: waited 30 ms for the target to take more of the state');
    // And its last word cannot be heard either, which is not worth much waiting.
    const before = performance.now();
    await sink.close(true, error);
    expect(performance.now() - before).to.be.below(1500);
  });
});

describe('BlockSource', () => {
  it('reads the same bytes, whatever the blocks, the packets and the pieces', async () => {
    const data = testBytes(20_000);
    await fc.assert(
      fc.asyncProperty(sizesArbitrary, sizesArbitrary, sizesArbitrary, async (blocks, packets, pieces) => {
        let i = 0;
        const [here, there] = connectionPair({ most: () => packets[i++ % packets.length] as number });
        const source = new BlockSource(there);
        const [got] = await Promise.all([readAll(source, pieces), writeAll(new BlockSink(here), data, blocks)]);
        expect(got).to.deep.equal(data);
        expect(source.position).to.equal(data.length);
        expect(await source.read(new Uint8Array(1))).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it('reads blocks larger than any buffer', async () => {
    const [here, there] = connectionPair();
    const data = testBytes(1_000_000);
    const [got] = await Promise.all([readAll(new BlockSource(there)), play(here, { say: block(data) }, { say: END })]);
    expect(Buffer.compare(got, data)).to.equal(0);
  });

  it('leaves what comes behind the end to others', async () => {
    const [here, there] = connectionPair({ most: () => 1 });
    await play(here, { say: END }, { say: 'lock-media\n' });
    expect(await readAll(new BlockSource(there))).to.deep.equal(new Uint8Array(0));
    await play(there, { hear: 'lock-media\n' });
  });

  const failures: readonly [name: string, bytes: string, status: string, message: RegExp][] = [
    ['the sign of cancelling', '05 12 47 19 ff ff ff ff', 'VERR_SSM_CANCELLED', /the source has given up/],
    ['a wrong magic', '06 12 47 19 01 00 00 00 00', 'VERR_IO_GEN_FAILURE', /magic 0x19471206 after 0 bytes/],
    ['text', '4c 4f 4c 0a 4c 4f 4c 0a', 'VERR_IO_GEN_FAILURE', /magic/],
    ['a size above the largest', '05 12 47 19 f9 ff ff 00', 'VERR_IO_GEN_FAILURE', /a block of 0xfffff9 bytes/],
    ['an end in front of a block', '', 'VERR_IO_GEN_FAILURE', /closed after 0 bytes/],
    ['an end in a header', '05 12 47', 'VERR_IO_GEN_FAILURE', /closed after 0 bytes/],
    ['an end in a block', '05 12 47 19 03 00 00 00 01', 'VERR_IO_GEN_FAILURE', /closed after 1 bytes/],
  ];
  for (const [name, bytes, status, message] of failures) {
    it(`fails for good at ${name}`, async () => {
      const [here, there] = connectionPair();
      await play(here, { say: hex(bytes) }, 'close');
      const source = new BlockSource(there);
      const error = await readAll(source).catch((thrown) => thrown);
      expect(error.status).to.equal(status);
      expect(error.message).to.match(message);
      expect(await source.read(new Uint8Array(1)).catch((thrown) => thrown)).to.equal(error);
    });
  }

  it('takes the largest block that there may be', async () => {
    const [here, there] = connectionPair();
    await play(here, { say: hex('05 12 47 19 f8 ff ff 00 07') });
    const into = new Uint8Array(10);
    expect(await new BlockSource(there).read(into)).to.equal(1);
    expect(into[0]).to.equal(7);
  });

  it('does not wait for a source that sends nothing longer than it may', async () => {
    const [, there] = connectionPair();
    const error = await readAll(new BlockSource(there, { timeout: 30 })).catch((thrown) => thrown);
    expect(error.message).to.equal('VERR_TIMEOUT: waited 30 ms for the next block of the state');
  });
});

describe('blocks in both directions', () => {
  it('save and load at the same time, and tell how far they are', async () => {
    const [here, there] = connectionPair();
    const source = new TestMachine(1_000_000, 3);
    const target = new TestMachine(1_000_000);
    let sent = 0;
    let received = 0;
    const count = (bytes: number) => {
      sent = bytes;
    };
    const [{ bytes }] = await Promise.all([
      saveState(source.registry, new BlockSink(here, { onBytes: count })),
      loadState(
        target.registry,
        new BlockSource(there, {
          onBytes: (bytes) => {
            received = bytes;
          },
        }),
      ),
    ]);
    expect(target.equals(source)).to.equal(true);
    expect([sent, received]).to.deep.equal([bytes, bytes]);
  });

  it('a save that is cancelled cancels the load', async () => {
    const [here, there] = connectionPair();
    const aborting = new AbortController();
    const { registry } = new TestMachine(5_000_000, 3);
    const source = new BlockSource(there, {
      onBytes: (bytes) => {
        if (bytes > 1_000_000) aborting.abort();
      },
    });
    const statuses = await Promise.all([
      statusOf(() => saveState(registry, new BlockSink(here), { signal: aborting.signal })),
      statusOf(() => loadState(new TestMachine(5_000_000).registry, source)),
    ]);
    expect(statuses).to.deep.equal(['VERR_SSM_CANCELLED', 'VERR_SSM_CANCELLED']);
  });
});
