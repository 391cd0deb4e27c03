import { setTimeout as sleep } from 'node:timers/promises';
import { dispose } from '@ssmkit/examples/guest';
import { useWorkersFrom } from '@ssmkit/runtime/testing';
import { serialEnd, type Uvm } from '@ssmkit/vmm';
import { expect } from 'chai';
import { createPc, expected, loadState, runFor, runToEnd, savedLive, savedState, unitsOf } from './machine.js';

const MIB = 2 ** 20;
const INSTANT = 123_456_789n;

/** A machine with some memory behind that of the guest, which is in the way of no guest: text, noise, and zeros. */
async function createLarge(): Promise<Uvm> {
  const uvm = await createPc({ config: { RamSize: 24 * MIB } });
  const page = new Uint8Array(4096);
  for (let address = 2 * MIB; address < 20 * MIB; address += page.length) {
    const kind = (address >> 16) % 3;
    if (kind === 0) continue;
    for (let i = 0; i < page.length; i++)
      page[i] = kind === 1 ? 0x61 + ((i + address) % 7) : Math.imul(i, address + i) >> 7;
    uvm.vm?.pgm?.physWrite(address, page);
  }
  return uvm;
}

/** Has a machine wait for its workers before anything is saved or loaded, and counts them. */
function waitForWorkers(uvm: Uvm, count: number): number[] {
  const seen: number[] = [];
  const wait = async (handle: { readonly workers: number }) => {
    while (handle.workers < count) await sleep(1);
    seen.push(handle.workers);
  };
  uvm.vm?.registry.register({
    type: 'external',
    name: 'waiting',
    version: 1,
    livePrep: wait,
    savePrep: wait,
    saveExec: () => {},
    loadPrep: wait,
    loadExec: () => {},
  });
  return seen;
}

describe('a machine that is saved and loaded with workers', function () {
  this.timeout(60_000);
  let restore: () => void;
  let uvm: Uvm;
  let other: Uvm;
  let text: string;

  before(async () => {
    restore = useWorkersFrom(0);
    [uvm, other] = [await createLarge(), await createPc({ config: { RamSize: 24 * MIB } })];
    await runFor(uvm, INSTANT, () => uvm.powerOn());
    text = serialEnd(uvm).takeText();
  });

  after(async () => {
    restore();
    await Promise.all([dispose(uvm), dispose(other)]);
  });

  it('is the same, and goes on', async () => {
    const alone = await savedState(uvm);
    const seen = [waitForWorkers(uvm, 2), waitForWorkers(other, 1)];
    const state = await savedState(uvm, { workers: 2 });
    expect(state.length).to.be.above(4 * MIB);
    const units = await unitsOf(state);
    expect(units.delete('waiting#0')).to.equal(true);
    expect(units).to.deep.equal(await unitsOf(alone));
    await loadState(other, state, { workers: 1 });
    expect(seen).to.deep.equal([[2], [1]]);
    await other.resume('STATE_RESTORED');
    expect((await runToEnd(other, text)).text).to.equal(expected);
  });

  it('also when it is saved while it runs', async () => {
    const [from, to] = [await createLarge(), await createPc({ config: { RamSize: 24 * MIB } })];
    const seen = [waitForWorkers(from, 1), waitForWorkers(to, 2)];
    const state = await savedLive(from, INSTANT, () => from.powerOn(), { workers: 1 });
    await loadState(to, state, { workers: 2 });
    expect(seen.map((counts) => counts.length > 0)).to.deep.equal([true, true]);
    await to.resume('STATE_RESTORED');
    expect((await runToEnd(to, serialEnd(from).takeText())).text).to.equal(expected);
    await Promise.all([dispose(from), dispose(to)]);
  });
});
