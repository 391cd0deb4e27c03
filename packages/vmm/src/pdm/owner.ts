import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { Answer, EmtContext, Outcome } from '../emt/index.js';
import { settle } from '../emt/outcome.js';
import type { VmState } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import { PdmCritSect } from './crit-sect.js';
import type { Device, DeviceRegistration } from './device.js';
import type { Driver, DriverRegistration } from './driver.js';
import { deviceFlags } from './flags.js';
import type { BaseInterface } from './interface-ids.js';
import type { Registered } from './registrations.js';
import { Resources } from './resources.js';
import type { UsbDevice, UsbRegistration } from './usb.js';

/** Who owns timers, units, queues… */
export type OwnerKind = 'device' | 'driver' | 'usb';

type Call = () => Answer | Promise<Answer>;

const goneStatus: Readonly<Record<OwnerKind, SsmFailure>> = {
  device: 'VERR_PDM_DEVINS_VERSION_MISMATCH',
  driver: 'VERR_PDM_DRVINS_VERSION_MISMATCH',
  usb: 'VERR_PDM_USBINS_VERSION_MISMATCH',
};

/**
 * An instance from PDM's side: what the plug-in, which has its helpers only, is not to see.
 *
 * Callbacks may await, and what they call afterwards is on the EMT nevertheless: for as long as a callback runs, its
 * instance has the context of the EMT that called it.
 */
export abstract class Owner {
  readonly kind: OwnerKind;
  readonly name: string;
  readonly instance: number;
  readonly vm: Vm;
  readonly config: ConfigNode;
  readonly resources = new Resources();
  /** What the plug-in has of its instance; the owner of its timers, units and so on. */
  helpers!: object;
  /** Was told to suspend, or was never powered on. */
  suspended = true;
  /** Was told of the reset that is under way. */
  resetTold = false;
  /** A suspend, power off or reset callback is being called, so that it may ask for more time. */
  isNotified = false;
  /** Says whether what the notification has begun is done. */
  asyncDone: (() => boolean) | undefined;
  #isGone = false;
  readonly #contexts: EmtContext[] = [];

  constructor(kind: OwnerKind, name: string, instance: number, vm: Vm, config: ConfigNode) {
    this.kind = kind;
    this.name = name;
    this.instance = instance;
    this.vm = vm;
    this.config = config;
  }

  /** For messages: `'i8254'/0`. */
  get title(): string {
    return `'${this.name}'/${this.instance}`;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The section that is held around callbacks; drivers have none. */
  get critSect(): PdmCritSect | undefined {
    return undefined;
  }

  /** The instance is no more: its helpers refuse to work, as the version in memory that was overwritten would. */
  poison(): void {
    this.#isGone = true;
  }

  /** @throws SsmError when the instance is gone. */
  mustExist(): void {
    if (this.#isGone) throw new SsmError(goneStatus[this.kind], `${this.kind} ${this.title} was destroyed`);
  }

  /** The EMT that the caller, code of this instance, is on. @throws SsmError VERR_VM_THREAD_NOT_EMT, and when the instance is gone. */
  emt(helper: string): EmtContext {
    this.mustExist();
    const context = this.emtIfAny();
    if (context === undefined) {
      throw new SsmError('VERR_VM_THREAD_NOT_EMT', `${this.title} calls ${helper} from elsewhere than an EMT`);
    }
    return context;
  }

  emtIfAny(): EmtContext | undefined {
    return this.vm.uvm.emts.here ?? this.#contexts.findLast(({ active }) => active);
  }

  /**
   * Calls the plug-in on an EMT, in its critical section if it has one. Who is gone, because somebody who was called before
   * has detached it, is not called.
   *
   * @param what for messages: the name of the callback.
   */
  async call(context: EmtContext, what: string, call: Call): Promise<Outcome> {
    if (this.#isGone) return 'VINF_SUCCESS';
    const { critSect } = this;
    const began = this.vm.uvm.timers.now();
    await critSect?.acquire(context.emt);
    this.#contexts.push(context);
    try {
      return await settle(`${what} of ${this.title}`, () => context.run(call));
    } finally {
      this.#contexts.splice(this.#contexts.lastIndexOf(context), 1);
      critSect?.release(context.emt);
      const took = this.vm.uvm.timers.now() - began;
      if (took >= SLOW) this.vm.uvm.log(`PDM: ${what} of ${this.kind} ${this.title} took ${took} ns`);
    }
  }

  /** Gives back all that the instance has registered. */
  async releaseResources(): Promise<void> {
    await this.resources.release(this.kind, (kind, message) =>
      this.vm.uvm.log(`PDM: ${this.title}: a ${kind} did not go: ${message}`),
    );
    this.poison();
  }
}

/** Nanoseconds after which a callback is mentioned in the log. */
const SLOW = 50_000_000n;

/** Connects a device, or a USB device, with a chain of drivers. */
export class Lun {
  readonly owner: DeviceEntry | UsbEntry;
  readonly number: number;
  readonly description: string;
  /** What the owner shows the top driver. */
  readonly base: BaseInterface;
  /** The driver next to the owner. */
  top: DriverEntry | undefined;
  bottom: DriverEntry | undefined;

  constructor(owner: DeviceEntry | UsbEntry, number: number, base: BaseInterface, description: string) {
    this.owner = owner;
    this.number = number;
    this.base = base;
    this.description = description;
  }

  /** The drivers from the top down; a snapshot. */
  get drivers(): readonly DriverEntry[] {
    const drivers: DriverEntry[] = [];
    for (let driver = this.top; driver !== undefined; driver = driver.down) drivers.push(driver);
    return drivers;
  }
}

/** A device or USB device: what has LUNs. */
abstract class LunOwner extends Owner {
  /** In the order of their creation; they stay as long as the owner. */
  readonly luns: Lun[] = [];
  /** The instance's node, whose parents nobody sees from `config`. */
  readonly node: ConfigNode;
  readonly #critSect: PdmCritSect;
  #own: PdmCritSect | undefined;

  constructor(kind: OwnerKind, name: string, instance: number, vm: Vm, node: ConfigNode, config: ConfigNode) {
    super(kind, name, instance, vm, config);
    this.node = node;
    this.#critSect = new PdmCritSect(`${name}#${instance}Auto`);
  }

  override get critSect(): PdmCritSect {
    return this.#own ?? this.#critSect;
  }

  override set critSect(section: PdmCritSect) {
    this.#own = section;
    this.#critSect.destroy();
  }

  get hasOwnCritSect(): boolean {
    return this.#own !== undefined;
  }

  lun(number: number): Lun | undefined {
    return this.luns.find((lun) => lun.number === number);
  }

  /** Attach callback of the plug-in, if it has one. */
  abstract get attach(): ((lun: number, flags: number) => Answer | Promise<Answer>) | undefined;
  abstract get detach(): ((lun: number, flags: number) => void) | undefined;
  /** Whether the instance is told before its drivers. */
  abstract isFirst(notification: 'suspend' | 'powerOff' | 'reset'): boolean;
}

const firstFlags = {
  suspend: deviceFlags.FIRST_SUSPEND,
  powerOff: deviceFlags.FIRST_POWEROFF,
  reset: deviceFlags.FIRST_RESET,
} as const;

export class DeviceEntry extends LunOwner {
  readonly registered: Registered<DeviceRegistration>;
  readonly isTrusted: boolean;
  device: Device | undefined;

  constructor(
    vm: Vm,
    registered: Registered<DeviceRegistration>,
    instance: number,
    node: ConfigNode,
    config: ConfigNode,
    isTrusted: boolean,
  ) {
    super('device', registered.registration.name, instance, vm, node, config);
    this.registered = registered;
    this.isTrusted = isTrusted;
  }

  override get attach() {
    return this.device?.attach?.bind(this.device);
  }

  override get detach() {
    return this.device?.detach?.bind(this.device);
  }

  override isFirst(notification: keyof typeof firstFlags): boolean {
    return ((this.registered.registration.flags ?? 0) & firstFlags[notification]) !== 0;
  }
}

export class UsbEntry extends LunOwner {
  readonly registered: Registered<UsbRegistration>;
  readonly globalConfig: ConfigNode | undefined;
  readonly uuid: string;
  version = 0;
  port = 0;
  device: UsbDevice | undefined;

  constructor(
    vm: Vm,
    registered: Registered<UsbRegistration>,
    instance: number,
    node: ConfigNode,
    parts: { readonly config: ConfigNode; readonly globalConfig: ConfigNode | undefined; readonly uuid: string },
  ) {
    super('usb', registered.registration.name, instance, vm, node, parts.config);
    this.registered = registered;
    this.globalConfig = parts.globalConfig;
    this.uuid = parts.uuid;
  }

  override get attach() {
    return this.device?.driverAttach?.bind(this.device);
  }

  override get detach() {
    return this.device?.driverDetach?.bind(this.device);
  }

  override isFirst(): boolean {
    return false;
  }
}

/** States in which drivers and devices are at work. */
const awake: ReadonlySet<VmState> = new Set([
  'POWERING_ON',
  'RESUMING',
  'RUNNING',
  'RUNNING_LS',
  'RESETTING_LS',
  'SOFT_RESETTING_LS',
  'DEBUGGING',
  'DEBUGGING_LS',
]);

export class DriverEntry extends Owner {
  readonly registered: Registered<DriverRegistration>;
  /** The node that has `Driver`, `Config` and `AttachedDriver`. */
  readonly node: ConfigNode;
  readonly lun: Lun;
  /** The driver above; nothing for the top one. */
  up: DriverEntry | undefined;
  down: DriverEntry | undefined;
  upBase: BaseInterface | undefined;
  downBase: BaseInterface | undefined;
  detaching = false;
  driver: Driver | undefined;

  constructor(registered: Registered<DriverRegistration>, node: ConfigNode, config: ConfigNode, lun: Lun) {
    super('driver', registered.registration.name, registered.nextInstance++, lun.owner.vm, config);
    // One that comes while the machine runs is to be told when it stops.
    this.suspended = !awake.has(this.vm.state);
    this.registered = registered;
    this.node = node;
    this.lun = lun;
  }

  get attach() {
    return this.driver?.attach?.bind(this.driver);
  }
}
