import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { DeviceRegistration } from './device.js';
import type { DriverRegistration } from './driver.js';
import { deviceClasses, deviceFlags, driverClasses, driverFlags, usbFlags } from './flags.js';
import { deviceRegistrations, driverRegistrations, usbRegistrations } from './registrations.js';
import type { UsbRegistration } from './usb.js';
import { arePdmVersionsCompatible, makePdmVersion, pdmVersions } from './versions.js';

const create = () => ({}) as never;
const MIB = 1 << 20;

const driver = (rest: object = {}): DriverRegistration => ({ name: 'Block', create, ...rest });
const device = (rest: object = {}): DeviceRegistration => ({
  name: 'pit',
  classes: deviceClasses.PIT,
  create,
  ...rest,
});
const usb = (rest: object = {}): UsbRegistration => ({ name: 'HidMouse', create, ...rest });

/** What a table says to registrations one after another: the last status. */
function statusOf<R>(table: { register(registration: R): void }, ...registrations: readonly R[]): string {
  let status = '';
  for (const registration of registrations) {
    try {
      table.register(registration);
      status = 'VINF_SUCCESS';
    } catch (error) {
      status = (error as SsmError).status;
    }
  }
  return status;
}

const DRIVER = 'VERR_PDM_INVALID_DRIVER_REGISTRATION';
const DEVICE = 'VERR_PDM_INVALID_DEVICE_REGISTRATION';
const USB = 'VERR_PDM_INVALID_USB_REGISTRATION';

const names: readonly (readonly [name: unknown, isGood: boolean])[] = [
  ['', false],
  ['x', true],
  ['x'.repeat(31), true],
  ['x'.repeat(32), false],
  ['A-z_0 9', true],
  ['a/b', false],
  ['a.b', false],
  ['ä', false],
  ['a\0', false],
  [7, false],
  [undefined, false],
];

const okay = 'VINF_SUCCESS';

describe('the registration of a driver', () => {
  const rows: readonly (readonly [what: string, status: string, rest: object])[] = [
    ['no version: the one there is', okay, {}],
    ['this version', okay, { version: 0xf0ff0010 }],
    ['a later minor version', 'VERR_PDM_UNKNOWN_DRVREG_VERSION', { version: 0xf0ff0011 }],
    ['the version of a device', 'VERR_PDM_UNKNOWN_DRVREG_VERSION', { version: pdmVersions.deviceRegistration }],
    ['a version of 0', 'VERR_PDM_UNKNOWN_DRVREG_VERSION', { version: 0 }],
    ['32-bit hosts', 'VERR_PDM_INVALID_DRIVER_HOST_BITS', { flags: driverFlags.HOST_BITS_32 }],
    ['no hosts', 'VERR_PDM_INVALID_DRIVER_HOST_BITS', { flags: 0 }],
    ['all hosts', 'VERR_PDM_INVALID_DRIVER_HOST_BITS', { flags: driverFlags.HOST_BITS_MASK }],
    ['flags that there are not', DRIVER, { flags: 0x42 }],
    ['ring 0 with a module', okay, { flags: 0x22, r0Module: 'VBoxDDR0' }],
    ['ring 0 without', DRIVER, { flags: 0x22 }],
    ['the raw-mode context without', DRIVER, { flags: 0x12, rcModule: '' }],
    ['no instances', DRIVER, { maxInstances: 0 }],
    ['less than no instances', DRIVER, { maxInstances: -1 }],
    ['half an instance', DRIVER, { maxInstances: 0.5 }],
    ['one instance', okay, { maxInstances: 1 }],
    ['1 MiB', okay, { instanceSize: MIB }],
    ['more', DRIVER, { instanceSize: MIB + 1 }],
    ['no constructor', DRIVER, { create: undefined }],
    ['another version at its end', DRIVER, { endVersion: 0xf0ff0020 }],
    ['classes that there are not: nobody looks', okay, { classes: 0x80000000 }],
  ];
  for (const [what, status, rest] of rows) {
    it(`with ${what}: ${status}`, () => expect(statusOf(driverRegistrations(), driver(rest))).to.equal(status));
  }

  for (const [name, isGood] of names) {
    it(`of the name ${JSON.stringify(name)}`, () => {
      expect(statusOf(driverRegistrations(), driver({ name }))).to.equal(isGood ? okay : DRIVER);
    });
  }

  const order: readonly (readonly [string, object])[] = [
    ['VERR_PDM_UNKNOWN_DRVREG_VERSION', { version: 1, name: '', flags: 0, maxInstances: 0, create: undefined }],
    [DRIVER, { name: '', flags: 0, maxInstances: 0 }],
    ['VERR_PDM_INVALID_DRIVER_HOST_BITS', { flags: 0, maxInstances: 0, instanceSize: 2 * MIB }],
  ];
  for (const [status, rest] of order) {
    it(`with several mistakes tells the first: ${status}`, () => {
      expect(statusOf(driverRegistrations(), driver(rest))).to.equal(status);
    });
  }

  it('comes before its clash; names are told apart by case', () => {
    expect(statusOf(driverRegistrations(), driver(), driver())).to.equal('VERR_PDM_DRIVER_NAME_CLASH');
    expect(statusOf(driverRegistrations(), driver(), driver({ name: 'BLOCK' }))).to.equal(okay);
    expect(statusOf(driverRegistrations(), driver(), driver({ maxInstances: 0 }))).to.equal(DRIVER);
  });

  it('is no object', () => {
    expect(statusOf(driverRegistrations(), undefined as never)).to.equal('VERR_INVALID_POINTER');
  });

  it('is listed in order, and found by its exact name', () => {
    const table = driverRegistrations();
    for (const name of ['Z', 'A', 'M']) table.register(driver({ name }));
    expect(table.names).to.deep.equal(['Z', 'A', 'M']);
    expect([table.find('A')?.registration.name, table.find('a')]).to.deep.equal(['A', undefined]);
  });
});

describe('the registration of a device', () => {
  const NEW = deviceFlags.NEW_STYLE;
  const rows: readonly (readonly [what: string, status: string, rest: object])[] = [
    ['no flags: the default ones', okay, {}],
    ['this version', okay, { version: 0xffff0040 }],
    ['another version', 'VERR_PDM_UNKNOWN_DEVREG_VERSION', { version: 0xffff0030 }],
    ['32-bit hosts', 'VERR_PDM_INVALID_DEVICE_HOST_BITS', { flags: NEW | 0x3100 }],
    ['no guests', DEVICE, { flags: NEW | 0x200 }],
    ['32-bit guests only', 'VERR_PDM_INVALID_DEVICE_GUEST_BITS', { flags: NEW | 0x1200 }],
    ['64-bit guests only', 'VERR_PDM_INVALID_DEVICE_GUEST_BITS', { flags: NEW | 0x2200 }],
    ['the old style', DEVICE, { flags: 0x3200 }],
    ['no class', DEVICE, { classes: 0 }],
    ['no instances', DEVICE, { maxInstances: 0 }],
    ['8 MiB', okay, { instanceSize: 8 * MIB }],
    ['more', DEVICE, { instanceSize: 8 * MIB + 1 }],
    ['more than 4 MiB in ring 0', DEVICE, { flags: NEW | 0x3201, r0Module: 'VBoxDDR0', instanceSize: 4 * MIB + 1 }],
    ['4 MiB in ring 0', okay, { flags: NEW | 0x3201, r0Module: 'VBoxDDR0', instanceSize: 4 * MIB }],
    ['ring 0 without a module', DEVICE, { flags: NEW | 0x3201 }],
    ['the raw-mode context without', DEVICE, { flags: NEW | 0x3210 }],
    ['no constructor', DEVICE, { create: 7 }],
    ['8 PCI devices', okay, { maxPciDevices: 8 }],
    ['more', DEVICE, { maxPciDevices: 9 }],
    ['more vectors than a table has', DEVICE, { maxMsixVectors: 2049 }],
    ['another version at its end, which is only logged', okay, { endVersion: 1 }],
  ];
  for (const [what, status, rest] of rows) {
    it(`with ${what}: ${status}`, () => expect(statusOf(deviceRegistrations(), device(rest))).to.equal(status));
  }

  for (const [name, isGood] of names) {
    it(`of the name ${JSON.stringify(name)}`, () => {
      expect(statusOf(deviceRegistrations(), device({ name }))).to.equal(isGood ? okay : DEVICE);
    });
  }

  it('looks at instances and constructor before it asks for all guests', () => {
    const flags = NEW | 0x1200;
    expect(statusOf(deviceRegistrations(), device({ flags, maxInstances: 0 }))).to.equal(DEVICE);
    expect(statusOf(deviceRegistrations(), device({ flags, maxPciDevices: 9 }))).to.equal(
      'VERR_PDM_INVALID_DEVICE_GUEST_BITS',
    );
  });

  it('clashes', () => {
    expect(statusOf(deviceRegistrations(), device(), device())).to.equal('VERR_PDM_DEVICE_NAME_CLASH');
  });
});

describe('the registration of a USB device', () => {
  const rows: readonly (readonly [what: string, status: string, rest: object])[] = [
    ['nothing special', okay, {}],
    ['all flags', okay, { flags: usbFlags.HIGHSPEED_CAPABLE | usbFlags.SAVED_STATE_SUPPORTED | 4 }],
    ['flags that there are not', USB, { flags: 8 }],
    ['another version', 'VERR_PDM_UNKNOWN_USBREG_VERSION', { version: 0xeeff0010 }],
    ['no instances', USB, { maxInstances: 0 }],
    ['more than 1 MiB', USB, { instanceSize: MIB + 1 }],
    ['no constructor', USB, { create: null }],
  ];
  for (const [what, status, rest] of rows) {
    it(`with ${what}: ${status}`, () => expect(statusOf(usbRegistrations(), usb(rest))).to.equal(status));
  }

  it('clashes', () => expect(statusOf(usbRegistrations(), usb(), usb())).to.equal('VERR_PDM_USB_NAME_CLASH'));
});

describe('version words', () => {
  it('have a magic, a major and a minor version', () => {
    expect(makePdmVersion(0xf0ff, 1, 0)).to.equal(0xf0ff0010);
    expect(makePdmVersion(0xffe7, 71, 3)).to.equal(0xffe70473);
  });

  it('are all different', () => {
    const all = Object.values(pdmVersions);
    expect(new Set(all).size).to.equal(all.length);
  });

  const pairs: readonly (readonly [version: number, wanted: number, isCompatible: boolean])[] = [
    [0xf0fe0020, 0xf0fe0020, true],
    [0xf0fe0021, 0xf0fe0020, true],
    [0xf0fe002f, 0xf0fe0020, true],
    [0xf0fe0020, 0xf0fe0021, false],
    [0xf0fe0030, 0xf0fe0020, false],
    [0xf0fd0021, 0xf0fe0020, false],
    [0xf0ff0021, 0xf0fe0020, false],
  ];
  for (const [version, wanted, isCompatible] of pairs) {
    it(`0x${version.toString(16)} for 0x${wanted.toString(16)}: ${isCompatible}`, () => {
      expect(arePdmVersionsCompatible(version, wanted)).to.equal(isCompatible);
    });
  }
});

describe('classes', () => {
  it('have the bits of VirtualBox', () => {
    expect([driverClasses.MOUSE, driverClasses.USB, driverClasses.GPIO]).to.deep.equal([1, 1 << 11, 1 << 17]);
    expect([deviceClasses.ARCH, deviceClasses.PIC, deviceClasses.GPIO]).to.deep.equal([1, 1 << 5, 1 << 19]);
    expect(deviceClasses.MISC).to.equal(0x80000000);
  });
});
