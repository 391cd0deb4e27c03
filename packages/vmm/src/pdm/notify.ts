import type { EmtContext, Outcome } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import { type AsyncWait, asyncRounds } from './async-notification.js';
import { type DeviceEntry, DriverEntry, type Owner, type UsbEntry } from './owner.js';
import type { Pdm } from './pdm.js';

/*
 * Telling devices and drivers what happens (`VirtualBox 7.2 PDMR3.cpp`)
 *
 * Devices in the order of their creation, USB devices after them; of each the drivers of every LUN from the top down, then
 * the device itself, or the device first if it has asked for that.
 *
 * Suspend, power off and reset may take longer than their callbacks: see `async-notification.ts`. An instance that is not
 * done yet keeps back the drivers below it and the device they belong to; all others are told meanwhile.
 */

type Told = DeviceEntry | UsbEntry;

/** The plug-in's object behind an instance. */
const objectOf = (owner: Owner) =>
  owner instanceof DriverEntry ? owner.driver : ((owner as Told).device as DeviceEntry['device']);

type Simple = 'powerOn' | 'resume';
type Lasting = 'suspend' | 'powerOff' | 'reset';

/** Tells of powering on or resuming, until somebody fails. @returns what with. */
async function tellSimple(context: EmtContext, pdm: Pdm, what: Simple): Promise<Outcome> {
  const tell = async (owner: Owner) => {
    const outcome = await owner.call(context, what, () => objectOf(owner)?.[what]?.());
    if (!hasFailed(outcome)) owner.suspended = false;
    return outcome;
  };
  for (const owner of pdm.luns()) {
    if (owner.kind === 'usb' && what === 'resume' && !owner.suspended) continue;
    for (const lun of owner.luns) {
      for (const driver of lun.drivers) {
        const outcome = await tell(driver);
        if (hasFailed(outcome)) return outcome;
      }
    }
    const outcome = await tell(owner);
    if (hasFailed(outcome)) return outcome;
  }
  return 'VINF_SUCCESS';
}

/** Power on, or resume: when anybody fails, everything is suspended again. */
export async function start(context: EmtContext, pdm: Pdm, what: Simple): Promise<void> {
  let outcome = await tellSimple(context, pdm, what);
  if (!hasFailed(outcome)) {
    outcome = await pdm.startServices();
    if (!hasFailed(outcome)) return;
  }
  pdm.log(`PDM: ${what} failed, and is taken back: ${outcome.message}`);
  await suspend(context, pdm);
  throw outcome;
}

/** Which mark says that an instance was told. */
const marks = { suspend: 'suspended', powerOff: 'suspended', reset: 'resetTold' } as const;

/**
 * One round: tells those who were not told yet, and asks those who are not done.
 *
 * @returns those who are still not.
 */
async function round(context: EmtContext, pdm: Pdm, what: Lasting): Promise<Owner[]> {
  const pending: Owner[] = [];
  const mark = marks[what];
  /** @returns whether the instance is through. */
  const tell = async (owner: Owner): Promise<boolean> => {
    if (owner.asyncDone === undefined) {
      if (owner[mark]) return true;
      owner[mark] = true;
      owner.isNotified = true;
      const outcome = await owner.call(context, what, () => objectOf(owner)?.[what]?.());
      owner.isNotified = false;
      if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
    }
    // Asked at once: what is done already need not be waited for.
    if (await isDone(owner)) return true;
    pending.push(owner);
    return false;
  };
  const isDone = async (owner: Owner): Promise<boolean> => {
    const { asyncDone } = owner;
    if (asyncDone === undefined) return true;
    let done = false;
    const outcome = await owner.call(context, `the end of ${what}`, () => {
      done = asyncDone();
    });
    if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
    // One that fails to say so would never be done.
    if (done || hasFailed(outcome)) owner.asyncDone = undefined;
    return owner.asyncDone === undefined;
  };
  for (const owner of pdm.luns()) {
    const isFirst = owner.isFirst(what);
    if (isFirst && !(await tell(owner))) continue;
    let areDriversDone = true;
    for (const lun of owner.luns) {
      for (const driver of lun.drivers) {
        if (await tell(driver)) continue;
        areDriversDone = false;
        break;
      }
    }
    if (!isFirst && areDriversDone) await tell(owner);
  }
  return pending;
}

function lasting(context: EmtContext, pdm: Pdm, what: Lasting): Promise<void> {
  const wait: AsyncWait = pdm.asyncWait;
  return asyncRounds(pdm.vm, context, what, wait, () => round(context, pdm, what));
}

export async function suspend(context: EmtContext, pdm: Pdm): Promise<void> {
  await lasting(context, pdm, 'suspend');
  await pdm.stopServices();
}

/** Everybody is told of it, also those who are suspended. */
export async function powerOff(context: EmtContext, pdm: Pdm): Promise<void> {
  for (const owner of pdm.owners()) owner.suspended = false;
  await lasting(context, pdm, 'powerOff');
  await pdm.stopServices();
}

export async function reset(context: EmtContext, pdm: Pdm): Promise<void> {
  for (const owner of pdm.owners()) owner.resetTold = false;
  await lasting(context, pdm, 'reset');
  pdm.chips.clear();
}

/** Devices only. */
export async function softReset(context: EmtContext, pdm: Pdm, flags: number): Promise<void> {
  for (const entry of pdm.deviceEntries) {
    const outcome = await entry.call(context, 'softReset', () => entry.device?.softReset?.(flags));
    if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
  }
}

/** Devices only. */
export async function memSetup(context: EmtContext, pdm: Pdm, atReset: boolean): Promise<void> {
  for (const entry of pdm.deviceEntries) {
    const outcome = await entry.call(context, 'memSetup', () =>
      entry.device?.memSetup?.(atReset ? 'AFTER_RESET' : 'AFTER_CONSTRUCTION'),
    );
    if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
  }
}

/** Devices, then USB devices; the first failure is that of the creation. */
export async function initComplete(context: EmtContext, pdm: Pdm): Promise<void> {
  for (const owner of pdm.luns()) {
    const outcome = await owner.call(context, 'initComplete', () => owner.device?.initComplete?.());
    if (hasFailed(outcome)) throw outcome;
  }
}

/** Drivers and devices alike. What only matters to code in other contexts is for those who have it. */
export async function relocate(context: EmtContext, pdm: Pdm, delta: number): Promise<void> {
  for (const owner of pdm.luns()) {
    for (const lun of owner.luns) {
      for (const driver of lun.drivers) await driver.call(context, 'relocate', () => driver.driver?.relocate?.(delta));
    }
    await owner.call(context, 'relocate', () => objectOf(owner)?.relocate?.(delta));
  }
}
