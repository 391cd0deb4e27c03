import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, type MaybeNode, queryDef } from '../cfgm/index.js';
import type { EmtContext, Outcome } from '../emt/index.js';
import { hasFailed, settle } from '../emt/outcome.js';
import type { Session } from '../sup/index.js';
import type { Vm } from '../vm/vm.js';
import { AsyncWait } from './async-notification.js';
import { Chips } from './chips.js';
import { DeviceHelperTable } from './device-helpers.js';
import { DeviceReady } from './device-ready.js';
import { DriverHelperTable } from './driver-helpers.js';
import type { DeviceHelpers, DriverHelpers } from './helpers.js';
import { type ModuleLoader, Modules, type PdmModule } from './modules.js';
import type { DeviceEntry, DriverEntry, Owner, UsbEntry } from './owner.js';
import { deviceRegistrations, driverRegistrations, usbRegistrations } from './registrations.js';
import { RunTimeApi } from './run-time.js';
import { AsyncCompletion, type FileAccess } from './services/async-completion.js';
import { BlockCache } from './services/block-cache.js';
import { NetShaper } from './services/net-shaper.js';
import { Pollers } from './services/pollers.js';
import { Queues } from './services/queues.js';
import { Tasks } from './services/tasks.js';
import { Threads } from './services/threads.js';
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
export class Pdm extends RunTimeApi {
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
  readonly tasks: Tasks;
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
    super();
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
    this.tasks = new Tasks(uvm.timers, uvm.statistics, this.log);
    this.threads = new Threads({
      timers: uvm.timers,
      begun: () => uvm.notify('pdmThreadInit'),
      ended: () => uvm.notify('pdmThreadTerm'),
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
