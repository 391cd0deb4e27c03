import type { EmtContext } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import { destructDriver } from './attach.js';
import type { DeviceEntry, UsbEntry } from './owner.js';
import type { Pdm } from './pdm.js';

/**
 * The end of all devices and drivers (`VirtualBox 7.2 PDMR3.cpp, PDMR3Term`): USB devices, then devices, each after the
 * drivers of its LUNs, from the bottom up. Nobody is told that anybody is detached: all go.
 */
export async function terminateInstances(pdm: Pdm, context: EmtContext): Promise<void> {
  for (const usb of [...pdm.usbEntries]) await destroyUsb(pdm, context, usb);
  for (const device of [...pdm.deviceEntries]) {
    await terminateDrivers(pdm, context, device);
    await destruct(pdm, context, device);
  }
}

export async function destroyUsb(pdm: Pdm, context: EmtContext, usb: UsbEntry): Promise<void> {
  await terminateDrivers(pdm, context, usb);
  await pdm.usb.detachFromHub(context, usb);
  await destruct(pdm, context, usb);
}

async function terminateDrivers(pdm: Pdm, context: EmtContext, owner: DeviceEntry | UsbEntry): Promise<void> {
  for (const lun of owner.luns) {
    for (let driver = lun.bottom; driver !== undefined; driver = lun.bottom) {
      driver.detaching = true;
      lun.bottom = driver.up;
      if (lun.top === driver) lun.top = undefined;
      if (driver.up !== undefined) driver.up.down = undefined;
      driver.registered.instances--;
      await destructDriver(pdm, context, driver);
    }
  }
}

async function destruct(pdm: Pdm, context: EmtContext, owner: DeviceEntry | UsbEntry): Promise<void> {
  const outcome = await owner.call(context, 'destruct', () => owner.device?.destruct?.());
  if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
  owner.registered.instances--;
  await owner.releaseResources();
  owner.critSect.destroy();
  pdm.forget(owner);
}
