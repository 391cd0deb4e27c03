import { setImmediate as turn } from 'node:timers/promises';
import { MemorySink } from '@ssmkit/runtime';
import { destinations, systemTimers, type Uvm } from '@ssmkit/vmm';
import { createPc, image, loadState, runFor, savedState } from './machine.js';

/*
 * node --expose-gc --no-opt cycles.js WARM-UP CYCLES
 *
 * Creates a machine, has it run, saves it, has it load the state and run again, and destroys it, so many times. Every other
 * one has its time from the host and is saved live. Says in JSON what is left of them.
 */

/** What is left of the parts of a machine that is gone. */
export type Leftovers = Record<string, number>;

/** What a run of this script says. */
export interface CyclesReport {
  /** Bytes of the heap in use, and outside of it in buffers, by which they have grown since the warm-up. */
  readonly heap: number;
  readonly buffers: number;
  /** Machines that are not garbage. */
  readonly alive: number;
  /** Timers that the host still waits for. */
  readonly hostTimers: number;
  /** The most of everything that was left of any machine. */
  readonly most: Leftovers;
}

/** Notes what a machine has, to be counted when it is gone. */
function counting(uvm: Uvm): () => Leftovers {
  const { vm, info, statistics, timers, emts } = uvm;
  if (vm === undefined) throw new Error('there is no VM');
  const { tm, registry, iom, pgm, pdm } = vm;
  if (tm === undefined || iom === undefined || pgm === undefined || pdm === undefined) throw new Error('parts missing');
  return () => ({
    virtualMachines: Number(uvm.vm !== undefined),
    tasks: emts.emts.filter(({ alive }) => alive).length,
    requests: [destinations.ANY, ...emts.emts.map(({ id }) => id)].filter((to) => emts.requests.pending(to)).length,
    hostTimers: 'waiting' in timers ? Number(timers.waiting) : 0,
    timers: tm.timers.length,
    units: registry.units.filter(({ type }) => type !== 'internal').length,
    infoItems: info.items.filter(({ kind }) => kind !== 'internal').length,
    statistics: statistics.entries('/Devices/*|/Drivers/*|/PDM/*').length,
    queues: pdm.queues.all.length,
    threads: pdm.threads.all.length,
    instances: pdm.owners().length,
    registrations: pdm.drivers.names.length + pdm.devices.names.length,
    ports: iom.ranges.length,
    memory: pgm.mmio.length + pgm.mmio2.length + pgm.roms.length,
  });
}

const machines: WeakRef<object>[] = [];
const most: Leftovers = {};

/** The life of a machine. */
async function cycle(isExact: boolean): Promise<void> {
  const uvm = await createPc(isExact ? {} : { timers: systemTimers });
  machines.push(new WeakRef(uvm), new WeakRef(uvm.vm as object));
  const left = counting(uvm);
  if (isExact) {
    await runFor(uvm, 300_000n, () => uvm.powerOn());
    await loadState(uvm, await savedState(uvm));
    await runFor(uvm, 300_000n);
  } else {
    await uvm.powerOn();
    await turn();
    await uvm.save(new MemorySink());
  }
  await uvm.powerOff();
  await uvm.destroy();
  uvm.release();
  for (const [what, count] of Object.entries(left())) most[what] = Math.max(most[what] ?? 0, count);
}

/** What is in use once all garbage is gone. */
async function inUse(): Promise<{ heap: number; buffers: number }> {
  for (let i = 0; i < 4; i++) {
    await turn();
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

const [warmUp = 0, cycles = 0] = process.argv.slice(2).map(Number);
if (globalThis.gc === undefined || image.length === 0) throw new Error('node --expose-gc');
for (let i = 0; i < warmUp; i++) await cycle(i % 2 === 0);
const before = await inUse();
for (let i = 0; i < cycles; i++) await cycle(i % 2 === 0);
const after = await inUse();
const report: CyclesReport = {
  heap: after.heap - before.heap,
  buffers: after.buffers - before.buffers,
  alive: machines.filter((machine) => machine.deref() !== undefined).length,
  hostTimers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  most,
};
console.log(JSON.stringify(report));
