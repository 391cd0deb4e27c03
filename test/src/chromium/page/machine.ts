import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { createPc, StepTimers, serialEnd, type Uvm } from '@ssmkit/vmm';
import { fetchBytes } from './globals.js';

/** How time goes by: with the steps of the CPU, 5 MHz and four clocks each, or as it does for the page. */
export type Time = 'steps' | 'page';

const STEP_TIME = 800n;

async function create(time: Time): Promise<Uvm> {
  const image = await fetchBytes('/guests/machine-short.bin');
  if (time === 'page') return createPc({ image });
  return createPc({
    image,
    timers: new StepTimers(STEP_TIME),
    time: { utc: { now: () => 1_800_000_000_000_000_000n } },
  });
}

async function destroy(uvm: Uvm): Promise<void> {
  await uvm.powerOff();
  await uvm.destroy();
  uvm.release();
}

/** What the guest writes until `done` says so of it. */
async function outputUntil(uvm: Uvm, before: string, done: (text: string) => boolean): Promise<string> {
  let text = before;
  while (!done(text)) {
    await uvm.timers.turn();
    text += serialEnd(uvm).takeText();
  }
  return text;
}

const hasEnded = (text: string) => /end sum=\w+\r\n$/.test(text);

/**
 * Runs the guest to its end.
 *
 * @param moves after how many lines it is saved, and goes on as another machine.
 * @returns what it wrote.
 */
export async function run(time: Time, moves: readonly number[]): Promise<string> {
  let uvm = await create(time);
  await uvm.powerOn();
  let text = '';
  for (const lines of moves) {
    text = await outputUntil(uvm, text, (text) => text.split('\n').length > lines);
    const sink = new MemorySink();
    await uvm.save(sink);
    text += serialEnd(uvm).takeText();
    await destroy(uvm);
    uvm = await create(time);
    await uvm.load(new MemorySource(sink.bytes()));
    await uvm.resume('STATE_RESTORED');
  }
  text = await outputUntil(uvm, text, hasEnded);
  await destroy(uvm);
  return text;
}
