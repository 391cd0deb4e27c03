import diagnostics from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { lzfCompress } from '../codecs/lzf.js';
import { liveSave } from '../engine/live-save.js';
import { type LoadOptions, loadState } from '../engine/load.js';
import { Registry } from '../engine/registry.js';
import { type SaveOptions, saveState } from '../engine/save.js';
import type { UnitCallbacks, UnitRegistration } from '../engine/unit.js';
import { verifyState } from '../engine/verify.js';
import { isSsmError, type SsmError } from '../error.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import type { Sink, Source } from '../io/sink-source.js';
import type { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';
import { sav } from '../testing.js';
import { useWasm } from '../wasm/instance.js';
import { webAssembly } from '../wasm/webassembly.js';
import { useWorkersFrom } from './pool.js';

const MIB = 2 ** 20;
const PAGE = 4096;

/** Memory as guests have it: runs of zeros, of text, of what does not compress; `size` bytes. */
function guest(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const words = ['the ', 'machine ', 'is ', 'saved ', 'and ', 'loaded ', 'again ', '\n'].map((word) =>
    Buffer.from(word),
  );
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let at = 0; at < size; ) {
    const kind = random(4);
    const end = Math.min(size, at + (1 + random(60)) * PAGE);
    if (kind === 0) at = end;
    else if (kind === 1) for (; at < end; at++) bytes[at] = random(256);
    else {
      while (at < end) {
        const word = words[random(words.length)] as Buffer;
        bytes.set(word.subarray(0, end - at), at);
        at = Math.min(end, at + word.length);
      }
    }
  }
  return bytes;
}

const memory = guest(24 * MIB);

/** All workers that are started while `run` runs. */
async function workersOf(run: (workers: readonly Worker[]) => Promise<unknown>): Promise<Worker[]> {
  const workers: Worker[] = [];
  const note = (message: unknown) => workers.push((message as { worker: Worker }).worker);
  diagnostics.subscribe('worker_threads', note);
  try {
    await run(workers);
  } finally {
    diagnostics.unsubscribe('worker_threads', note);
  }
  return workers;
}

/** Runs something with workers, after which none of them may be left. */
async function withWorkers(count: number, run: (workers: readonly Worker[]) => Promise<unknown>): Promise<void> {
  const workers = await workersOf(run);
  expect(workers.length, 'workers that were started').to.equal(count);
  expect(
    workers.map(({ threadId }) => threadId),
    'workers that are left',
  ).to.deep.equal(workers.map(() => -1));
}

/** Waits for the workers of an operation. */
async function arrive(handle: { readonly workers: number }, count: number): Promise<void> {
  for (let tries = 0; handle.workers < count; tries++) {
    if (tries > 5000) throw new Error(`only ${handle.workers} of ${count} workers have come`);
    await sleep(2);
  }
}

/** Ways to put memory, and to get it. */
interface Way {
  readonly name: string;
  put(stream: PutStream): void | Promise<void>;
  get(stream: GetStream): void | Promise<void>;
}

/** What {@link Way.get} is to find. */
function expectMemory(part: Uint8Array, at: number): void {
  if (Buffer.compare(part, memory.subarray(at, at + part.length)) !== 0) throw new Error(`other bytes at ${at}`);
}

/** `memory` in pieces of a size. */
function* pieces(size: number): Generator<[Uint8Array, number]> {
  for (let at = 0; at < memory.length; at += size) yield [memory.subarray(at, at + size), at];
}

function inPieces(name: string, size: number): Way {
  return {
    name,
    put: (stream) => {
      for (const [piece] of pieces(size)) stream.putMem(piece);
    },
    get: (stream) => {
      for (const [piece, at] of pieces(size)) expectMemory(stream.getMem(new Uint8Array(piece.length)), at);
    },
  };
}

const ways: readonly Way[] = [
  inPieces('at once', memory.length),
  inPieces('in odd pieces', 1_000_003),
  {
    name: 'page by page, each behind a byte and an address',
    put: (stream) => {
      for (const [page, at] of pieces(PAGE)) {
        stream.putU8(1);
        stream.putU64(at);
        stream.putMem(page);
      }
    },
    get: (stream) => {
      for (const [page, at] of pieces(PAGE)) {
        expect(stream.getU8()).to.equal(1);
        expect(stream.getU64()).to.equal(BigInt(at));
        expectMemory(stream.getMem(new Uint8Array(page.length)), at);
      }
    },
  },
  {
    name: 'waiting',
    put: (stream) => stream.putMemAsync(memory),
    get: async (stream) => expectMemory(await stream.getMemAsync(new Uint8Array(memory.length)), 0),
  },
];

/** A registry with a small unit, a large one that waits for the workers, and another small one. */
function machine(way: Way, workers: number, more: UnitCallbacks = {}): Registry {
  const registry = new Registry();
  const small = (name: string): UnitRegistration => ({
    name,
    version: 1,
    saveExec: (stream) => stream.putU32(7),
    loadExec: (stream) => {
      if (stream.getU32() !== 7) throw new Error('not 7');
    },
  });
  registry.register(small('before'));
  registry.register({
    name: 'memory',
    version: 1,
    guess: memory.length,
    savePrep: (handle) => arrive(handle, workers),
    saveExec: (stream) => way.put(stream),
    // Only now workers are wanted for certain: the first part is loaded without.
    loadExec: async (stream, _version, _pass, handle) => {
      if (stream.getU8() === 1) {
        expectMemory(await stream.getMemAsync(new Uint8Array(memory.length)), 0);
        await arrive(handle, workers);
      }
      await way.get(stream);
    },
    ...more,
  });
  registry.register(small('behind'));
  return registry;
}

async function saved(way: Way, options: SaveOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  await saveState(machine(way, options.workers ?? 0), sink, options);
  return sink.bytes();
}

/** The state with what {@link machine} loads first. */
async function stateFor(way: Way, options: SaveOptions = {}): Promise<Uint8Array> {
  const sink = new MemorySink();
  const registry = machine(way, 0, {
    saveExec: async (stream) => {
      stream.putU8(1);
      stream.putMem(memory);
      await way.put(stream);
    },
  });
  await saveState(registry, sink, options);
  return sink.bytes();
}

/** A source that is asked, at once or not, and for a stream without a size. */
function asked(bytes: Uint8Array, manner: 'file' | 'stream' | 'slow stream'): Source {
  const source = new MemorySource(bytes);
  const read = (into: Uint8Array, position: number) => source.read(into.subarray(0, 300_000), position);
  return {
    size: manner === 'file' ? bytes.length : undefined,
    read: manner === 'slow stream' ? async (into, position) => read(into, position) : read,
  };
}

async function failureOf(run: Promise<unknown>): Promise<SsmError> {
  try {
    await run;
  } catch (error) {
    if (isSsmError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('workers', function () {
  this.timeout(60_000);
  let restore: () => void;

  before(() => {
    restore = useWorkersFrom(16 * MIB);
  });

  after(() => restore());

  afterEach(() => useWasm(true));

  for (const wasm of [true, false]) {
    const by = wasm ? 'WebAssembly' : 'TypeScript';
    for (const way of ways) {
      it(`write the same file, memory put ${way.name}, packed in ${by}`, async () => {
        useWasm(wasm);
        const expected = await saved(way, {});
        for (const workers of wasm ? [1, 3] : [2]) {
          await withWorkers(workers, async () => {
            expect(Buffer.compare(await saved(way, { workers }), expected), `${workers} workers`).to.equal(0);
          });
        }
      });

      it(`load what was put ${way.name}, expanded in ${by}`, async () => {
        useWasm(wasm);
        const state = await stateFor(way);
        await withWorkers(2, () => loadState(machine(way, 2), new MemorySource(state), { workers: 2 }));
      });
    }
  }

  it('write the same file with LZ4, and load it', async () => {
    const [way] = ways as [Way];
    const compression = 'lz4';
    const expected = await saved(way, { compression });
    await withWorkers(2, async () => {
      expect(Buffer.compare(await saved(way, { compression, workers: 2 }), expected)).to.equal(0);
    });
    const state = await stateFor(way, { compression });
    await withWorkers(2, () => loadState(machine(way, 2), new MemorySource(state), { workers: 2 }));
  });

  it('write a state that verifies', async () => {
    const state = await saved(ways[0] as Way, { workers: 2 });
    expect((await verifyState(new MemorySource(state))).load).to.equal('VINF_SUCCESS');
  });

  for (const manner of ['file', 'stream', 'slow stream'] as const) {
    it(`load from a ${manner}`, async () => {
      const way = ways[3] as Way;
      const state = await stateFor(way);
      await withWorkers(2, () => loadState(machine(way, 2), asked(state, manner), { workers: 2 }));
    });
  }

  it('write the same file to a slow sink, with the least buffer', async () => {
    const way = ways[3] as Way;
    const expected = await saved(way, {});
    const memory = new MemorySink();
    const sink: Sink = { write: async (data) => memory.write(data.slice()), close: (aborted) => memory.close(aborted) };
    await withWorkers(2, () => saveState(machine(way, 2), sink, { workers: 2, bufferLimit: 1 }));
    expect(Buffer.compare(memory.bytes(), expected)).to.equal(0);
  });

  it('serve every pass of a live save', async () => {
    const bytes = async (workers: number) => {
      const sink = new MemorySink();
      const registry = machine(ways[0] as Way, workers, {
        livePrep: (handle) => arrive(handle, workers),
        liveExec: (stream, pass) => stream.putMem(memory.subarray(pass * MIB)),
        liveVote: (pass) => (pass < 2 ? 'VINF_SSM_VOTE_FOR_ANOTHER_PASS' : 'VINF_SUCCESS'),
      });
      const save = await liveSave(registry, sink, { workers });
      await save.step1();
      await save.step2();
      await save.done();
      return sink.bytes();
    };
    const expected = await bytes(0);
    await withWorkers(2, async () => expect(Buffer.compare(await bytes(2), expected)).to.equal(0));
  });

  describe('are not started', () => {
    it('for little data', async () => {
      const registry = new Registry();
      registry.register({
        name: 'small',
        version: 1,
        saveExec: (stream) => stream.putMem(memory.subarray(0, MIB)),
        loadExec: (stream) => void stream.getMem(new Uint8Array(MIB)),
      });
      const sink = new MemorySink();
      await withWorkers(0, () => saveState(registry, sink, { workers: 4 }));
      await withWorkers(0, () => loadState(registry, new MemorySource(sink.bytes()), { workers: 4 }));
    });

    it('where memory cannot be shared', async () => {
      const { SharedArrayBuffer: shared } = globalThis;
      const way = ways[0] as Way;
      Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
      try {
        await withWorkers(0, () => saveState(machine(way, 0), new MemorySink(), { workers: 4 }));
      } finally {
        globalThis.SharedArrayBuffer = shared;
      }
    });

    it('where there is WebAssembly, but no more room for memory that is shared', async () => {
      const api = webAssembly() as { Memory: unknown };
      const { Memory } = api;
      const way = ways[0] as Way;
      const expected = await saved(way, {});
      api.Memory = class {
        constructor() {
          throw new RangeError('could not allocate memory');
        }
      };
      const sink = new MemorySink();
      try {
        await withWorkers(0, () => saveState(machine(way, 0), sink, { workers: 4 }));
      } finally {
        api.Memory = Memory;
      }
      expect(Buffer.compare(sink.bytes(), expected)).to.equal(0);
    });

    for (const workers of [-1, 1.5, Number.NaN]) {
      it(`where ${workers} are wanted: that is refused`, async () => {
        let aborted = false;
        const sink: Sink = {
          write: () => {},
          close: (incomplete) => {
            aborted = incomplete;
          },
        };
        const error = await failureOf(saveState(new Registry(), sink, { workers }));
        expect(error.status).to.equal('VERR_INVALID_PARAMETER');
        expect(aborted).to.equal(true);
        const load = loadState(new Registry(), new MemorySource(new Uint8Array(0)), { workers });
        expect((await failureOf(load)).status).to.equal('VERR_INVALID_PARAMETER');
      });
    }
  });

  for (const size of [4095, 4096, 4097, 4098, 5000]) {
    it(`load RAW records of ${size} bytes among packed ones, wherever a window on the file ends`, async () => {
      const packed = new Uint8Array(PAGE);
      const text = Uint8Array.from({ length: PAGE }, (_, i) => 97 + (i % 26));
      const block = packed.subarray(0, lzfCompress(text, 0, PAGE, packed, 0, PAGE));
      const parts: Uint8Array[] = [];
      const state = sav().unit('memory');
      for (let i = 0; i < 900; i++) {
        const raw = Uint8Array.from({ length: size }, (_, at) => (at * i) >> 3);
        for (let k = 0; k < 1 + (i % 5); k++) {
          state.lzf(4, [...block]);
          parts.push(text);
        }
        state.raw([...raw]);
        parts.push(raw);
      }
      const expected = Buffer.concat(parts);
      const registry = new Registry();
      let loaded = new Uint8Array(0);
      registry.register({
        name: 'memory',
        version: 1,
        loadExec: async (stream, _version, _pass, handle) => {
          loaded = new Uint8Array(expected.length);
          stream.getMem(loaded.subarray(0, PAGE));
          await arrive(handle, 1);
          stream.getMem(loaded.subarray(PAGE));
        },
      });
      const restore = useWorkersFrom(0);
      try {
        const source = asked(state.bytes(), 'stream');
        await withWorkers(1, () => loadState(registry, source, { workers: 1 }));
      } finally {
        restore();
      }
      expect(Buffer.compare(loaded, expected)).to.equal(0);
    });
  }

  describe('change nothing about failures', () => {
    const [way] = ways as [Way];

    /** The failure without workers, and with two, of which none may be left. */
    async function bothFail(run: (workers: number) => Promise<unknown>): Promise<SsmError> {
      const expected = await failureOf(run(0));
      await withWorkers(2, async () => {
        const { status, detail, where } = await failureOf(run(2));
        expect({ status, detail, where }).to.deep.equal({
          status: expected.status,
          detail: expected.detail,
          where: expected.where,
        });
      });
      return expected;
    }

    it('of a sink', async () => {
      const error = await bothFail((workers) => {
        let written = 0;
        const sink: Sink = {
          write: (data) => {
            written += data.length;
            if (written > 3 * MIB) throw new Error('the disk is gone');
          },
          close: () => {},
        };
        return saveState(machine(way, workers), sink, { workers });
      });
      expect(error.detail).to.contain('the disk is gone');
    });

    it('of a callback', async () => {
      const error = await bothFail((workers) => {
        const registry = machine(way, workers, {
          saveExec: (stream) => {
            stream.putMem(memory);
            return 'VERR_NOT_SUPPORTED';
          },
        });
        return saveState(registry, new MemorySink(), { workers });
      });
      expect(error.status).to.equal('VERR_NOT_SUPPORTED');
    });

    const load = (state: Uint8Array, options: LoadOptions = {}) =>
      bothFail((workers) => loadState(machine(way, workers), new MemorySource(state), { ...options, workers }));

    it('of a damaged block', async () => {
      const state = (await stateFor(way)).slice();
      // The last LZF record of 4 KiB.
      for (let at = state.length - 1; ; at--) {
        if (state[at] !== 0x93 || (state[at + 1] as number) >> 4 !== 0xe || state[at + 4] !== 4) continue;
        state.fill(0xff, at + 5, at + 60);
        break;
      }
      expect((await load(state)).status).to.equal('VERR_SSM_INTEGRITY_DECOMPRESSION');
    });

    it('of a state that ends too early', async () => {
      const state = await stateFor(way);
      const cut = state.subarray(0, state.length - 5 * MIB);
      const error = await bothFail((workers) => loadState(machine(way, workers), asked(cut, 'stream'), { workers }));
      expect(error.status).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    });

    for (const [name, limit] of [
      ['decodedBytes', 38 * MIB + 5000],
      ['records', 9000],
    ] as const) {
      it(`at the limit of ${name}`, async () => {
        expect((await load(await stateFor(way), { limits: { [name]: limit } })).status).to.equal('VERR_TOO_MUCH_DATA');
      });
    }
  });

  describe('end with the operation', () => {
    it('when it is cancelled while it saves', async () => {
      await withWorkers(2, async () => {
        const cancel = new AbortController();
        const way: Way = {
          ...(ways[0] as Way),
          put: async (stream) => {
            stream.putMem(memory);
            cancel.abort();
            stream.putMem(memory);
          },
        };
        const error = await failureOf(
          saveState(machine(way, 2), new MemorySink(), { workers: 2, signal: cancel.signal }),
        );
        expect(error.status).to.equal('VERR_SSM_CANCELLED');
      });
    });

    it('when it is cancelled while it loads', async () => {
      const state = await stateFor(ways[0] as Way);
      await withWorkers(2, async () => {
        const cancel = new AbortController();
        const way: Way = {
          ...(ways[0] as Way),
          get: (stream) => {
            stream.getMem(new Uint8Array(2 * MIB));
            cancel.abort();
            stream.getMem(new Uint8Array(2 * MIB));
          },
        };
        const error = await failureOf(
          loadState(machine(way, 2), new MemorySource(state), { workers: 2, signal: cancel.signal }),
        );
        expect(error.status).to.equal('VERR_SSM_CANCELLED');
      });
    });

    it('when it is cancelled before a sink that does not answer', async () => {
      await withWorkers(2, async () => {
        const cancel = new AbortController();
        const never = new Promise<void>(() => {});
        let count = 0;
        const sink: Sink = {
          write: () => {
            if (++count === 3) setTimeout(() => cancel.abort(), 20);
            return count < 3 ? undefined : never;
          },
          close: () => {},
        };
        const options = { workers: 2, signal: cancel.signal };
        const error = await failureOf(saveState(machine(ways[3] as Way, 2), sink, options));
        expect(error.status).to.equal('VERR_SSM_CANCELLED');
      });
    });

    it('when a live save is given up', async () => {
      await withWorkers(1, async () => {
        const registry = machine(ways[0] as Way, 1, { livePrep: (handle) => arrive(handle, 1) });
        const save = await liveSave(registry, new MemorySink(), { workers: 1 });
        await save.step1();
        expect((await failureOf(save.done())).status).to.equal('VERR_INVALID_STATE');
      });
    });
  });

  describe('may fail themselves', () => {
    for (const rest of [1, 0]) {
      it(`and the file is the same when ${rest} of 2 is left in the middle of it`, async () => {
        const expected = await saved(inPieces('twice', memory.length), {});
        await withWorkers(2, async (workers) => {
          const way: Way = {
            ...(ways[0] as Way),
            put: async (stream) => {
              const ends = workers.slice(rest).map((worker) => worker.terminate());
              stream.putMem(memory);
              await Promise.all(ends);
            },
          };
          expect(Buffer.compare(await saved(way, { workers: 2 }), expected)).to.equal(0);
        });
      });

      it(`and all is loaded when ${rest} of 2 is left in the middle of it`, async () => {
        const state = await stateFor(ways[0] as Way);
        await withWorkers(2, async (workers) => {
          const way: Way = {
            ...(ways[0] as Way),
            get: async (stream) => {
              const half = memory.length / 2;
              expectMemory(stream.getMem(new Uint8Array(half)), 0);
              const ends = workers.slice(rest).map((worker) => worker.terminate());
              expectMemory(stream.getMem(new Uint8Array(half)), half);
              await Promise.all(ends);
            },
          };
          await loadState(machine(way, 2), new MemorySource(state), { workers: 2 });
        });
      });
    }
  });
});

describe('workers that are wanted', () => {
  it('are started, but no more than there are processors beside the one of the thread that saves', async () => {
    const registry = new Registry();
    registry.register({ name: 'memory', version: 1, guess: 2 ** 40, saveExec: (stream) => stream.putU32(1) });
    const restore = useWorkersFrom(0);
    await withWorkers(3, () => saveState(registry, new MemorySink(), { workers: 3 }));
    restore();
    const most = Math.min(16, availableParallelism() - 1);
    await withWorkers(most, () => saveState(registry, new MemorySink(), { workers: 99 }));
  });
});
