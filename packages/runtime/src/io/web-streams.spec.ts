import { expect } from 'chai';
import fc from 'fast-check';
import { loadState } from '../engine/load.js';
import { openState } from '../engine/open.js';
import { saveState } from '../engine/save.js';
import { SsmError } from '../error.js';
import { statusOf } from '../testing.js';
import { MemorySink } from './memory.js';
import { later, readAll, TestMachine, testBytes, writeAll } from './testing.js';
import { type BlobLike, BlobSource, ReadableStreamSource, WritableStreamSink } from './web-streams.js';

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });

/** A stream of chunks of the given sizes, plain or of bytes. */
function chunked(data: Uint8Array, sizes: readonly number[], type?: 'bytes'): ReadableStream<Uint8Array> {
  let done = 0;
  let i = 0;
  const pull = (controller: { enqueue(chunk: Uint8Array<ArrayBuffer>): void; close(): void }) => {
    if (done >= data.length) {
      controller.close();
      // A read into the reader's own buffer waits for an answer even then.
      (controller as ReadableByteStreamController).byobRequest?.respond(0);
      return;
    }
    const size = sizes[i++ % sizes.length] as number;
    // Enqueuing bytes takes their buffer away.
    controller.enqueue(data.slice(done, done + size));
    done += size;
  };
  return type === undefined ? new ReadableStream({ pull }) : new ReadableStream({ type, pull });
}

/** A stream that keeps the very chunks it is given, and takes its time. */
function collecting(delay?: () => Promise<void>): { stream: WritableStream<Uint8Array>; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({
    async write(chunk) {
      await delay?.();
      chunks.push(chunk);
    },
  });
  return { stream, chunks };
}

const joined = (chunks: readonly Uint8Array[]) => Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));

describe('WritableStreamSink', () => {
  it('writes the same bytes, whatever the chunks, and keeps nothing of what it was lent', async () => {
    const data = testBytes(20_000);
    await fc.assert(
      fc.asyncProperty(sizesArbitrary, async (sizes) => {
        const { stream, chunks } = collecting();
        await writeAll(new WritableStreamSink(stream), data, sizes);
        expect(joined(chunks)).to.deep.equal(data);
        expect(stream.locked).to.equal(false);
      }),
      { numRuns: 30 },
    );
  });

  it('waits for a slow stream: never more than one chunk is under way', async () => {
    let under = 0;
    let most = 0;
    const stream = new WritableStream<Uint8Array>({
      async write() {
        most = Math.max(most, ++under);
        await later(1);
        under--;
      },
    });
    await saveState(new TestMachine(1_000_000, 1).registry, new WritableStreamSink(stream));
    expect(most).to.equal(1);
  });

  it('closes the stream behind a whole state, and aborts it with the reason behind another', async () => {
    const ends: unknown[] = [];
    const stream = () =>
      new WritableStream<Uint8Array>({
        close: () => void ends.push('closed'),
        abort: (reason) => void ends.push(reason),
      });
    await new WritableStreamSink(stream()).close(false);
    const failure = new SsmError('VERR_NO_MEMORY', 'no more');
    await new WritableStreamSink(stream()).close(true, failure);
    expect(ends).to.deep.equal(['closed', failure]);
  });

  it('leaves the stream open when told so, and unlocked', async () => {
    const { stream, chunks } = collecting();
    for (const aborted of [false, true, false]) {
      const sink = new WritableStreamSink(stream, { preventClose: true });
      await sink.write(Uint8Array.of(1));
      await sink.close(aborted);
    }
    await new WritableStreamSink(stream).close(false);
    expect(chunks.length).to.equal(3);
  });

  it('does not wait for a write that is stalled when the save is cancelled', async () => {
    const aborting = new AbortController();
    let aborted = false;
    const stream = new WritableStream<Uint8Array>({
      start(controller) {
        // Not in the types yet.
        const { signal } = controller as unknown as { signal: AbortSignal };
        signal.addEventListener('abort', () => {
          aborted = true;
        });
      },
      write: () => new Promise(() => {}),
    });
    setTimeout(() => aborting.abort(), 20);
    const { registry } = new TestMachine(3_000_000, 1);
    const status = await statusOf(() =>
      saveState(registry, new WritableStreamSink(stream), { signal: aborting.signal }),
    );
    expect([status, aborted, stream.locked]).to.deep.equal(['VERR_SSM_CANCELLED', true, false]);
  });

  const failing: readonly [when: string, make: () => WritableStream<Uint8Array>][] = [
    ['before', () => new WritableStream({ start: (controller) => controller.error(new Error('broken')) })],
    [
      'while',
      () =>
        new WritableStream({
          async write() {
            await later();
            throw new Error('broken');
          },
        }),
    ],
    [
      'after',
      () =>
        new WritableStream({
          close() {
            throw new Error('broken');
          },
        }),
    ],
  ];
  for (const [when, make] of failing) {
    it(`a stream that fails ${when} writing fails the save`, async () => {
      const stream = make();
      const { registry } = new TestMachine(500_000, 1);
      const error = await saveState(registry, new WritableStreamSink(stream)).catch((thrown) => thrown);
      expect(error.message).to.match(/^VERR_IO_GEN_FAILURE: .*broken/);
      expect(stream.locked).to.equal(false);
    });
  }

  it('tells the failure of a stream between two writes with the next one', async () => {
    let fail = () => {};
    const stream = new WritableStream<Uint8Array>({
      start(controller) {
        fail = () => controller.error(new Error('broken'));
      },
    });
    const sink = new WritableStreamSink(stream);
    await sink.write(Uint8Array.of(1));
    fail();
    await later();
    const error = await sink.write(Uint8Array.of(2)).catch((thrown) => thrown);
    expect(error.message).to.equal('broken');
    await sink.close(true);
    expect(stream.locked).to.equal(false);
  });

  it('refuses a stream that somebody else writes to', async () => {
    const { stream } = collecting();
    stream.getWriter();
    expect(await statusOf(() => new WritableStreamSink(stream))).to.equal('VERR_INVALID_STATE');
  });
});

describe('ReadableStreamSource', () => {
  for (const type of [undefined, 'bytes'] as const) {
    describe(type === undefined ? 'of a plain stream' : 'of a byte stream', () => {
      it('reads the same bytes, whatever the chunks and the pieces', async () => {
        const data = testBytes(20_000);
        await fc.assert(
          fc.asyncProperty(sizesArbitrary, sizesArbitrary, async (chunks, pieces) => {
            const stream = chunked(data, chunks, type);
            const source = new ReadableStreamSource(stream);
            expect(await readAll(source, pieces)).to.deep.equal(data);
            // And stays at the end.
            expect(await source.read(new Uint8Array(1))).to.equal(0);
            await source.close();
            expect(stream.locked).to.equal(false);
          }),
          { numRuns: 30 },
        );
      });

      it('loads a state from tiny chunks', async () => {
        const source = new TestMachine(20_000, 3);
        const sink = new MemorySink();
        await saveState(source.registry, sink);
        const target = new TestMachine(20_000);
        await loadState(target.registry, new ReadableStreamSource(chunked(sink.bytes(), [1, 2, 3], type)));
        expect(target.equals(source)).to.equal(true);
      });

      it('that ends too early fails the load', async () => {
        const sink = new MemorySink();
        await saveState(new TestMachine(20_000, 3).registry, sink);
        const stream = chunked(sink.bytes().subarray(0, 10_000), [999], type);
        const load = () => loadState(new TestMachine(20_000).registry, new ReadableStreamSource(stream));
        expect(await statusOf(load)).to.equal('VERR_SSM_LOADED_TOO_MUCH');
      });

      it('cancels the stream when it is closed half way, and ends the read that waits', async () => {
        let reason: unknown;
        const hanging = {
          pull: () => new Promise<void>(() => {}),
          cancel(told: unknown) {
            reason = told;
          },
        };
        const stream: ReadableStream<Uint8Array> =
          type === undefined ? new ReadableStream(hanging) : new ReadableStream({ type, ...hanging });
        const source = new ReadableStreamSource(stream);
        const reading = statusOf(() => source.read(new Uint8Array(10)));
        await later();
        await source.close('enough');
        await source.close('again');
        expect([await reading, reason, stream.locked]).to.deep.equal(['VERR_SSM_CANCELLED', 'enough', false]);
        expect(await statusOf(() => source.read(new Uint8Array(10)))).to.equal('VERR_SSM_CANCELLED');
      });

      it('gives the stream back uncancelled when told so', async () => {
        const stream = chunked(testBytes(100), [50], type);
        const source = new ReadableStreamSource(stream, { preventCancel: true });
        expect(await source.read(new Uint8Array(50))).to.equal(50);
        await source.close();
        const rest = new ReadableStreamSource(stream);
        expect(await readAll(rest)).to.deep.equal(testBytes(100).subarray(50));
      });
    });
  }

  const failing: readonly [when: string, make: () => ReadableStream<Uint8Array>][] = [
    ['before', () => new ReadableStream({ start: (controller) => controller.error(new Error('broken')) })],
    [
      'while',
      () =>
        new ReadableStream({
          async pull(controller) {
            await later();
            controller.error(new Error('broken'));
          },
        }),
    ],
  ];
  for (const [when, make] of failing) {
    it(`a stream that fails ${when} reading fails the load`, async () => {
      const error = await loadState(new TestMachine(10).registry, new ReadableStreamSource(make())).catch((e) => e);
      expect(error.message).to.match(/^VERR_SSM_STREAM_ERROR: .*broken/);
    });
  }

  it('reads what is no Uint8Array but bytes, and passes over empty chunks', async () => {
    const chunks = [new ArrayBuffer(2), new Uint8Array(0), new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 2)];
    const stream = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(await readAll(new ReadableStreamSource(stream))).to.deep.equal(Uint8Array.of(0, 0, 2, 3));
  });

  for (const chunk of ['text', 7, {}]) {
    it(`refuses chunks of type ${typeof chunk}`, async () => {
      const stream = new ReadableStream({ start: (controller) => controller.enqueue(chunk) });
      const source = new ReadableStreamSource(stream);
      expect(await statusOf(() => source.read(new Uint8Array(1)))).to.equal('VERR_INVALID_PARAMETER');
    });
  }

  it('refuses a stream that somebody else reads', async () => {
    const stream = chunked(testBytes(1), [1]);
    stream.getReader();
    expect(await statusOf(() => new ReadableStreamSource(stream))).to.equal('VERR_INVALID_STATE');
  });

  it('reads the body of a response', async () => {
    const source = new TestMachine(300_000, 5);
    const sink = new MemorySink();
    await saveState(source.registry, sink);
    const { body } = new Response(sink.bytes());
    const target = new TestMachine(300_000);
    await loadState(target.registry, new ReadableStreamSource(body as ReadableStream<Uint8Array>));
    expect(target.equals(source)).to.equal(true);
  });
});

describe('web streams in both directions', () => {
  const pipes: readonly [name: string, pipe: () => readonly { readable: unknown; writable: unknown }[]][] = [
    ['straight through', () => [new TransformStream()]],
    ['through gzip', () => [new CompressionStream('gzip'), new DecompressionStream('gzip')]],
  ];
  for (const [name, pipe] of pipes) {
    it(`save and load at the same time, ${name}`, async () => {
      const source = new TestMachine(1_000_000, 7);
      const target = new TestMachine(1_000_000);
      const [first, ...rest] = pipe() as TransformStream<Uint8Array, Uint8Array>[];
      const readable = rest.reduce((stream, next) => stream.pipeThrough(next), first!.readable);
      await Promise.all([
        saveState(source.registry, new WritableStreamSink(first!.writable)),
        loadState(target.registry, new ReadableStreamSource(readable)),
      ]);
      expect(target.equals(source)).to.equal(true);
    });
  }
});

describe('BlobSource', () => {
  it('reads anywhere, over the borders of the pieces that it fetches', async () => {
    const data = testBytes(600_000);
    const source = new BlobSource(new Blob([data]));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 600_100 }), fc.integer({ min: 1, max: 65536 }), async (at, length) => {
        const into = new Uint8Array(length);
        const count = await source.read(into, at);
        expect(into.subarray(0, count)).to.deep.equal(data.subarray(at, at + count));
        expect(count > 0).to.equal(at < data.length);
      }),
    );
  });

  it('opens a state, seeks in it and loads it', async () => {
    const source = new TestMachine(700_000, 9);
    const sink = new MemorySink();
    await saveState(source.registry, sink);
    const blob = new BlobSource(new Blob([sink.bytes()]));
    const state = await openState(blob);
    expect((await state.seek('counter')).stream.getU32()).to.equal(9);
    const target = new TestMachine(700_000);
    await loadState(target.registry, blob);
    expect(target.equals(source)).to.equal(true);
  });

  it('fails as the blob does, and tries again', async () => {
    let failures = 1;
    const blob: BlobLike = {
      size: 10,
      slice: () => ({
        arrayBuffer: async () => {
          if (failures-- > 0) throw new Error('the file has changed');
          return new ArrayBuffer(10);
        },
      }),
    };
    const source = new BlobSource(blob);
    const error = await source.read(new Uint8Array(4), 0).catch((thrown) => thrown);
    expect(error.message).to.equal('the file has changed');
    expect(await source.read(new Uint8Array(4), 8)).to.equal(2);
  });
});
