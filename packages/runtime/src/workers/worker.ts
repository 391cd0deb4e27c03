import { Pool, type RunPart, Slot, SlotState, type SlotView, Told, takeSlot, viewShared } from './slots.js';
import type { Assignment } from './start-worker.js';
import { wasmParts } from './wasm-parts.js';

/*
 * What a worker runs: it takes parts that are ready, does them, and sleeps where there are none, until it is stopped.
 *
 * The time to load it is paid with every operation that has workers: it imports what it needs and no more, and no
 * package, which a page without a bundler could not find from within a worker.
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

async function serve(port: Port, assignment: Assignment): Promise<void> {
  const { control, slots } = viewShared(assignment.buffer, assignment.layout);
  let run: RunPart;
  try {
    run = await partsOf(assignment);
  } catch {
    port.postMessage(Told.failed);
    return;
  }
  Atomics.add(control, Pool.running, 1);
  port.postMessage(Told.ready);
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
    run(slot, slot.out);
    Atomics.store(slot.words, Slot.state, SlotState.done);
    Atomics.notify(slot.words, Slot.state);
  }
}

async function partsOf({ wasm, own }: Assignment): Promise<RunPart> {
  if (wasm !== undefined) return wasmParts(wasm.module, wasm.memory, own);
  const [{ plainParts }, { useWasm }] = await Promise.all([import('./parts.js'), import('../wasm/instance.js')]);
  useWasm(false);
  return plainParts;
}

function takeNext(slots: readonly SlotView[], last: number): SlotView | undefined {
  for (let i = 1; i <= slots.length; i++) {
    const slot = slots[(last + i) % slots.length] as SlotView;
    if (takeSlot(slot)) return slot;
  }
  return undefined;
}
