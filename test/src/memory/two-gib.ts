import { PassThrough } from 'node:stream';
import { loadState, Registry, saveState } from '@ssmkit/runtime';
import { NodeReadableSource, NodeWritableSink } from '@ssmkit/runtime/node';
import { randomNumbers } from '@ssmkit/runtime/testing';

// Saves one unit into a stream out of which it is loaded at the same time, and prints how much memory that took beyond
// the caller's own. Of what is put, six parts of ten are zeros, the rest text and noise, as in a guest's memory.

const size = Number(process.argv[2]);
const CHUNK = 1 << 20;

const random = randomNumbers(3);
const chunk = new Uint8Array(CHUNK);
for (let page = 0; page < CHUNK / 4096; page++) {
  const kind = random();
  for (let i = 0; i < 4096; i++) {
    chunk[page * 4096 + i] = kind < 0.6 ? 0 : kind < 0.85 ? 97 + ((i >> 3) % 7) + (i % 3) : random() * 256;
  }
}
const into = new Uint8Array(CHUNK);

let loaded = 0;
let differences = 0;
/** The most that was seen. The system's own figure (ru_maxrss) would begin at what the parent has. */
let peak = 0;
const look = () => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const registry = new Registry();
registry.register({
  name: 'memory',
  version: 1,
  async saveExec(put) {
    for (let at = 0; at < size; at += CHUNK) {
      await put.putMemAsync(chunk);
      look();
    }
  },
  async loadExec(get) {
    for (; loaded < size; loaded += CHUNK) {
      await get.getMemAsync(into);
      if (Buffer.compare(into, chunk) !== 0) differences++;
      look();
    }
  },
});

async function through(): Promise<void> {
  const pipe = new PassThrough();
  await Promise.all([
    saveState(registry, new NodeWritableSink(pipe)),
    loadState(registry, new NodeReadableSource(pipe), { limits: { wallTime: Number.POSITIVE_INFINITY } }),
  ]);
}

globalThis.gc?.();
const before = process.memoryUsage().rss;
await through();
process.stdout.write(JSON.stringify({ loaded, differences, before, peak, above: peak - before }));
