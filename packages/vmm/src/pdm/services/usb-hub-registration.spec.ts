import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { driverClasses, usbVersions } from '../flags.js';
import type { DriverHelpers } from '../helpers.js';
import { chain, createMachine, emptyBase, managerOf, onEmt, testDevice, testDriver } from '../testing.js';
import type { UsbHub } from '../usb.js';
import { pdmVersions } from '../versions.js';

const hub: UsbHub = { attachDevice: () => 1, detachDevice: () => {} };
const { USB_1_1, USB_2_0, USB_3_0 } = usbVersions;

/** A machine with a driver of the given classes below a device. */
async function machine(classes: number) {
  let driver: DriverHelpers | undefined;
  const vm = await createMachine({
    devices: [
      testDevice('ohci', (instance) => ({
        construct: async () => void (await instance.driverAttach(0, emptyBase, 'Root hub')),
        detach: () => {},
      })),
    ],
    drivers: [
      testDriver(
        'RootHub',
        (instance) => {
          driver = instance;
          return {};
        },
        { classes },
      ),
    ],
    config: { Devices: { ohci: { 0: { 'LUN#0': chain('RootHub') } } } },
  });
  const register = (versions: number, ports: number, callbacks: UsbHub = hub) =>
    onEmt(vm, () => {
      try {
        return `${driver?.usbRegisterHub(versions, ports, callbacks).freePorts} ports free`;
      } catch (error) {
        return (error as SsmError).status;
      }
    });
  return { vm, register, driver: driver as DriverHelpers, pdm: managerOf(vm) };
}

describe('the registration of a USB hub', () => {
  const rows: readonly (readonly [what: string, versions: number, ports: number, callbacks: UsbHub, result: string])[] =
    [
      ['of one version', USB_1_1, 8, hub, '8 ports free'],
      ['of all versions', USB_1_1 | USB_2_0 | USB_3_0, 1, hub, '1 ports free'],
      ['of no version', 0, 8, hub, 'VERR_INVALID_PARAMETER'],
      ['of a version there is not', 0x80, 8, hub, 'VERR_INVALID_PARAMETER'],
      ['without ports', USB_2_0, 0, hub, 'VERR_INVALID_PARAMETER'],
      ['with half a port', USB_2_0, 0.5, hub, 'VERR_INVALID_PARAMETER'],
      ['that attaches nothing', USB_2_0, 8, { detachDevice: () => {} } as never, 'VERR_INVALID_PARAMETER'],
      ['that detaches nothing', USB_2_0, 8, { attachDevice: () => 1 } as never, 'VERR_INVALID_PARAMETER'],
      ['with its version', USB_2_0, 8, { ...hub, version: pdmVersions.usbHubRegistration }, '8 ports free'],
      ['with another version', USB_2_0, 8, { ...hub, version: 1 }, 'VERR_INVALID_MAGIC'],
      ['with another version at its end', USB_2_0, 8, { ...hub, endVersion: 1 }, 'VERR_INVALID_MAGIC'],
    ];
  for (const [what, versions, ports, callbacks, result] of rows) {
    it(`${what}: ${result}`, async () => {
      const { vm, register, pdm } = await machine(driverClasses.USB);
      expect(await register(versions, ports, callbacks)).to.equal(result);
      expect(pdm.usb.count).to.equal(result.endsWith('free') ? 1 : 0);
      await vm.end();
    });
  }

  it('is for USB drivers', async () => {
    const { vm, register } = await machine(driverClasses.BLOCK);
    expect(await register(USB_2_0, 8)).to.equal('VERR_INVALID_PARAMETER');
    await vm.end();
  });

  it('is done once, on an EMT, and goes with the driver', async () => {
    const { vm, register, driver, pdm } = await machine(driverClasses.USB | driverClasses.BLOCK);
    expect(() => driver.usbRegisterHub(USB_2_0, 8, hub)).to.throw('VERR_VM_THREAD_NOT_EMT');
    expect([await register(USB_2_0, 8), await register(USB_2_0, 8)]).to.deep.equal([
      '8 ports free',
      'VERR_PDM_USB_HUB_EXISTS',
    ]);
    expect(pdm.usb.count).to.equal(1);
    await pdm.deviceDetach('ohci', 0, 0);
    expect(pdm.usb.count).to.equal(0);
    await vm.end();
  });
});
