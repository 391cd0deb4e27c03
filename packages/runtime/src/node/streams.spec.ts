import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadState } from '../engine/load.js';
import { saveState } from '../engine/save.js';
import { MemorySink } from '../io/memory.js';
import { later, readAll, TestMachine, testBytes, writeAll } from '../io/testing.js';
import { statusOf } from '../testing.js';
import { NodeReadableSource, NodeWritableSink } from './streams.js';

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });

/** A stream that keeps the very chunks it is given. */
function collecting(delay?: () => Promise<void>): { stream: Writable; bytes: () => Uint8Array } {
  const chunks: Uint8Array[] = [];
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      const take = () => {
        chunks.push(chunk);
        done();
      };
      if (delay === undefined) take();
      else delay().then(take);
    },
  });
  return { stream, bytes: () => Uint8Array.from(Buffer.concat(chunks)) };
}

/** How many listeners a stream has, of any kind. */
const listeners = (stream: NodeJS.EventEmitter) =>
  stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0);

describe('NodeWritableSink', () => {
  it('writes the same bytes, whatever the chunks, and keeps nothing of what it was lent', async () => {
    const data = testBytes(20_000);
    await fc.assert(
      fc.asyncProperty(sizesArbitrary, async (sizes) => {
        const { stream, bytes } = collecting();
        await writeAll(new NodeWritableSink(stream), data, sizes);
        expect(bytes()).to.deep.equal(data);
        expect(stream.writableFinished).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps no more than one chunk in the buffer of a slow stream', async () => {
    let most = 0;
    const { stream } = collecting(async () => {
      most = Math.max(most, stream.writableLength);
      await later(1);
    });
    await saveState(new TestMachine(1_000_000, 1).registry, new NodeWritableSink(stream));
    expect(most).to.be.within(1, 65536);
  });

  it('leaves no listeners behind, and the stream open when told so', async () => {
    const { stream, bytes } = collecting();
    const before = listeners(stream);
    for (let i = 0; i < 20; i++) {
      const sink = new NodeWritableSink(stream, { keepOpen: true });
      await sink.write(Uint8Array.of(i));
      await sink.close(i % 2 === 1);
    }
    expect([listeners(stream), stream.destroyed]).to.deep.equal([before, false]);
    await new NodeWritableSink(stream).close(false);
    await later();
    expect(bytes().length).to.equal(20);
    expect(listeners(stream)).to.equal(before);
  });

  it('destroys the stream with the reason when the state is not complete', async () => {
    const { stream } = collecting();
    const told: unknown[] = [];
    stream.on('error', (error) => told.push(error));
    const registry = new TestMachine(10, 1).registry;
    registry.register({ name: 'broken', version: 1, saveExec: () => 'VERR_NO_MEMORY' });
    const failure = await saveState(registry, new NodeWritableSink(stream)).catch((thrown) => thrown);
    await later();
    expect(stream.destroyed).to.equal(true);
    expect(told).to.deep.equal([failure]);
    expect(failure.status).to.equal('VERR_NO_MEMORY');
  });

  it('is not killed by the error of a stream that nobody else listens to', async () => {
    const { stream } = collecting();
    await new NodeWritableSink(stream).close(true, undefined);
    const failing = new Writable({ destroy: (_error, done) => done(new Error('cannot even be destroyed')) });
    await new NodeWritableSink(failing).close(true);
    await later(5);
    expect(failing.destroyed).to.equal(true);
  });

  it('does not wait for a stream that is stalled when the save is cancelled', async () => {
    const aborting = new AbortController();
    const stream = new Writable({ write() {} });
    setTimeout(() => aborting.abort(), 20);
    const { registry } = new TestMachine(3_000_000, 1);
    const save = () => saveState(registry, new NodeWritableSink(stream), { signal: aborting.signal });
    expect(await statusOf(save)).to.equal('VERR_SSM_CANCELLED');
    expect(stream.destroyed).to.equal(true);
  });

  const ending = (end: (stream: Writable) => void) => () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        setImmediate(done);
      },
    });
    setTimeout(() => end(stream), 1);
    return stream;
  };
  const failing: readonly [when: string, make: () => Writable, message: RegExp][] = [
    [
      'has failed before',
      () => {
        const stream = new Writable({ write() {} });
        stream.on('error', () => {});
        return stream.destroy(new Error('broken'));
      },
      /^VERR_IO_GEN_FAILURE: .*broken/,
    ],
    [
      'has ended before',
      () => {
        const stream = new PassThrough();
        stream.end();
        return stream;
      },
      /^VERR_IO_GEN_FAILURE: .*(after end|ended by somebody else)/,
    ],
    [
      'fails a write',
      () => new Writable({ write: (_chunk, _encoding, done) => setImmediate(done, new Error('broken')) }),
      /^VERR_IO_GEN_FAILURE: .*broken/,
    ],
    [
      'fails a write for lack of space',
      () =>
        new Writable({
          write: (_chunk, _encoding, done) => setImmediate(done, Object.assign(new Error('full'), { code: 'ENOSPC' })),
        }),
      /^VERR_SSM_LOW_ON_DISK_SPACE: .*full/,
    ],
    ['fails by itself', ending((stream) => stream.destroy(new Error('broken'))), /^VERR_IO_GEN_FAILURE: .*broken/],
    ['is closed', ending((stream) => stream.destroy()), /^VERR_IO_GEN_FAILURE: .*(closed before|destroyed)/],
    ['is ended', ending((stream) => stream.end()), /^VERR_IO_GEN_FAILURE: .*(after end|ended by somebody else)/],
    [
      'fails at its end',
      () =>
        new Writable({
          write: (_chunk, _encoding, done) => done(),
          final: (done) => setImmediate(done, new Error('broken')),
        }),
      /^VERR_IO_GEN_FAILURE: .*broken/,
    ],
    [
      'is closed while it stalls',
      () => {
        const stream = new Writable({ write() {} });
        setTimeout(() => stream.destroy(), 5);
        return stream;
      },
      /^VERR_IO_GEN_FAILURE: .*closed before/,
    ],
  ];
  for (const [when, make, message] of failing) {
    it(`a stream that ${when} fails the save`, async () => {
      const stream = make();
      const { registry } = new TestMachine(3_000_000, 1);
      const error = await saveState(registry, new NodeWritableSink(stream)).catch((thrown) => thrown);
      expect(error.message).to.match(message);
      await later(5);
      expect(stream.listenerCount('finish')).to.equal(0);
    });
  }
});

describe('NodeReadableSource', () => {
  const chunked = (data: Uint8Array, sizes: readonly number[]) =>
    Readable.from(
      (function* () {
        for (let done = 0, i = 0; done < data.length; i++) {
          const size = sizes[i % sizes.length] as number;
          yield Buffer.from(data.subarray(done, done + size));
          done += size;
        }
      })(),
    );

  it('reads the same bytes, whatever the chunks and the pieces', async () => {
    const data = testBytes(20_000);
    await fc.assert(
      fc.asyncProperty(sizesArbitrary, sizesArbitrary, fc.boolean(), async (chunks, pieces, bytes) => {
        const stream = bytes ? chunked(data, chunks).pipe(new PassThrough()) : chunked(data, chunks);
        const source = new NodeReadableSource(stream);
        expect(await readAll(source, pieces)).to.deep.equal(data);
        expect(await source.read(new Uint8Array(1))).to.equal(0);
        source.close();
      }),
      { numRuns: 30 },
    );
  });

  it('reads no further ahead than the stream does by itself', async () => {
    let given = 0;
    const stream = new Readable({
      highWaterMark: 10_000,
      read(size) {
        given += size;
        this.push(new Uint8Array(size));
      },
    });
    const source = new NodeReadableSource(stream);
    await source.read(new Uint8Array(1));
    await later(10);
    expect(given).to.be.below(50_000);
    source.close();
  });

  it('leaves no listeners behind, and the stream open when told so', async () => {
    const stream = new PassThrough();
    const before = listeners(stream);
    for (let i = 0; i < 20; i++) {
      stream.write(Uint8Array.of(i));
      const source = new NodeReadableSource(stream, { keepOpen: true });
      const into = new Uint8Array(1);
      await source.read(into);
      expect(into[0]).to.equal(i);
      source.close();
      expect(await statusOf(() => source.read(into))).to.equal('VERR_SSM_CANCELLED');
    }
    await later();
    expect([listeners(stream), stream.destroyed]).to.deep.equal([before, false]);
  });

  it('ends the read that waits when it is closed', async () => {
    const stream = new PassThrough();
    const source = new NodeReadableSource(stream);
    const reading = statusOf(() => source.read(new Uint8Array(1)));
    await later();
    source.close();
    expect([await reading, stream.destroyed]).to.deep.equal(['VERR_SSM_CANCELLED', true]);
  });

  const failing: readonly [when: string, make: () => Readable, message: RegExp][] = [
    [
      'has failed before',
      () => {
        const stream = new PassThrough();
        stream.on('error', () => {});
        return stream.destroy(new Error('broken'));
      },
      /broken/,
    ],
    [
      'fails',
      () => {
        const stream = new PassThrough();
        setTimeout(() => stream.destroy(new Error('broken')), 1);
        return stream;
      },
      /^VERR_IO_GEN_FAILURE: .*broken/,
    ],
    [
      'is closed',
      () => {
        const stream = new PassThrough();
        setTimeout(() => stream.destroy(), 1);
        return stream;
      },
      /^VERR_IO_GEN_FAILURE: the stream was closed before its end/,
    ],
    ['gives text', () => Readable.from(['text']), /^VERR_INVALID_PARAMETER: .*chunks of type string/],
  ];
  for (const [when, make, message] of failing) {
    it(`a stream that ${when} fails the read`, async () => {
      const source = new NodeReadableSource(make());
      for (const attempt of when === 'gives text' ? [1] : [1, 2]) {
        const error = await source.read(new Uint8Array(10)).catch((thrown) => thrown);
        expect(error.message, `read ${attempt}`).to.match(message);
      }
    });
  }

  it('that ends too early fails the load', async () => {
    const sink = new MemorySink();
    await saveState(new TestMachine(20_000, 3).registry, sink);
    const source = new NodeReadableSource(chunked(sink.bytes().subarray(0, 10_000), [999]));
    const { registry } = new TestMachine(20_000);
    expect(await statusOf(() => loadState(registry, source))).to.equal('VERR_SSM_LOADED_TOO_MUCH');
  });
});

describe('streams of Node in both directions', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmkit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const source = new TestMachine(1_000_000, 7);
  const target = () => new TestMachine(1_000_000);

  it('a file: it is complete once the save is', async () => {
    const path = join(folder, 'state.sav');
    const { bytes } = await saveState(source.registry, new NodeWritableSink(createWriteStream(path)));
    expect(readFileSync(path).length).to.equal(bytes);
    const loaded = target();
    await loadState(loaded.registry, new NodeReadableSource(createReadStream(path)));
    expect(loaded.equals(source)).to.equal(true);
  });

  it('a file in no folder', async () => {
    const path = join(folder, 'no', 'state.sav');
    const save = () => saveState(source.registry, new NodeWritableSink(createWriteStream(path)));
    const load = () => loadState(target().registry, new NodeReadableSource(createReadStream(path)));
    expect([await statusOf(save), await statusOf(load)]).to.deep.equal(['VERR_FILE_NOT_FOUND', 'VERR_FILE_NOT_FOUND']);
  });

  it('a compressed file', async () => {
    const path = join(folder, 'state.sav.gz');
    const gzip = createGzip({ level: 1 });
    const written = pipeline(gzip, createWriteStream(path));
    await saveState(source.registry, new NodeWritableSink(gzip));
    await written;
    const loaded = target();
    await loadState(loaded.registry, new NodeReadableSource(createReadStream(path).pipe(createGunzip())));
    expect(loaded.equals(source)).to.equal(true);
  });

  it('a stream with two ends, at the same time', async () => {
    const [here, there] = duplexPair() as [Duplex, Duplex];
    const loaded = target();
    await Promise.all([
      saveState(source.registry, new NodeWritableSink(here)),
      (async () => {
        const stream = new NodeReadableSource(there);
        await loadState(loaded.registry, stream);
        // A load reads no further than it has to.
        expect(await stream.read(new Uint8Array(1))).to.equal(0);
      })(),
    ]);
    expect(loaded.equals(source)).to.equal(true);
  });

  const program = (body: string) => [
    '--input-type=module',
    '-e',
    `import { loadState, saveState } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
     import { NodeReadableSource, NodeWritableSink } from ${JSON.stringify(new URL('./streams.js', import.meta.url).href)};
     import { TestMachine } from ${JSON.stringify(new URL('../io/testing.js', import.meta.url).href)};
     ${body}`,
  ];
  const save = (options: string) =>
    program(`await saveState(new TestMachine(1_000_000, 7).registry, new NodeWritableSink(process.stdout${options}));`);

  for (const options of ['', ', { keepOpen: true }']) {
    it(`stdout, piped${options && ', kept open'}`, async () => {
      const state = execFileSync(process.execPath, save(options), { maxBuffer: 10_000_000 });
      const loaded = target();
      await loadState(loaded.registry, new NodeReadableSource(Readable.from([state])));
      expect(loaded.equals(source)).to.equal(true);
    });
  }

  it('stdin, from a pipe', async () => {
    const sink = new MemorySink();
    await saveState(source.registry, sink);
    const load = program(`
      const machine = new TestMachine(1_000_000);
      const source = new NodeReadableSource(process.stdin);
      await loadState(machine.registry, source);
      source.close();
      console.log(machine.equals(new TestMachine(1_000_000, 7)));`);
    expect(execFileSync(process.execPath, load, { input: sink.bytes() }).toString()).to.equal('true\n');
  });

  it('stdout, when the reader goes away', async () => {
    const child = spawn(process.execPath, save(''), { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.once('data', () => child.stdout.destroy());
    let told = '';
    for await (const text of child.stderr) told += text;
    expect(told).to.match(/VERR_IO_GEN_FAILURE: .*EPIPE/);
  });
});
