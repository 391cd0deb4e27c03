import type { SsmError, SsmFailure, UnitCallbacks } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import type { Answer, InfoStatus } from '../emt/index.js';
import type { TmTimer } from '../tm/index.js';
import type { ResumeReason, SuspendReason, VmState } from '../vm/index.js';
import type { OwnerTimerOptions } from './device.js';
import type { BaseInterface } from './interface-ids.js';

type Result = Answer | Promise<Answer>;

/** A driver: what a registration's `create` makes. Callbacks as those of {@link Device}. */
export interface Driver {
  /** What the driver above, or the device, sees. Must be there when `construct` has succeeded. */
  readonly base: BaseInterface;
  construct(config: ConfigNode, flags: number): Result;
  destruct?(): Result;
  relocate?(delta: number): Result;
  powerOn?(): Result;
  reset?(): Result;
  suspend?(): Result;
  resume?(): Result;
  powerOff?(): Result;
  /** A driver is to be attached below while the machine runs. Without it none can be (VERR_PDM_DRIVER_NO_RT_ATTACH). */
  attach?(flags: number): Result;
  /** The driver below goes. Without it it cannot (VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE). */
  detach?(flags: number): void;
}

/** A unit of a driver: named and numbered as the driver. */
export interface DriverUnit extends UnitCallbacks {
  readonly version: number;
  readonly guess?: number;
}

/** A driver's instance, and its helpers (`PDMDRVINS`, `PDMDRVHLPR3`). */
export interface DriverInstance {
  readonly name: string;
  readonly instance: number;
  readonly config: ConfigNode;
  /** The base of the driver above, or of the device. */
  readonly upBase: BaseInterface | undefined;
  /** The base of the driver below, once it is attached. */
  readonly downBase: BaseInterface | undefined;

  /** Attaches the driver that `AttachedDriver` names. @throws SsmError VERR_PDM_NO_ATTACHED_DRIVER, VERR_PDM_DRIVER_ALREADY_ATTACHED. */
  attach(flags?: number): Promise<BaseInterface>;
  detach(flags?: number): Promise<void>;
  detachSelf(flags?: number): Promise<void>;
  mountPrepare(file: string, coreDriver: string): void;

  ssmRegister(unit: DriverUnit): void;
  ssmDeregister(): void;
  timerCreate<U = undefined>(options: OwnerTimerOptions<DriverInstance, U>): TmTimer<DriverInstance, U>;

  vmState(): VmState;
  suspendReason(): SuspendReason;
  resumeReason(): ResumeReason;
  teleportedAndNotFullyResumed(): boolean;
  vmSetError(status: SsmFailure, detail: string): SsmError;
  vmSetRuntimeError(flags: number, id: string, message: string): Promise<InfoStatus>;
  virtualTime(): bigint;
  infoRegister(item: InfoItem<DriverInstance>): void;
  setAsyncNotification(done: () => boolean): void;
  asyncNotificationCompleted(): void;
}

/** What a driver is registered with (`PDMDRVREG`). */
export interface DriverRegistration {
  readonly version?: number;
  /** 1 to 31 characters. */
  readonly name: string;
  readonly description?: string;
  /** Sum of `driverFlags`; default: those of a 64-bit host. */
  readonly flags?: number;
  /** Sum of `driverClasses`; not checked. */
  readonly classes?: number;
  readonly maxInstances?: number;
  /** Bytes of an instance, for those who count them: at most 1 MiB. */
  readonly instanceSize?: number;
  /** With the flags RC and R0: where the code for these contexts would be. */
  readonly rcModule?: string;
  readonly r0Module?: string;
  /** As `version`. */
  readonly endVersion?: number;
  /** Makes the driver's object; its `construct` is called next. May take all of {@link DriverHelpers}. */
  create(instance: DriverInstance): Driver;
}
