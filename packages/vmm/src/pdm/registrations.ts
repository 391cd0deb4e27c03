import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { DeviceRegistration } from './device.js';
import type { DriverRegistration } from './driver.js';
import { DEVICE_FLAGS_DEFAULT, deviceFlags, driverFlags, usbFlags } from './flags.js';
import type { UsbRegistration } from './usb.js';
import { pdmVersions } from './versions.js';

/*
 * What can be registered, and the rules for it
 *
 * A rule is a row: when it is broken, and the status then. Rows are looked at in order, as the original does
 * (`VirtualBox 7.2 PDMR3Driver.cpp, pdmR3DrvRegister`; `PDMR3Device.cpp, pdmR3DevReg_Register`; `PDMR3Usb.cpp,
 * pdmR3UsbReg_Register`), so that of two mistakes the same one is told.
 */

type Rule<R> = readonly [status: SsmFailure, isBroken: (registration: R) => boolean, why: (registration: R) => string];

/** Characters of a name and of a module's name, without terminator. */
export const PDM_NAME_MAX = 31;
const MIB = 1 << 20;

/** Instances where a registration sets no limit. */
export const NO_INSTANCE_LIMIT = 0xffffffff;

const isName = (name: unknown) => typeof name === 'string' && /^[A-Za-z0-9_ -]{1,31}$/.test(name);
const isModuleName = (name: unknown) => typeof name === 'string' && name.length >= 1 && name.length <= PDM_NAME_MAX;
const isCount = (count: number) => Number.isInteger(count) && count > 0 && count <= 0xffffffff;
const hex = (number: number) => `0x${(number >>> 0).toString(16)}`;
const has = (flags: number | undefined, bits: number) => ((flags ?? 0) & bits) !== 0;

const unknownVersion = (wanted: number) => (r: { version?: number }) => (r.version ?? wanted) !== wanted;
const tellVersion = (r: { version?: number }) => `its version is ${hex(r.version ?? 0)}`;

const driverFlagsOf = (r: DriverRegistration) => r.flags ?? driverFlags.HOST_BITS_DEFAULT;
const DRIVER_FLAGS = driverFlags.HOST_BITS_MASK | driverFlags.RC | driverFlags.R0;

const DRIVER: SsmFailure = 'VERR_PDM_INVALID_DRIVER_REGISTRATION';

const driverRules: readonly Rule<DriverRegistration>[] = [
  ['VERR_PDM_UNKNOWN_DRVREG_VERSION', unknownVersion(pdmVersions.driverRegistration), tellVersion],
  [DRIVER, ({ name }) => !isName(name), () => 'a name has 1 to 31 letters, digits, hyphens, underscores and blanks'],
  [
    DRIVER,
    (r) => has(r.flags, driverFlags.RC) && !isModuleName(r.rcModule),
    () => 'what runs in the raw-mode context names its module',
  ],
  [
    DRIVER,
    (r) => has(r.flags, driverFlags.R0) && !isModuleName(r.r0Module),
    () => 'what runs in ring 0 names its module',
  ],
  [
    'VERR_PDM_INVALID_DRIVER_HOST_BITS',
    (r) => (driverFlagsOf(r) & driverFlags.HOST_BITS_MASK) !== driverFlags.HOST_BITS_DEFAULT,
    (r) => `it is for other hosts (flags ${hex(driverFlagsOf(r))})`,
  ],
  [DRIVER, (r) => (driverFlagsOf(r) & ~DRIVER_FLAGS) !== 0, (r) => `there are no flags ${hex(driverFlagsOf(r))}`],
  [DRIVER, (r) => !isCount(r.maxInstances ?? NO_INSTANCE_LIMIT), () => 'it cannot have instances'],
  [DRIVER, (r) => (r.instanceSize ?? 0) > MIB, () => 'its instances are larger than 1 MiB'],
  [DRIVER, (r) => typeof r.create !== 'function', () => 'it has no constructor'],
  [
    DRIVER,
    (r) => (r.endVersion ?? pdmVersions.driverRegistration) !== pdmVersions.driverRegistration,
    () => 'it ends in another version',
  ],
];

const deviceFlagsOf = (r: DeviceRegistration) => (r.flags ?? DEVICE_FLAGS_DEFAULT) >>> 0;
const inKernel = deviceFlags.R0 | deviceFlags.RC;
const PCI_DEVICES_MAX = 8;
/** Vectors of an MSI-X table (PCI Local Bus Specification 3.0, 6.8.2). */
const MSIX_VECTORS_MAX = 2048;

const DEVICE: SsmFailure = 'VERR_PDM_INVALID_DEVICE_REGISTRATION';

const deviceRules: readonly Rule<DeviceRegistration>[] = [
  ['VERR_PDM_UNKNOWN_DEVREG_VERSION', unknownVersion(pdmVersions.deviceRegistration), tellVersion],
  [DEVICE, ({ name }) => !isName(name), () => 'a name has 1 to 31 letters, digits, hyphens, underscores and blanks'],
  [
    DEVICE,
    (r) => has(r.flags, deviceFlags.RC) && !isModuleName(r.rcModule),
    () => 'what runs in the raw-mode context names its module',
  ],
  [
    DEVICE,
    (r) => has(r.flags, deviceFlags.R0) && !isModuleName(r.r0Module),
    () => 'what runs in ring 0 names its module',
  ],
  [
    'VERR_PDM_INVALID_DEVICE_HOST_BITS',
    (r) => (deviceFlagsOf(r) & deviceFlags.HOST_BITS_MASK) !== deviceFlags.HOST_BITS_DEFAULT,
    (r) => `it is for other hosts (flags ${hex(deviceFlagsOf(r))})`,
  ],
  [DEVICE, (r) => !has(deviceFlagsOf(r), deviceFlags.GUEST_BITS_MASK), () => 'it is for no guest'],
  [DEVICE, (r) => !(Number.isInteger(r.classes) && r.classes !== 0), () => 'it has no class'],
  [DEVICE, (r) => !isCount(r.maxInstances ?? NO_INSTANCE_LIMIT), () => 'it cannot have instances'],
  [
    DEVICE,
    (r) => (r.instanceSize ?? 0) > (has(r.flags, inKernel) ? 4 : 8) * MIB,
    (r) => `its instances are larger than ${has(r.flags, inKernel) ? 4 : 8} MiB`,
  ],
  [DEVICE, (r) => typeof r.create !== 'function', () => 'it has no constructor'],
  [
    'VERR_PDM_INVALID_DEVICE_GUEST_BITS',
    (r) => (deviceFlagsOf(r) & deviceFlags.GUEST_BITS_MASK) !== deviceFlags.GUEST_BITS_DEFAULT,
    () => 'it is not for all guests',
  ],
  [DEVICE, (r) => (r.maxPciDevices ?? 0) > PCI_DEVICES_MAX, () => `it is more than ${PCI_DEVICES_MAX} PCI devices`],
  [DEVICE, (r) => (r.maxMsixVectors ?? 0) > MSIX_VECTORS_MAX, () => `it has more than ${MSIX_VECTORS_MAX} vectors`],
  [DEVICE, (r) => !has(deviceFlagsOf(r), deviceFlags.NEW_STYLE), () => 'it is of the old style'],
];

const USB: SsmFailure = 'VERR_PDM_INVALID_USB_REGISTRATION';
const USB_FLAGS = usbFlags.HIGHSPEED_CAPABLE | usbFlags.SAVED_STATE_SUPPORTED | usbFlags.SUPERSPEED_CAPABLE;

const usbRules: readonly Rule<UsbRegistration>[] = [
  ['VERR_PDM_UNKNOWN_USBREG_VERSION', unknownVersion(pdmVersions.usbRegistration), tellVersion],
  [USB, ({ name }) => !isName(name), () => 'a name has 1 to 31 letters, digits, hyphens, underscores and blanks'],
  [USB, (r) => ((r.flags ?? 0) & ~USB_FLAGS) !== 0, (r) => `there are no flags ${hex(r.flags ?? 0)}`],
  [USB, (r) => !isCount(r.maxInstances ?? NO_INSTANCE_LIMIT), () => 'it cannot have instances'],
  [USB, (r) => (r.instanceSize ?? 0) > MIB, () => 'its instances are larger than 1 MiB'],
  [USB, (r) => typeof r.create !== 'function', () => 'it has no constructor'],
];

/** Something registered, and who brought it. */
export interface Registered<R> {
  readonly registration: R;
  /** Name of the module; nothing for what the program itself has registered. */
  readonly module: string | undefined;
  /** Instances there are. */
  instances: number;
  /** Number of the next instance of a driver: never one that was used before. */
  nextInstance: number;
}

/** What of one kind is registered, in the order of registration. Names are looked up exactly. */
export class Registrations<
  R extends { readonly name: string; readonly maxInstances?: number; readonly endVersion?: number },
> {
  readonly #what: string;
  readonly #version: number;
  readonly #rules: readonly Rule<R>[];
  readonly #clash: SsmFailure;
  readonly #entries: Registered<R>[] = [];

  constructor(what: string, version: number, rules: readonly Rule<R>[], clash: SsmFailure) {
    this.#what = what;
    this.#version = version;
    this.#rules = rules;
    this.#clash = clash;
  }

  /** All of them. */
  get entries(): readonly Registered<R>[] {
    return this.#entries;
  }

  get names(): readonly string[] {
    return this.#entries.map(({ registration }) => registration.name);
  }

  /**
   * @param warn is told of what is wrong, but no reason to refuse it.
   * @throws SsmError of the first rule that is broken, or that the name is taken.
   */
  register(registration: R, module?: string, warn: (line: string) => void = () => {}): void {
    if (typeof registration !== 'object' || registration === null) {
      throw new SsmError('VERR_INVALID_POINTER', `that is no registration of a ${this.#what}`);
    }
    for (const [status, isBroken, why] of this.#rules) {
      if (isBroken(registration)) {
        throw new SsmError(status, `${this.#what} '${String(registration.name)}': ${why(registration)}`);
      }
    }
    const { endVersion } = registration;
    if (endVersion !== undefined && endVersion !== this.#version) {
      warn(`PDM: ${this.#what} '${registration.name}' ends in version ${hex(endVersion)}`);
    }
    if (this.find(registration.name) !== undefined) {
      throw new SsmError(this.#clash, `there is a ${this.#what} '${registration.name}'`);
    }
    this.#entries.push({ registration, module, instances: 0, nextInstance: 0 });
  }

  find(name: string): Registered<R> | undefined {
    return this.#entries.find(({ registration }) => registration.name === name);
  }

  /** Takes back what a module has registered. */
  forget(isMeant: (registered: Registered<R>) => boolean): void {
    const kept = this.#entries.filter((entry) => !isMeant(entry));
    this.#entries.splice(0, this.#entries.length, ...kept);
  }
}

export const driverRegistrations = () =>
  new Registrations<DriverRegistration>(
    'driver',
    pdmVersions.driverRegistration,
    driverRules,
    'VERR_PDM_DRIVER_NAME_CLASH',
  );
export const deviceRegistrations = () =>
  new Registrations<DeviceRegistration>(
    'device',
    pdmVersions.deviceRegistration,
    deviceRules,
    'VERR_PDM_DEVICE_NAME_CLASH',
  );
export const usbRegistrations = () =>
  new Registrations<UsbRegistration>('USB device', pdmVersions.usbRegistration, usbRules, 'VERR_PDM_USB_NAME_CLASH');
