import { dispose } from '@ssmkit/examples/guest';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { serialEnd, type Uvm } from '@ssmkit/vmm';
import { expect } from 'chai';
import { createPc, expected, isAtEnd, loadState, runFor, runToEnd, savedLive, savedState, unitsOf } from './machine.js';

/** Instants at which the machine moves to another PC. */
const MOVES = 10_000;
/** Every so many moves the file is also loaded by a PC of its own, which runs to the end. */
const RUN_ALONE_EVERY = 250;
/** Every so many moves the machine is compared with one that was left in peace up to the same instant. */
const COMPARE_EVERY = 500;
const LIVE_SAVES = 200;
/** Nanoseconds of the guest between two of them. */
const LONGEST_PAUSE = 10_000_000;

describe('a machine that is saved at any instant', function () {
  this.timeout(300_000);
  /** Nanoseconds that a run takes. */
  let length: bigint;

  before(async () => {
    const uvm = await createPc();
    const start = uvm.timers.now();
    await uvm.powerOn();
    const { text, at } = await runToEnd(uvm);
    expect(text).to.equal(expected);
    length = at - start;
    await dispose(uvm);
  });

  /** So many instants, one in each of as many equal parts of the run. */
  function instants(count: number, seed: number): bigint[] {
    const random = randomNumbers(seed);
    return Array.from({ length: count }, (_, i) => BigInt(Math.floor(((i + random()) / count) * Number(length))));
  }

  it(`goes on elsewhere, ${MOVES} times in a run`, async () => {
    let here = await createPc();
    let there = await createPc();
    let start: (() => Promise<unknown>) | undefined = () => here.powerOn();
    /** The time that the guest has run, which ends at ends of steps. */
    let now = 0n;
    let text = '';
    const calm = new CalmRun(await createPc());
    for (const [i, instant] of instants(MOVES, 1).entries()) {
      now += await runFor(here, instant - now, start);
      start = undefined;
      text += serialEnd(here).takeText();
      const state = await savedState(here);
      await loadState(there, state);
      if (i % RUN_ALONE_EVERY === 0) expect(await endOf(state, text), `from ${now} ns on`).to.equal(expected);
      if (i % COMPARE_EVERY === 0) {
        expect(await unitsOf(state), `at ${now} ns`).to.deep.equal(await unitsOf(await calm.stateAt(now)));
      }
      [here, there] = [there, here];
    }
    await here.resume('STATE_RESTORED');
    expect((await runToEnd(here, text)).text).to.equal(expected);
    for (const uvm of [here, there, calm.uvm]) await dispose(uvm);
  });

  it(`goes on elsewhere when it is saved live, ${LIVE_SAVES} times`, async () => {
    const random = randomNumbers(2);
    let saves = 0;
    // The guest runs while it is saved: one run is not long enough.
    while (saves < LIVE_SAVES) {
      let here = await createPc();
      let there = await createPc();
      let start: () => Promise<unknown> = () => here.powerOn();
      let text = '';
      while (!isAtEnd(text)) {
        const pause = BigInt(Math.floor(random() * LONGEST_PAUSE));
        const state = await savedLive(here, pause, start);
        text += serialEnd(here).takeText();
        await loadState(there, state);
        [here, there] = [there, here];
        start = () => here.resume('STATE_RESTORED');
        saves++;
      }
      expect(text).to.equal(expected);
      for (const uvm of [here, there]) await dispose(uvm);
    }
  });
});

/** A machine that stays where it is, and is suspended only to be looked at. */
class CalmRun {
  readonly uvm: Uvm;
  #now = 0n;
  #start: (() => Promise<unknown>) | undefined = () => this.uvm.powerOn();

  constructor(uvm: Uvm) {
    this.uvm = uvm;
  }

  async stateAt(time: bigint): Promise<Uint8Array> {
    this.#now += await runFor(this.uvm, time - this.#now, this.#start);
    this.#start = undefined;
    return savedState(this.uvm);
  }
}

/** What a machine has written in the end that goes on from a state in a PC of its own. */
async function endOf(state: Uint8Array, before: string): Promise<string> {
  const uvm = await createPc();
  await loadState(uvm, state);
  await uvm.resume('STATE_RESTORED');
  const { text } = await runToEnd(uvm, before);
  await dispose(uvm);
  return text;
}
