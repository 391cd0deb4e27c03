import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemorySource, type Sink } from '@ssmkit/runtime';
import { FileSource } from '@ssmkit/runtime/node';
import { median } from '../measure.js';
import { guestPages, PAGE } from '../reference/pages.js';
import { FixedSink, timeLoad, timeSave, type Way, ways } from './unit.js';

/*
 * A guest of one size, saved to a file and loaded from it one way, in a process of its own.
 *
 *     process.js BYTES WAY FILE ROUNDS
 *
 * Without a FILE ('') it is a file in memory.
 */

/** Writes to a file, and does not wait until it is on disk: that takes as long as the disk takes. */
class PlainSink implements Sink {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  write(data: Uint8Array): void {
    for (let done = 0; done < data.length; ) done += writeSync(this.#file, data, done);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Bytes of memory that this process has, or had at most. Where the system tells neither, NaN. */
function memoryOf(what: 'VmRSS' | 'VmHWM'): number {
  try {
    const [, kib] = new RegExp(`^${what}:\\s*(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return Number.NaN;
  }
}

function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // As above.
  }
}

const [bytes, name, path, rounds] = process.argv.slice(2) as [string, string, string, string];
const way = ways[name];
if (way === undefined) throw new Error(`there is no way '${name}'`);
const memory = guestPages(Number(bytes));
// What was never written takes no memory yet.
for (let at = 0; at < memory.length; at += PAGE) memory[at] = (memory[at] as number) | 0;
// Of a guest like this one at most a third is left.
const file = path === '' ? new Uint8Array(0.35 * memory.length).fill(1) : undefined;
// What it was made of is given back to the system a little later.
for (let i = 0; i < 5; i++) {
  (globalThis as { gc?: () => void }).gc?.();
  await sleep(20);
}
const before = memoryOf('VmRSS');
forgetPeak();
const saves: number[] = [];
const loads: number[] = [];

async function inMemory(file: Uint8Array): Promise<void> {
  const sink = new FixedSink(file);
  saves.push(await timeSave(memory, sink, way as Way));
  loads.push(await timeLoad(memory, new MemorySource(sink.state), way as Way));
}

async function onDisk(): Promise<void> {
  saves.push(await timeSave(memory, new PlainSink(path), way as Way));
  const source = new FileSource(path);
  loads.push(await timeLoad(memory, source, way as Way));
  source.close();
}

try {
  for (let round = 0; round < Number(rounds); round++) await (file === undefined ? onDisk() : inMemory(file));
} finally {
  rmSync(path, { force: true });
}
const extra = memoryOf('VmHWM') - before;
process.stdout.write(JSON.stringify({ save: median(saves), load: median(loads), extra }));
