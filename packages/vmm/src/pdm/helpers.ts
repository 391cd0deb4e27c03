import type { SsmError, SsmFailure, SsmStatus } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { InfoStatus } from '../emt/index.js';
import type { IoPortRange } from '../iom/index.js';
import type { MmioHandlers, MmioRange, RomRange } from '../pgm/index.js';
import type { SampleRegistration, SampleType } from '../stam/index.js';
import type { Session } from '../sup/index.js';
import type { Firmware, ResumeReason, SuspendReason, Uvm, VirtualCpu, Vm, VmState } from '../vm/index.js';
import type { PdmCritSect } from './crit-sect.js';
import type { PdmCritSectRw } from './crit-sect-rw.js';
import type { DeviceInstance, IoPortHandlers } from './device.js';
import type { DriverInstance } from './driver.js';
import type { BaseInterface } from './interface-ids.js';
import type { AsyncEndpoint, AsyncTemplate, CompletionCallback } from './services/async-completion.js';
import type { BlockCacheUser, BlockDevice } from './services/block-cache-user.js';
import type { NetFilter } from './services/net-shaper.js';
import type { PdmQueue, QueueOptions } from './services/queue.js';
import type { PdmTask } from './services/tasks.js';
import type { PdmThread, ThreadOptions } from './services/thread.js';
import type { UsbHubHelpers } from './services/usb-hubs.js';
import type { UsbHub } from './usb.js';

/*
 * All helpers. What most devices and drivers need is in DeviceInstance and DriverInstance, which every bench can play;
 * here is the rest. A registration whose `create` wants all of it says so by the type of its argument.
 */

/** What devices, drivers and USB devices can all call. */
export interface OwnerHelpers {
  readonly name: string;
  readonly instance: number;

  /** Whether the caller is on an EMT; when not, the log says so. */
  assertEmt(): boolean;
  /** Whether the caller is not on an EMT; when it is, the log says so. */
  assertOther(): boolean;

  vmState(): VmState;
  suspendReason(): SuspendReason;
  resumeReason(): ResumeReason;
  teleportedAndNotFullyResumed(): boolean;
  vmSetError(status: SsmFailure, detail: string): SsmError;
  vmSetRuntimeError(flags: number, id: string, message: string): Promise<InfoStatus>;
  /** Nanoseconds of the virtual clock. */
  virtualTime(): bigint;
  /** Ticks of the virtual clock a second. */
  virtualFrequency(): bigint;

  /** `validateConfig` for this instance. */
  validateConfig(values: string, nodes: string): void;

  /** Registers a sample; a name without a slash in front goes below the instance's own. On an EMT. */
  statRegister<T extends SampleType>(sample: SampleRegistration<T>): void;
  /** @throws SsmError VERR_INVALID_HANDLE for one that is not registered. */
  statDeregister(sample: object): void;
  /** Removes samples whose names begin so, below the instance's own where there is no slash in front. */
  statDeregisterByPrefix(prefix: string): void;

  /** On an EMT. @throws SsmError as `Queues.create`. */
  queueCreate<T>(options: QueueOptions<T>): PdmQueue<T>;
  /** On an EMT. @throws SsmError as `Threads.create`. */
  threadCreate<U = undefined>(options: ThreadOptions<U>): Promise<PdmThread<U>>;
  /** A critical section of the instance. */
  critSectInit(name: string): PdmCritSect;
  critSectNop(): PdmCritSect;
  critSectRwInit(name: string): PdmCritSectRw;
  /** Work that is done soon, on no EMT, when it is triggered. On an EMT. @throws SsmError as `Tasks.create`. */
  taskCreate(name: string, run: () => void | Promise<void>): PdmTask;

  /** Removes an info item. @throws SsmError VERR_FILE_NOT_FOUND. */
  infoDeregister(name: string): void;

  /** Lets the notification that is under way end when `done` says true (suspend, power off, reset only). */
  setAsyncNotification(done: () => boolean): void;
  asyncNotificationCompleted(): void;

  /** On an EMT. What tasks come to is told to `completed`. @throws SsmError as `AsyncCompletion.createTemplate`. */
  asyncTemplateCreate<U = undefined>(description: string, completed: CompletionCallback<U>, user?: U): AsyncTemplate<U>;
  /** Opens a file. @param flags of `endpointFlags`. @throws SsmError as the VM's files do. */
  asyncEndpointOpen<U>(template: AsyncTemplate<U>, file: string, flags?: number): Promise<AsyncEndpoint<U>>;

  /** Joins a bandwidth group. @param unchoked bytes that were refused may be asked for again. @throws SsmError VERR_INVALID_PARAMETER. */
  netShaperAttach(group: string, unchoked?: () => void): NetFilter;

  /** An object of the program around the VM. */
  queryGenericUserObject(uuid: string): unknown;
}

/** All helpers of a driver (`PDMDRVHLPR3`). */
export interface DriverHelpers extends DriverInstance, OwnerHelpers {
  /** Also of other units that the driver has registered. */
  ssmDeregister(name?: string, instance?: number): void;
  /** Calls back every 5 ms. On an EMT. @throws SsmError VERR_INTERNAL_ERROR when there are too many. */
  pollerRegister(poll: () => void): void;
  /** Calls a service operation of ring 0. @throws SsmError VERR_INVALID_PARAMETER for other operations. */
  supCallVmmR0Ex(operation: number, request?: Uint8Array): Promise<SsmStatus>;
  /** On an EMT. @param versions of `usbVersions`. @throws SsmError as `UsbHubs.register`. */
  usbRegisterHub(versions: number, ports: number, hub: UsbHub): UsbHubHelpers;
  /** Has a medium cached. On an EMT. @param id by which its data is found in saved states. @throws SsmError as `BlockCache.retain`. */
  blockCacheRetain(medium: BlockDevice, id: string): BlockCacheUser;
}

/** How a LUN's chain is to be (`pfnDriverReconfigure`). */
export interface DriverReconfiguration {
  readonly driver: string;
  readonly config?: ConfigNode;
}

/** All helpers of a device (`PDMDEVHLPR3`). Those marked "trusted" fail with VERR_ACCESS_DENIED for others. */
export interface DeviceHelpers extends DeviceInstance, OwnerHelpers {
  readonly critSect: PdmCritSect;
  /** The device's section in place of the automatic one; once, while the VM is created. */
  setDeviceCritSect(section: PdmCritSect): void;
  /** Ports that are mapped, and moved, later. */
  ioPortCreate(count: number, handlers: IoPortHandlers, description: string): IoPortRange;
  /** Registers in guest memory that are mapped, and moved, later. @throws SsmError like `GuestMemory.createMmio`. */
  mmioCreate(size: number, handlers: MmioHandlers, description: string): MmioRange;
  /** A ROM, with RAM behind it where it is shadowed. @throws SsmError like `GuestMemory.registerRom`. */
  romRegister(address: number, bytes: Uint8Array, description: string, shadowed?: boolean): RomRange;
  /** Whose unit of another name this device saves and loads. */
  ssmRegisterAsImposter(name: string, instance: number, unit: Parameters<DeviceInstance['ssmRegister']>[0]): void;
  driverDetach(lun: number, flags?: number): Promise<void>;
  /** Replaces what is configured for a LUN, and detaches what is there; attaches nothing. */
  driverReconfigure(lun: number, chain: readonly DriverReconfiguration[], flags?: number): Promise<void>;
  /** Number of CPUs, and whether they are ready to run what the device has begun. */
  vmReqCallNoWait(cpu: number, call: () => void): void;
  vmReqPriorityCallWait(cpu: number, call: () => void | Promise<void>): Promise<InfoStatus>;
  /** Waits on a CPU's EMT until a device is through with what the guest has asked it. */
  vmWaitForDeviceReady(cpu: number): Promise<void>;
  vmNotifyCpuDeviceReady(cpu: number): void;

  /** Trusted. @returns VINF_EM_RESET, or VINF_EM_HALT where `/PDM/HaltOnReset` says so. */
  vmReset(flags: number): InfoStatus;
  /** Trusted. */
  vmSuspend(): Promise<InfoStatus>;
  /** Trusted. */
  vmPowerOff(): Promise<InfoStatus>;
  /** Trusted: has the program save the state and switches off. */
  vmSuspendSaveAndPowerOff(): Promise<InfoStatus>;
  /** Trusted; nothing for others. */
  uvm(): Uvm | undefined;
  vm(): Vm | undefined;
  vmCpu(): VirtualCpu | undefined;
  supSession(): Session | undefined;
  /** Trusted. */
  currentCpuId(): number;
  pokeAllEmts(): void;
  /** Trusted: the device is the firmware, which has a say in resets. On an EMT, while the VM is created, once. */
  firmwareRegister(firmware: Firmware): void;
  /** Trusted. The base of another device's LUN. */
  queryLun(device: string, instance: number, lun: number): BaseInterface;
}
