import type { SsmError, SsmFailure, UnitCallbacks } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import type { Answer, InfoStatus } from '../emt/index.js';
import type { Mmio2Range, MmioHandlers } from '../pgm/index.js';
import type { SampleRegistration, SampleType } from '../stam/index.js';
import type { CritSect, TimerCallback, TimerClock, TmTimer } from '../tm/index.js';
import type { ResumeReason, SuspendReason, VmState } from '../vm/index.js';
import type { BaseInterface } from './interface-ids.js';

type Result = Answer | Promise<Answer>;

/** Why the memory is set up (`PDMDEVMEMSETUPCTX`). */
export type MemSetupContext = 'AFTER_CONSTRUCTION' | 'AFTER_RESET';

/**
 * A device: what a registration's `create` makes. All callbacks are called on an EMT, inside the device's critical
 * section. What they fail with is told in VirtualBox's way: creation fails, power on and resume are taken back, of the
 * others it is logged.
 */
export interface Device {
  /** Registers all that the device needs. What fails here fails the creation of the VM. */
  construct(config: ConfigNode): Result;
  /** Also of a device whose `construct` has failed half way. What it has registered goes by itself. */
  destruct?(): Result;
  relocate?(delta: number): Result;
  memSetup?(context: MemSetupContext): Result;
  powerOn?(): Result;
  reset?(): Result;
  softReset?(flags: number): Result;
  suspend?(): Result;
  resume?(): Result;
  powerOff?(): Result;
  /** A driver is to be attached while the machine runs. Without it none can be (VERR_PDM_DEVICE_NO_RT_ATTACH). */
  attach?(lun: number, flags: number): Result;
  /** The top driver of a LUN goes. Without it it cannot (VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE). */
  detach?(lun: number, flags: number): void;
  /** All devices are there. */
  initComplete?(): Result;
  /** The device's base interface, for `queryDevice`. */
  readonly base?: BaseInterface;
}

/** Level of an interrupt line. A flip-flop goes high and low again at once. */
export type IrqLevel = 'LOW' | 'HIGH' | 'FLIP_FLOP';

/** A range of I/O ports. Offsets count from its first port. */
export interface IoPortHandlers {
  /** @returns nothing for a port, or a size, that the device does not answer: the guest reads ones. */
  read?(offset: number, size: 1 | 2 | 4): number | undefined;
  /** @returns false for a port, or a size, that the device does not answer. */
  // biome-ignore lint/suspicious/noConfusingVoidType: writes that are answered are the rule
  write?(offset: number, value: number, size: 1 | 2 | 4): boolean | void;
}

/** The interrupt controller, as the VMM asks it (`PDMPICREG`). */
export interface PicCallbacks {
  setIrq(irq: number, level: IrqLevel): void;
  /** The CPU acknowledges. @returns the vector; nothing when there is none after all. */
  getInterrupt(): number | undefined;
}

/** What the interrupt controller tells the CPU (`PDMPICHLP`). */
export interface PicHelpers {
  setInterruptFF(): void;
  clearInterruptFF(): void;
}

/** The DMA controller, as devices use it (`PDMDMACREG`). */
export interface DmacCallbacks {
  /** Lets all channels transfer that can. @returns whether there is more to do. */
  run(): boolean;
  register(channel: number, transfer: DmaTransfer): void;
  /** Copies from guest memory. @returns how many bytes. */
  readMemory(channel: number, bytes: Uint8Array, offset: number): number;
  writeMemory(channel: number, bytes: Uint8Array, offset: number): number;
  setDreq(channel: number, level: boolean): void;
  /** Mode byte of a channel. */
  channelMode(channel: number): number;
}

/**
 * Transfers for a device.
 *
 * @param position bytes that this transfer has done. @param size bytes that it has in all.
 * @returns the new position.
 */
export type DmaTransfer = (channel: number, position: number, size: number) => number;

/** The real-time clock's battery-backed memory (`PDMRTCREG`). */
export interface RtcCallbacks {
  readCmos(address: number): number;
  writeCmos(address: number, value: number): void;
}

/** A timer that a device, driver or USB device creates: less than 29 bytes of a name, which gets the instance. */
export interface OwnerTimerOptions<O, U> {
  readonly clock: TimerClock;
  readonly name: string;
  readonly callback: TimerCallback<O, U>;
  readonly user?: U;
  readonly flags?: number;
}

/** A timer that a device creates; its section is the device's. */
export type DeviceTimerOptions<U> = OwnerTimerOptions<DeviceInstance, U>;

/** A unit of a device: named and numbered as the device, guarded by its section. */
export interface DeviceUnit extends UnitCallbacks {
  readonly version: number;
  readonly guess?: number;
  /** In front of which other unit it is registered. */
  readonly before?: string;
}

/**
 * A device's instance, and its helpers (`PDMDEVINS`, `PDMDEVHLPR3`). Who registers something on an EMT only, and when, is
 * said at each.
 */
export interface DeviceInstance {
  readonly name: string;
  readonly instance: number;
  /** The instance's `Config`; its parent cannot be seen. */
  readonly config: ConfigNode;
  readonly isTrusted: boolean;
  /** The section that guards the device. */
  readonly critSect: CritSect;

  /** @throws SsmError like `Registry.register`; on an EMT only. */
  ssmRegister(unit: DeviceUnit): void;
  timerCreate<U = undefined>(options: DeviceTimerOptions<U>): TmTimer<DeviceInstance, U>;

  /** Maps a range of I/O ports. @returns what unmaps it. */
  ioPortMap(first: number, count: number, handlers: IoPortHandlers, description: string): () => void;
  /**
   * Makes registers in guest memory, and maps them.
   *
   * @returns what unmaps them.
   * @throws SsmError like `GuestMemory.createMmio` and `map`.
   */
  mmioMap(address: number, size: number, handlers: MmioHandlers, description: string): () => void;
  /**
   * Makes memory of the device, which `pgm` saves and the guest sees once it is mapped.
   *
   * @param size bytes, whole pages. @throws SsmError like `GuestMemory.createMmio2`.
   */
  mmio2Create(region: number, size: number, description: string): Mmio2Range;
  /** Reads guest memory as the guest would. */
  physRead(address: number, bytes: Uint8Array): void;
  physWrite(address: number, bytes: Uint8Array): void;

  isaSetIrq(irq: number, level: IrqLevel): void;
  picRegister(pic: PicCallbacks): PicHelpers;
  dmacRegister(dmac: DmacCallbacks): void;
  dmaRegister(channel: number, transfer: DmaTransfer): void;
  dmaReadMemory(channel: number, bytes: Uint8Array, offset: number): number;
  dmaWriteMemory(channel: number, bytes: Uint8Array, offset: number): number;
  dmaSetDreq(channel: number, level: boolean): void;
  dmaGetChannelMode(channel: number): number;
  /** The DMA controller is to run as soon as the guest is left. */
  dmaSchedule(): void;
  rtcRegister(rtc: RtcCallbacks): void;
  cmosRead(address: number): number;
  cmosWrite(address: number, value: number): void;
  a20Set(enable: boolean): void;
  a20IsEnabled(): boolean;

  /**
   * Makes a LUN, if there is none of the number, and attaches the driver that is configured for it.
   *
   * @returns the base of the top driver.
   * @throws SsmError VERR_PDM_NO_ATTACHED_DRIVER when none is configured, which is no reason to fail;
   * VERR_PDM_DRIVER_ALREADY_ATTACHED, and what the driver fails with.
   */
  driverAttach(lun: number, base: BaseInterface, description: string): Promise<BaseInterface>;

  vmState(): VmState;
  suspendReason(): SuspendReason;
  resumeReason(): ResumeReason;
  teleportedAndNotFullyResumed(): boolean;
  /** Tells the user of an error. @returns it, to be thrown. */
  vmSetError(status: SsmFailure, detail: string): SsmError;
  vmSetRuntimeError(flags: number, id: string, message: string): Promise<InfoStatus>;
  /** Trusted devices only (VERR_ACCESS_DENIED). */
  vmReset(flags: number): void;
  /** Nanoseconds of the virtual clock. */
  virtualTime(): bigint;
  /** The guest's idea of UTC, in nanoseconds since 1970. */
  utcNow(): bigint;

  infoRegister(item: InfoItem<DeviceInstance>): void;
  /** Registers a sample; a name without a slash in front goes below the instance's own. On an EMT. */
  statRegister<T extends SampleType>(sample: SampleRegistration<T>): void;
  /** Lets the notification that is under way end when `done` says true (suspend, power off, reset only). */
  setAsyncNotification(done: () => boolean): void;
  asyncNotificationCompleted(): void;
}

/** What a device is registered with (`PDMDEVREGR3`). */
export interface DeviceRegistration {
  /** Default and only value: `pdmVersions.deviceRegistration`. */
  readonly version?: number;
  /** 1 to 31 characters: letters, digits, `-`, `_` and blanks. */
  readonly name: string;
  readonly description?: string;
  /** Sum of `deviceFlags`; default: those of a 64-bit host, any guest, new style. */
  readonly flags?: number;
  /** Sum of `deviceClasses`; the lowest one says when the device is created among others. */
  readonly classes: number;
  /** Default: no limit but that of u32. */
  readonly maxInstances?: number;
  /** Bytes of an instance, for those who count them: at most 8 MiB, or 4 MiB in ring 0. */
  readonly instanceSize?: number;
  /** With the flags RC and R0: where the code for these contexts would be. */
  readonly rcModule?: string;
  readonly r0Module?: string;
  readonly maxPciDevices?: number;
  readonly maxMsixVectors?: number;
  /** As `version`; another one is only logged. */
  readonly endVersion?: number;
  /** Makes the device's object; its `construct` is called next. May take all of {@link DeviceHelpers}. */
  create(instance: DeviceInstance): Device;
}
