import { readFileSync } from 'node:fs';
import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { expect } from 'chai';
import { StepTimers } from '../iem/index.js';
import type { Uvm } from '../vm/index.js';
import { createPc, type PcOptions, serialEnd } from './index.js';

const guest = (name: string) => readFileSync(new URL(`../../../../examples/guests/${name}`, import.meta.url));

/** 5 MHz and four clocks a step: an 8086 that is never late. */
const STEP_TIME = 800n;

const create = (image: string, options: Partial<PcOptions> = {}) =>
  createPc({
    image: guest(image),
    timers: new StepTimers(STEP_TIME),
    time: { utc: { now: () => 1_800_000_000_000_000_000n } },
    ...options,
  });

/** Runs until the guest has switched itself off: the CPU has halted, with interrupts off. */
async function runToEnd(uvm: Uvm): Promise<string> {
  const end = serialEnd(uvm);
  let text = '';
  while (!/end sum=\w+\r\n$/.test(text)) {
    await uvm.timers.turn();
    text += end.takeText();
  }
  return text;
}

async function destroy(uvm: Uvm): Promise<void> {
  await uvm.powerOff();
  await uvm.destroy();
  uvm.release();
}

describe('a PC that runs a program', () => {
  it('runs it to its end', async () => {
    const uvm = await create('machine-short.bin');
    await uvm.powerOn();
    expect(await runToEnd(uvm)).to.equal(guest('machine-short.txt').toString());
    await destroy(uvm);
  });

  it('is saved while it runs, and goes on as another machine', async () => {
    const first = await create('machine-short.bin');
    await first.powerOn();
    let text = '';
    while (text.split('\n').length < 6) {
      await first.timers.turn();
      text += serialEnd(first).takeText();
    }
    const sink = new MemorySink();
    const { suspended } = await first.save(sink);
    expect(suspended).to.equal(true);
    text += serialEnd(first).takeText();
    await destroy(first);

    const second = await create('machine-short.bin');
    await second.load(new MemorySource(sink.bytes()));
    await second.resume('STATE_RESTORED');
    text += await runToEnd(second);
    expect(text).to.equal(guest('machine-short.txt').toString());
    await destroy(second);
  });
});
