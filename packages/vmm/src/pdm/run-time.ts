import { SsmError } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { EmtContext, InfoStatus, Outcome } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import type { Vm } from '../vm/vm.js';
import { type ChainHost, detachDriver } from './attach.js';
import type { DeviceRegistration } from './device.js';
import type { DriverRegistration } from './driver.js';
import { tachFlags } from './flags.js';
import type { DriverHelpers } from './helpers.js';
import type { BaseInterface } from './interface-ids.js';
import type { DeviceEntry, DriverEntry, Lun, Owner, UsbEntry } from './owner.js';
import type { Registrations } from './registrations.js';
import type { UsbHubs } from './services/usb-hubs.js';

/**
 * What is asked and done from outside while there is a machine (`VirtualBox 7.2 PDMR3Device.cpp`, `PDMR3Driver.cpp`,
 * `PDMR3.cpp`). Operations can be called from anywhere; from elsewhere than EMT(0) they are queued and waited for.
 */
export abstract class RunTimeApi implements ChainHost {
  abstract readonly vm: Vm;
  abstract readonly log: (line: string) => void;
  abstract readonly config: ConfigNode | undefined;
  abstract readonly drivers: Registrations<DriverRegistration>;
  abstract readonly devices: Registrations<DeviceRegistration>;
  abstract readonly deviceEntries: readonly DeviceEntry[];
  abstract readonly usb: UsbHubs;

  abstract luns(): readonly (DeviceEntry | UsbEntry)[];
  abstract driverHelpers(entry: DriverEntry): DriverHelpers;
  abstract forget(owner: Owner): void;
  abstract destroyUsb(context: EmtContext, entry: UsbEntry): Promise<void>;

  /**
   * The base of a device.
   *
   * @throws SsmError VERR_PDM_DEVICE_NOT_FOUND, VERR_PDM_DEVICE_INSTANCE_NOT_FOUND, VERR_PDM_DEVICE_INSTANCE_NO_IBASE.
   */
  queryDevice(name: string, instance: number): BaseInterface {
    const { device, title } = this.#device(name, instance);
    const base = device?.base;
    if (base === undefined) throw new SsmError('VERR_PDM_DEVICE_INSTANCE_NO_IBASE', `device ${title} has no base`);
    return base;
  }

  /** What a device shows the drivers of a LUN. @throws SsmError as {@link queryDevice}; VERR_PDM_LUN_NOT_FOUND. */
  queryDeviceLun(name: string, instance: number, lun: number): BaseInterface {
    return this.#lun(name, instance, lun).base;
  }

  /** The base of the top driver. @throws SsmError as {@link queryDeviceLun}; VERR_PDM_NO_DRIVER_ATTACHED_TO_LUN. */
  queryLun(name: string, instance: number, lun: number): BaseInterface {
    const { top } = this.#lun(name, instance, lun);
    if (top?.driver === undefined) throw noDriver(name, instance, lun);
    return top.driver.base;
  }

  /** The base of the first driver of a name from the top. @throws SsmError as {@link queryLun}; VERR_PDM_DRIVER_NOT_FOUND. */
  queryDriverOnLun(name: string, instance: number, number: number, driver: string): BaseInterface {
    const lun = this.#lun(name, instance, number);
    if (lun.top === undefined) throw noDriver(name, instance, number);
    const found = lun.drivers.find((candidate) => candidate.name === driver);
    if (found?.driver === undefined) {
      throw new SsmError(
        'VERR_PDM_DRIVER_NOT_FOUND',
        `no driver '${driver}' on LUN#${number} of '${name}'/${instance}`,
      );
    }
    return found.driver.base;
  }

  /**
   * Attaches the configured driver to an empty LUN.
   *
   * @returns the base of the top driver; nothing when none is configured.
   * @throws SsmError as {@link queryDeviceLun}; VERR_PDM_DEVICE_NO_RT_ATTACH, VERR_PDM_DRIVER_ALREADY_ATTACHED, VERR_INVALID_FLAGS;
   * what the device fails with.
   */
  deviceAttach(name: string, instance: number, lun: number, flags = 0): Promise<BaseInterface | undefined> {
    return this.#onEmt((context) => this.#attach(context, name, instance, lun, flags));
  }

  /** Detaches all drivers of a LUN. @throws SsmError as {@link driverDetach}. */
  deviceDetach(name: string, instance: number, lun: number, flags = 0): Promise<InfoStatus> {
    return this.driverDetach(name, instance, lun, undefined, 0, flags);
  }

  /**
   * Attaches the configured driver at the bottom of a LUN's chain; to an empty LUN as {@link deviceAttach}.
   *
   * @throws SsmError as {@link deviceAttach}; VERR_PDM_DRIVER_NO_RT_ATTACH.
   */
  driverAttach(name: string, instance: number, number: number, flags = 0): Promise<BaseInterface | undefined> {
    return this.#onEmt(async (context) => {
      checkTachFlags(flags);
      const { bottom } = this.#lun(name, instance, number);
      if (bottom === undefined) return this.#attach(context, name, instance, number, flags);
      const { attach } = bottom;
      if (attach === undefined) {
        throw new SsmError('VERR_PDM_DRIVER_NO_RT_ATTACH', `driver ${bottom.title} attaches nothing at run time`);
      }
      await this.#must(bottom.call(context, 'attach', () => attach(flags)));
      return bottom.down?.driver?.base;
    });
  }

  /**
   * Detaches a driver and all below it.
   *
   * @param driver its name; `undefined` for the top one, whatever it is.
   * @param occurrence which of those of the name, from 0 up at the top.
   * @returns VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN for an empty LUN.
   * @throws SsmError as {@link queryDeviceLun}; VERR_PDM_DRIVER_INSTANCE_NOT_FOUND, VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE,
   * VERR_INVALID_FLAGS, VERR_INVALID_PARAMETER for an occurrence of no name.
   */
  driverDetach(
    name: string,
    instance: number,
    number: number,
    driver?: string,
    occurrence = 0,
    flags = 0,
  ): Promise<InfoStatus> {
    return this.#onEmt(async (context) => {
      checkTachFlags(flags);
      if (driver === undefined && occurrence !== 0) {
        throw new SsmError('VERR_INVALID_PARAMETER', 'only drivers of a name are counted');
      }
      const lun = this.#lun(name, instance, number);
      if (lun.top === undefined) return 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN';
      const found =
        driver === undefined ? lun.top : lun.drivers.filter((candidate) => candidate.name === driver)[occurrence];
      if (found === undefined) {
        const detail = `no driver '${driver}' number ${occurrence} on LUN#${number} of '${name}'/${instance}`;
        throw new SsmError('VERR_PDM_DRIVER_INSTANCE_NOT_FOUND', detail);
      }
      await detachDriver(this, context, found, flags);
      return 'VINF_SUCCESS';
    });
  }

  /** @throws SsmError VERR_NOT_IMPLEMENTED, as VirtualBox does. */
  async driverReattach(_name: string, _instance: number, _lun: number): Promise<never> {
    throw new SsmError('VERR_NOT_IMPLEMENTED', 'drivers are detached and attached');
  }

  /**
   * Shows all instances of a driver, USB devices' included.
   *
   * @throws SsmError VERR_PDM_DRIVER_NOT_FOUND; what the callback throws, which ends it.
   */
  driverEnumInstances(driver: string, visit: (base: BaseInterface, owner: string, instance: number) => void): void {
    if (this.drivers.find(driver) === undefined) {
      throw new SsmError('VERR_PDM_DRIVER_NOT_FOUND', `there is no driver '${driver}'`);
    }
    for (const owner of this.luns()) {
      for (const lun of owner.luns) {
        for (const entry of lun.drivers) {
          if (entry.name === driver && entry.driver !== undefined) visit(entry.driver.base, owner.name, owner.instance);
        }
      }
    }
  }

  /** Plugs a USB device in. @returns its UUID. @throws SsmError as `UsbHubs.plugIn`. */
  usbPlugIn(name: string, uuid?: string, config?: ConfigNode): Promise<string> {
    return this.#onEmt((context) => this.usb.plugIn(context, name, uuid, config));
  }

  /** Unplugs a USB device. @throws SsmError VERR_PDM_DEVICE_INSTANCE_NOT_FOUND. */
  usbUnplug(uuid: string): Promise<void> {
    return this.#onEmt((context) => this.usb.unplug(context, uuid, (entry) => this.destroyUsb(context, entry)));
  }

  async #attach(
    context: EmtContext,
    name: string,
    instance: number,
    number: number,
    flags: number,
  ): Promise<BaseInterface | undefined> {
    checkTachFlags(flags);
    const lun = this.#lun(name, instance, number);
    const { owner } = lun;
    const { attach } = owner;
    if (attach === undefined) {
      throw new SsmError('VERR_PDM_DEVICE_NO_RT_ATTACH', `device ${owner.title} attaches nothing at run time`);
    }
    if (lun.top !== undefined) {
      throw new SsmError('VERR_PDM_DRIVER_ALREADY_ATTACHED', `LUN#${number} of ${owner.title} has a driver`);
    }
    await this.#must(owner.call(context, 'attach', () => attach(number, flags)));
    return (lun as Lun).top?.driver?.base;
  }

  async #must(call: Promise<Outcome>): Promise<void> {
    const outcome = await call;
    if (hasFailed(outcome)) throw outcome;
  }

  async #onEmt<T>(call: (context: EmtContext) => Promise<T>): Promise<T> {
    const { emts } = this.vm.uvm;
    // All on the same, so that no two of them work on a chain at once.
    if (emts.here?.idCpu === 0) return call(emts.here);
    let result: T | undefined;
    await emts.requests.callWait(0, async (context) => {
      result = await call(context);
    });
    return result as T;
  }

  #device(name: string, instance: number): DeviceEntry {
    const found = this.deviceEntries.find((entry) => entry.name === name && entry.instance === instance);
    if (found !== undefined) return found;
    if (this.devices.find(name) === undefined) {
      throw new SsmError('VERR_PDM_DEVICE_NOT_FOUND', `there is no device '${name}'`);
    }
    throw new SsmError('VERR_PDM_DEVICE_INSTANCE_NOT_FOUND', `device '${name}' has no instance ${instance}`);
  }

  #lun(name: string, instance: number, number: number): Lun {
    const owner = this.#device(name, instance);
    const lun = owner.lun(number);
    if (lun === undefined) throw new SsmError('VERR_PDM_LUN_NOT_FOUND', `device ${owner.title} has no LUN#${number}`);
    return lun;
  }
}

const noDriver = (name: string, instance: number, lun: number) =>
  new SsmError('VERR_PDM_NO_DRIVER_ATTACHED_TO_LUN', `LUN#${lun} of '${name}'/${instance} is empty`);

function checkTachFlags(flags: number): void {
  if ((flags & ~tachFlags.NOT_HOT_PLUG) === 0) return;
  throw new SsmError('VERR_INVALID_FLAGS', `0x${(flags >>> 0).toString(16)} are no flags of attaching and detaching`);
}
