import { useWasm, wasmReady } from '../wasm/instance.js';
import { runPart } from './parts.js';
import { Pool, Slot, type SlotView, takeSlot, viewShared } from './slots.js';
import type { Assignment } from './start-worker.js';

/*
 * What a worker runs: it takes parts that are ready, does them, and sleeps where there are none, until it is stopped.
 */

/** What is used of a thread's port and of a worker's global object. */
interface Port {
  postMessage(message: string): void;
}

const thread = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
if (thread) thread.once('message', (assignment: Assignment) => serve(thread, assignment));
else {
  const scope = globalThis as unknown as Port & { onmessage: (event: { data: Assignment }) => void };
  scope.onmessage = ({ data }) => void serve(scope, data);
}

async function serve(port: Port, { memory, slots: count }: Assignment): Promise<void> {
  await wasmReady();
  const { control, slots } = viewShared(memory, count);
  Atomics.add(control, Pool.running, 1);
  port.postMessage('ready');
  // Slots are filled in turn: whoever begins behind the one taken last finds the oldest part first.
  let last = -1;
  for (;;) {
    const ticket = Atomics.load(control, Pool.ticket);
    if (Atomics.load(control, Pool.stop) !== 0) return;
    const slot = takeNext(slots, last);
    if (slot === undefined) {
      Atomics.wait(control, Pool.ticket, ticket);
      continue;
    }
    last = slot.index;
    useWasm(slot.words[Slot.wasm] !== 0);
    runPart(slot);
    Atomics.notify(slot.words, Slot.state);
  }
}

function takeNext(slots: readonly SlotView[], last: number): SlotView | undefined {
  for (let i = 1; i <= slots.length; i++) {
    const slot = slots[(last + i) % slots.length] as SlotView;
    if (takeSlot(slot)) return slot;
  }
  return undefined;
}
