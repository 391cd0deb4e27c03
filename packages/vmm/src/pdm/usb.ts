import type { ConfigNode } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import type { Answer } from '../emt/index.js';
import type { TmTimer } from '../tm/index.js';
import type { DeviceUnit, OwnerTimerOptions } from './device.js';
import type { OwnerHelpers } from './helpers.js';
import type { BaseInterface } from './interface-ids.js';

type Result = Answer | Promise<Answer>;

/** A USB request block, as hubs and devices pass it; what is in it is theirs. */
export interface UsbUrb {
  readonly endpoint: number;
  readonly direction: 'in' | 'out' | 'setup';
  readonly data: Uint8Array;
  status?: 'ok' | 'stall' | 'no device' | 'data underrun' | 'data overrun' | 'CRC error';
}

/** A USB device: what a registration's `create` makes (`PDMUSBREG`). Callbacks as those of a device. */
export interface UsbDevice {
  construct(config: ConfigNode, globalConfig: ConfigNode | undefined): Result;
  destruct?(): Result;
  initComplete?(): Result;
  powerOn?(): Result;
  reset?(): Result;
  suspend?(): Result;
  resume?(): Result;
  powerOff?(): Result;
  /** The device was plugged in while the VM is on. */
  hotPlugged?(): Result;
  hotUnplugged?(): void;
  driverAttach?(lun: number, flags: number): Result;
  driverDetach?(lun: number, flags: number): void;
  readonly base?: BaseInterface;

  /** What the hub asks of it. */
  usbReset?(resetOnLinux: boolean): Result;
  descriptorCache?(): unknown;
  setConfiguration?(value: number): Result;
  setInterface?(number: number, alternate: number): Result;
  clearHaltedEndpoint?(endpoint: number): Result;
  urbQueue?(urb: UsbUrb): Result;
  urbCancel?(urb: UsbUrb): Result;
  /** An URB that is done, within so many milliseconds. */
  urbReap?(millies: number): UsbUrb | undefined | Promise<UsbUrb | undefined>;
  wakeUp?(): Result;
}

/** A USB device's instance, and its helpers (`PDMUSBINS`, `PDMUSBHLP`). */
export interface UsbInstance extends OwnerHelpers {
  /** As text: `xxxxxxxx-xxxx-…`. */
  readonly uuid: string;
  readonly config: ConfigNode;
  readonly globalConfig: ConfigNode | undefined;
  /** Of `usbVersions`, what the device and its hub both speak. */
  readonly version: number;
  /** Port of the hub, from 1 up; 0 before it is attached. */
  readonly port: number;
  ssmRegister(unit: Omit<DeviceUnit, 'before'>): void;
  timerCreate<U = undefined>(options: OwnerTimerOptions<UsbInstance, U>): TmTimer<UsbInstance, U>;
  driverAttach(lun: number, base: BaseInterface, description: string): Promise<BaseInterface>;
  infoRegister(item: InfoItem<UsbInstance>): void;
}

/** What a USB device is registered with (`PDMUSBREG`). */
export interface UsbRegistration {
  readonly version?: number;
  /** 1 to 31 characters. */
  readonly name: string;
  readonly description?: string;
  /** Sum of `usbFlags`. */
  readonly flags?: number;
  readonly maxInstances?: number;
  /** Bytes, for those who count them. */
  readonly instanceSize?: number;
  /** As `version`; another one is only logged. */
  readonly endVersion?: number;
  create(instance: UsbInstance): UsbDevice;
}

/** What a hub is told (`PDMUSBHUBREG`). */
export interface UsbHub {
  readonly version?: number;
  /** A device is plugged in. @returns the port, from 1 up. */
  attachDevice(device: UsbDevice, instance: UsbInstance): number | Promise<number>;
  detachDevice(device: UsbDevice, instance: UsbInstance): Result;
  readonly endVersion?: number;
}
