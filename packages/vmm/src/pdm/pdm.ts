import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, type MaybeNode, queryDef } from '../cfgm/index.js';
import { destinations, type EmtContext, type InfoStatus, type Outcome } from '../emt/index.js';
import { hasFailed, settle } from '../emt/outcome.js';
import type { Session } from '../sup/index.js';
import type { Vm } from '../vm/vm.js';
import { AsyncWait } from './async-notification.js';
import { detachDriver } from './attach.js';
import { Chips } from './chips.js';
import { DeviceHelperTable } from './device-helpers.js';
import { DeviceReady } from './device-ready.js';
import { DriverHelperTable } from './driver-helpers.js';
import { tachFlags } from './flags.js';
import type { DeviceHelpers, DriverHelpers } from './helpers.js';
import type { BaseInterface } from './interface-ids.js';
import { type ModuleLoader, Modules, type PdmModule } from './modules.js';
import type { DeviceEntry, DriverEntry, Lun, Owner, UsbEntry } from './owner.js';
import { deviceRegistrations, driverRegistrations, usbRegistrations } from './registrations.js';
import { AsyncCompletion, type FileAccess } from './services/async-completion.js';
import { BlockCache } from './services/block-cache.js';
import { NetShaper } from './services/net-shaper.js';
import { Pollers } from './services/pollers.js';
import { Queues } from './services/queue.js';
import { Threads } from './services/thread.js';
import { UsbHubs } from './services/usb-hubs.js';
import { destroyUsb } from './term.js';
import type { UsbInstance } from './usb.js';
import { UsbHelperTable } from './usb-helpers.js';

/** What a PDM is given. */
export interface PdmOptions {
  /** The modules that come along, by name: `{ VBoxDD: { VBoxDevicesRegister, VBoxDriversRegister } }`. */
  readonly builtin?: Readonly<Record<string, PdmModule>>;
  /** Loads the modules that are configured; without one none can be. */
  readonly loader?: ModuleLoader;
  /** What modules are told: major << 24 | minor << 16 | build; default 7.2.0. */
  readonly productVersion?: number;
  /** For ring-0 calls of drivers. */
  readonly session?: Session;
  /** Files for asynchronous completion; without them there are none. */
  readonly files?: FileAccess;
  /** Objects of the program that drivers and trusted devices may ask for, by UUID. */
  readonly userObject?: (uuid: string) => unknown;
}

const PRODUCT_VERSION = 0x07020000;

/**
 * The Pluggable Device Manager of a VM: what is registered, the devices and drivers there are, and how they are reached from
 * outside. Run-time operations can be called from anywhere; from elsewhere than an EMT they are queued and waited for.
 */
export class Pdm {
  readonly vm: Vm;
  readonly log: (line: string) => void;
  readonly session: Session | undefined;
  readonly drivers = driverRegistrations();
  readonly devices = deviceRegistrations();
  readonly usbDevices = usbRegistrations();
  readonly modules: Modules;
  /** In the order of their creation. For the inside of PDM. */
  readonly deviceEntries: DeviceEntry[] = [];
  readonly usbEntries: UsbEntry[] = [];
  readonly chips: Chips;
  readonly queues: Queues;
  readonly threads: Threads;
  readonly pollers: Pollers;
  readonly netShaper: NetShaper;
  readonly asyncCompletion: AsyncCompletion;
  readonly blockCache: BlockCache;
  readonly usb: UsbHubs;
  readonly deviceReady: DeviceReady;
  readonly asyncWait = new AsyncWait();
  readonly userObject: (uuid: string) => unknown;

  constructor(vm: Vm, options: PdmOptions = {}) {
    const { uvm } = vm;
    this.vm = vm;
    this.log = uvm.log;
    this.session = options.session;
    this.userObject = options.userObject ?? (() => undefined);
    this.modules = new Modules(this, {
      builtin: options.builtin ?? {},
      loader: options.loader,
      productVersion: options.productVersion ?? PRODUCT_VERSION,
    });
    this.chips = new Chips(vm);
    this.deviceReady = new DeviceReady(vm);
    this.usb = new UsbHubs(this);
    const realTimer = (name: string, callback: () => void) => {
      if (vm.tm === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'the VM has no clocks');
      return vm.tm.createTimer({ clock: 'REAL', name, callback });
    };
    this.queues = new Queues({
      statistics: uvm.statistics,
      wake: () => uvm.emts.emts[0]?.poke(),
      createTimer: realTimer,
      log: this.log,
    });
    this.threads = new Threads({
      timers: uvm.timers,
      begun: () => uvm.userMethods.pdmThreadInit?.(uvm),
      ended: () => uvm.userMethods.pdmThreadTerm?.(uvm),
    });
    this.pollers = new Pollers((callback) => realTimer('PDM Poller', callback), this.log);
    this.asyncCompletion = new AsyncCompletion(options.files, this.log);
    this.netShaper = new NetShaper(this.config?.child('NetworkShaper'), uvm.timers);
    this.blockCache = new BlockCache({
      ...readBlockCacheConfig(this.config?.child('BlkCache')),
      statistics: uvm.statistics,
      createTimer: (callback) => realTimer('BlkCache-Commit', callback),
      log: this.log,
    });
  }

  /** `/PDM` of the configuration. */
  get config(): ConfigNode | undefined {
    return this.vm.config?.child('PDM');
  }

  // What is asked and done from outside

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
    return this.#onEmt((context) => this.usb.unplug(context, uuid, (entry) => destroyUsb(this, context, entry)));
  }

  /** A CPU takes an interrupt. @returns the vector; nothing when none is pending. */
  getInterrupt(idCpu: number): number | undefined {
    return this.chips.getInterrupt(idCpu);
  }

  // For the inside of PDM

  /** All that have LUNs, devices first. */
  luns(): readonly (DeviceEntry | UsbEntry)[] {
    return [...this.deviceEntries, ...this.usbEntries];
  }

  /** All instances there are. */
  owners(): readonly Owner[] {
    return this.luns().flatMap((owner) => [owner, ...owner.luns.flatMap((lun) => lun.drivers)]);
  }

  deviceHelpers(entry: DeviceEntry): DeviceHelpers {
    return new DeviceHelperTable(this, entry);
  }

  driverHelpers(entry: DriverEntry): DriverHelpers {
    return new DriverHelperTable(this, entry);
  }

  usbHelpers(entry: UsbEntry): UsbInstance {
    return new UsbHelperTable(this, entry);
  }

  destroyUsb(context: EmtContext, entry: UsbEntry): Promise<void> {
    return destroyUsb(this, context, entry);
  }

  /** An instance is gone. */
  forget(owner: Owner): void {
    for (const list of [this.deviceEntries, this.usbEntries] as Owner[][]) {
      const at = list.indexOf(owner);
      if (at >= 0) list.splice(at, 1);
    }
  }

  /** What runs beside the devices goes on. */
  startServices(): Promise<Outcome> {
    return settle('the services of PDM', async () => {
      if (this.asyncCompletion.isSuspended) this.asyncCompletion.resume();
      await this.threads.resumeAll();
    });
  }

  /** What runs beside the devices stops. */
  async stopServices(): Promise<void> {
    const outcome = await settle('the threads of PDM', () => this.threads.suspendAll());
    if (hasFailed(outcome)) this.log(`PDM: ${outcome.message}`);
    if (!this.asyncCompletion.isSuspended) this.asyncCompletion.suspend();
  }

  /** What is nobody's ends. */
  async endServices(): Promise<void> {
    await this.threads.destroyAll();
    this.blockCache.end();
    this.netShaper.stop();
    this.modules.unloadAll();
    for (const queue of [...this.queues.all]) queue.destroy();
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
    if (emts.here !== undefined) return call(emts.here);
    let result: T | undefined;
    await emts.requests.callWait(destinations.ANY, async (context) => {
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

/** `/PDM/BlkCache`; the names are ours. */
function readBlockCacheConfig(node: MaybeNode) {
  const size = queryDef(node, 'Size', 'u32', 5 << 20);
  return {
    size,
    commitInterval: queryDef(node, 'CommitInterval', 'u32', 10_000),
    commitThreshold: queryDef(node, 'CommitThreshold', 'u32', Math.floor(size / 2)),
  };
}
