import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { Fuzzer } from './fuzzer.js';
import { watch } from './watchdog.js';

// npm run fuzz -- --executions 2000000 --seed 7

const folderOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const executions = Number(values.executions);
const random = randomNumbers(Number(values.seed));
const fuzzer = new Fuzzer(random);
fuzzer.onInput = watch();

const STEP = 50_000;
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const state = () => {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return `heap ${megabytes(heapUsed)}, RSS ${megabytes(rss)}`;
};

await fuzzer.seedComposed();
await fuzzer.seed(folderOf('fixtures'));
await fuzzer.seed(folderOf('fixtures/variants'));
await fuzzer.seedFound(folderOf('fuzz-corpus'));
console.log('seeds', JSON.stringify(fuzzer.report(0)), state());
if (values.keep) fuzzer.keep(folderOf('fuzz-corpus'));
const start = performance.now();
for (let done = 0; done < executions; done += STEP) {
  await fuzzer.fuzz(Math.min(STEP, executions - done));
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${seconds} s`, JSON.stringify(fuzzer.report(Math.min(done + STEP, executions))), state());
  if (values.keep) fuzzer.keep(folderOf('fuzz-corpus'));
}
process.exit(0);
