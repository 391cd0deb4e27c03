import { createMachine, readGuest } from '@ssmkit/examples/guest';
import { MemorySink, MemorySource, openState } from '@ssmkit/runtime';
import { unitPieces } from '@ssmkit/vbox';
import {
  type PcOptions,
  StepTimers,
  serialEnd,
  type Uvm,
  type VmLoadOptions,
  type VmSaveOptions,
  type VmSaveResult,
} from '@ssmkit/vmm';

/*
 * The machine of these tests: a PC with the noise device that runs a guest of examples/guests, in time that goes by because
 * its CPU executes. So everything it does it does at an exact instant, each time.
 */

/** 5 MHz and four clocks a step. */
const STEP_TIME = 800n;

/** The guest, and what it writes. */
export const image = readGuest('machine-short.bin');
export const expected = new TextDecoder().decode(readGuest('machine-short.txt'));

/** Whether the last line is there: nothing follows, and nothing more happens. */
export const isAtEnd = (text: string): boolean => /^end sum=\w+\r\n/m.test(text);

export const createPc = (options: Partial<PcOptions> = {}): Promise<Uvm> =>
  createMachine(image, {
    timers: new StepTimers(STEP_TIME),
    time: { utc: { now: () => 1_800_000_000_000_000_000n } },
    ...options,
  });

/**
 * Has a machine run so long, and suspends it: at the end of the first step that is not sooner.
 *
 * @param start has it run.
 * @returns how long it has run.
 */
export async function runFor(
  uvm: Uvm,
  time: bigint,
  start: () => Promise<unknown> = () => uvm.resume('STATE_RESTORED'),
): Promise<bigint> {
  const { timers } = uvm;
  const before = timers.now();
  const suspended = new Promise<unknown>((resolve) => {
    timers.after(time > 0n ? time : 0n, () => resolve(uvm.suspend('USER')));
  });
  await start();
  await suspended;
  return timers.now() - before;
}

/** Lets a machine run to its end. @returns what it has written meanwhile; and when, by its own time, it was through. */
export function runToEnd(uvm: Uvm, before = ''): Promise<{ text: string; at: bigint }> {
  const end = serialEnd(uvm);
  let text = before;
  return new Promise((resolve) => {
    end.onData = () => {
      text += end.takeText();
      if (!isAtEnd(text)) return;
      end.onData = undefined;
      resolve({ text, at: uvm.timers.now() });
    };
    end.onData();
  });
}

/** Has a machine run so long, and saves it live, which suspends it; it runs meanwhile. */
export async function savedLive(
  uvm: Uvm,
  time: bigint,
  start: () => Promise<unknown>,
  options?: VmSaveOptions,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  const saved = new Promise<VmSaveResult>((resolve) => {
    uvm.timers.after(time, () => resolve(uvm.save(sink, options)));
  });
  await start();
  const { status, suspended } = await saved;
  if (status !== 'VINF_SUCCESS' || !suspended) throw new Error(`saved with ${status}`);
  return sink.bytes();
}

/** Saves a machine. */
export async function savedState(uvm: Uvm, options?: VmSaveOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  await uvm.save(sink, options);
  return sink.bytes();
}

/** Loads a machine: it is suspended. */
export const loadState = (uvm: Uvm, state: Uint8Array, options?: VmLoadOptions): Promise<void> =>
  uvm.load(new MemorySource(state), options);

/** What a saved state says of the machine: all units but `SSM`, which is about who has saved it. */
export async function unitsOf(state: Uint8Array): Promise<Map<string, string>> {
  const units = new Map<string, string>();
  const opened = await openState(new MemorySource(state));
  for await (const unit of opened.units()) {
    if (unit.name === 'SSM') continue;
    const pieces: string[] = [];
    for await (const piece of unitPieces(unit)) pieces.push(Buffer.from(piece).toString('hex'));
    units.set(`${unit.name}#${unit.instance}`, pieces.join(''));
  }
  return units;
}
