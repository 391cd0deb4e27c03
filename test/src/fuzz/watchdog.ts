import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { INPUT_MAX } from './mutate.js';

// Ends a process whose fuzzer no longer gets on, with the input at which it stands.

/** Milliseconds that one input may take. */
const PATIENCE = 15_000;

const HEADER = 8;

if (!isMainThread && (workerData as { watch?: unknown } | null)?.watch instanceof SharedArrayBuffer) {
  const shared = (workerData as { watch: SharedArrayBuffer }).watch;
  const counters = new Int32Array(shared, 0, 2);
  let last = -1;
  setInterval(() => {
    const count = Atomics.load(counters, 0);
    // Before the first input there is nothing to watch yet.
    if (count !== last || count === 0) {
      last = count;
      return;
    }
    const input = new Uint8Array(shared, HEADER, Atomics.load(counters, 1)).slice();
    const path = join(tmpdir(), `ssmkit-fuzz-hang-${process.pid}`);
    writeFileSync(path, input);
    process.stderr.write(`no progress for ${PATIENCE} ms; the input is in ${path}\n`);
    // process.exit would end this thread only, and the other one answers to nothing else.
    process.kill(process.pid, 'SIGKILL');
  }, PATIENCE);
}

/** Watches a fuzzer from another thread. @returns what is to be told every input. */
export function watch(): (target: string, input: Uint8Array) => void {
  const shared = new SharedArrayBuffer(HEADER + INPUT_MAX);
  const counters = new Int32Array(shared, 0, 2);
  const copy = new Uint8Array(shared, HEADER);
  new Worker(new URL(import.meta.url), { workerData: { watch: shared } }).unref();
  return (_target, input) => {
    copy.set(input);
    Atomics.store(counters, 1, input.length);
    Atomics.add(counters, 0, 1);
  };
}
