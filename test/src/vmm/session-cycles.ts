import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { isSsmError } from '@ssmkit/runtime';
import { loggerKinds, type Session, SupportDriver, systemTimers } from '@ssmkit/vmm';
import type { CyclesReport, Leftovers } from './cycles.js';

/*
 * node --expose-gc --no-opt session-cycles.js WARM-UP CYCLES
 *
 * Two users open sessions of one driver, make everything there is in them, share it and wait for it, and close the sessions
 * without having freed anything. Says in JSON what is left.
 */

const PAGE = 4096;
const MINUTE = 60_000;

const timers = systemTimers;
const driver = new SupportDriver({ timers, loggers: { groups: ['pit'] } });
/** Of a program that lives longer than its sessions. */
const { signal } = new AbortController();
const pages = driver.physical.free;
/** The page of the driver itself. */
const kernelMappings = driver.kernelSpace.size;

/** Those of the warm-up: references that are gone take memory for some time, which would be counted. */
const sessions: WeakRef<object>[] = [];
let isWarm = false;
const most: Leftovers = {};

/** What is left of sessions that are closed. */
function leftovers(destroyed: number): Leftovers {
  const { low, high } = driver.physical.free;
  return {
    sessions: driver.sessions.length,
    objects: driver.objects.size,
    'objects without destructor call': 2 - destroyed,
    'locked pages': driver.lockedPages.size,
    pages: pages.low - low + (pages.high - high),
    'mappings of processes': driver.userSpace.size,
    'mappings of the kernel': driver.kernelSpace.size - kernelMappings,
    modules: driver.modules.names.length,
    services: driver.services.names.length,
    components: driver.components.names.length,
    providers: driver.tracer.providers.length + driver.tracer.zombies,
    loggers: (Object.keys(loggerKinds) as (keyof typeof loggerKinds)[]).filter((kind) => driver.loggers.get(kind))
      .length,
    'listeners of the signal': getEventListeners(signal, 'abort').length,
  };
}

function open(uid: number): Session {
  const session = driver.openSession({ process: 100 + uid, uid, gid: uid });
  if (!isWarm) sessions.push(new WeakRef(session));
  return session;
}

/** How a wait ends. */
async function end(wait: Promise<void>): Promise<string> {
  try {
    await wait;
    return 'signalled';
  } catch (error) {
    if (isSsmError(error)) return error.status;
    throw error;
  }
}

/** What is made of memory: every kind. */
function allocate({ memory }: Session): void {
  memory.pageAllocEx(3, 0, { kernel: true });
  memory.pageAlloc(2);
  memory.contAlloc(2);
  memory.lowAlloc(2);
  memory.memAlloc(100);
  memory.lockMem(new Uint8Array(2 * PAGE));
}

/** Two sessions, from the beginning to the end. */
async function cycle(): Promise<void> {
  const [alice, root] = [open(1000), open(0)];
  let destroyed = 0;
  const destructor = () => void destroyed++;
  const shared = driver.objects.register(alice, 'VM', destructor);
  driver.objects.addRef(shared, root);
  driver.objects.register(root, 'INTERNAL_NETWORK', destructor);
  const event = alice.events.create();
  const multi = alice.multiEvents.create();
  const opened = root.events.open(alice.events.objectOf(event));
  const waits = [
    end(alice.events.wait(event, MINUTE)),
    end(alice.events.waitNoResume(event, MINUTE, { signal })),
    end(alice.multiEvents.waitNsRelIntr(multi, 60_000_000_000n, { signal })),
    end(root.events.wait(opened, MINUTE)),
  ];
  const interrupted = end(alice.events.waitNoResume(event, MINUTE));
  alice.events.signal(event);
  root.interrupt();
  allocate(alice);
  allocate(root);
  driver.gip.map(alice);
  driver.gip.map(root);
  await driver.modules.load(alice, 'module', {});
  driver.services.register('service', () => undefined, alice);
  driver.components.register(root, { name: 'component', queryFactoryInterface: () => undefined });
  driver.loggers.create(root, 'RELEASE');
  driver.tracer.registerDriver(alice, { name: 'provider', probes: [{ name: 'probe' }] }, 'driver');
  driver.vmm.setVmForFastCalls(alice, {});
  alice.close();
  root.close();
  const ends = (await Promise.all([...waits, interrupted])).join(' ');
  const expected = 'signalled VERR_SEM_DESTROYED VERR_SEM_DESTROYED VERR_SEM_DESTROYED VERR_SEM_DESTROYED';
  if (ends !== expected) throw new Error(`waits ended so: ${ends}`);
  for (const [what, count] of Object.entries(leftovers(destroyed))) most[what] = Math.max(most[what] ?? 0, count);
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
if (globalThis.gc === undefined) throw new Error('node --expose-gc');
for (let i = 0; i < warmUp; i++) await cycle();
isWarm = true;
const before = await inUse();
for (let i = 0; i < cycles; i++) await cycle();
const after = await inUse();
const report: CyclesReport = {
  heap: after.heap - before.heap,
  buffers: after.buffers - before.buffers,
  alive: sessions.filter((session) => session.deref() !== undefined).length,
  hostTimers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  most,
};
console.log(JSON.stringify(report));
