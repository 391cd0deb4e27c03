import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { driverClasses, usbFlags, usbVersions } from './flags.js';
import type { DriverHelpers } from './helpers.js';
import {
  attachIfAny,
  chain,
  createMachine,
  creationFailure,
  emptyBase,
  failureStatus,
  managerOf,
  notingDevice,
  notingDriver,
  onEmt,
  take,
} from './testing.js';
import type { UsbDevice, UsbHub, UsbInstance, UsbRegistration } from './usb.js';

const ALL = usbVersions.USB_1_1 | usbVersions.USB_2_0;
const UUID = '01234567-89ab-cdef-0123-456789abcdef';

/** A USB device that notes every callback. */
function notingUsb(
  name: string,
  log: string[],
  rest: Partial<UsbRegistration> = {},
  make: (instance: UsbInstance) => Partial<UsbDevice> = () => ({}),
): UsbRegistration {
  const callbacks = [
    'initComplete',
    'powerOn',
    'reset',
    'suspend',
    'resume',
    'powerOff',
    'hotPlugged',
    'hotUnplugged',
    'destruct',
  ] as const;
  return {
    name,
    ...rest,
    create: (instance) => {
      const who = `${name}/${instance.instance}`;
      return {
        construct: () => void log.push(`${who} construct`),
        ...Object.fromEntries(callbacks.map((callback) => [callback, () => void log.push(`${who} ${callback}`)])),
        ...make(instance),
      };
    },
  };
}

interface HubOptions {
  readonly versions?: number;
  readonly ports?: number;
  readonly classes?: number;
  readonly hub?: Partial<UsbHub>;
  readonly times?: number;
}

/** A driver that is a hub. */
function hubDriver(
  log: string[],
  { versions = ALL, ports = 2, classes = driverClasses.USB, hub, times = 1 }: HubOptions,
) {
  let port = 0;
  return notingDriver('VUSBRootHub', [], { classes }, (instance: DriverHelpers) => ({
    construct: () => {
      for (let i = 0; i < times; i++) {
        instance.usbRegisterHub(versions, ports, {
          attachDevice: (_device, usb) => {
            log.push(`attach ${usb.name}/${usb.instance} as ${usb.version}`);
            return ++port;
          },
          detachDevice: (_device, usb) => void log.push(`detach ${usb.name}/${usb.instance} from ${usb.port}`),
          ...hub,
        });
      }
    },
  }));
}

const machineOf = (
  log: string[],
  usb: readonly UsbRegistration[],
  config: ConfigLiteral,
  options: HubOptions = {},
) => ({
  devices: [notingDevice('usb-ohci', [])],
  drivers: [hubDriver(log, options), notingDriver('Below', log)],
  usb,
  config: {
    Devices: { 'usb-ohci': { 0: { 'LUN#0': chain('VUSBRootHub') } } },
    USB: config,
  },
});

describe('USB devices', () => {
  it('are made after all others, and plugged in in the order of their priority', async () => {
    const log: string[] = [];
    const vm = await createMachine(
      machineOf(
        log,
        ['Mouse', 'Pen', 'Disk'].map((name) => notingUsb(name, log)),
        { Disk: { 0: {} }, Mouse: { 0: {} }, Pen: { Priority: 1, 0: {} } },
        { ports: 3 },
      ),
    );
    expect(take(log)).to.deep.equal([
      'Disk/0 construct',
      'attach Disk/0 as 2',
      'Pen/0 construct',
      'attach Pen/0 as 2',
      'Mouse/0 construct',
      'attach Mouse/0 as 2',
      'Disk/0 initComplete',
      'Pen/0 initComplete',
      'Mouse/0 initComplete',
    ]);
    await vm.uvm.powerOn();
    expect(take(log)).to.deep.equal(['Disk/0 powerOn', 'Pen/0 powerOn', 'Mouse/0 powerOn']);
    await vm.end();
    expect(take(log).slice(3)).to.deep.equal([
      'detach Disk/0 from 1',
      'Disk/0 destruct',
      'detach Pen/0 from 2',
      'Pen/0 destruct',
      'detach Mouse/0 from 3',
      'Mouse/0 destruct',
    ]);
  });

  it('see their settings, those of all of a kind, and their UUID', async () => {
    const seen: UsbInstance[] = [];
    const vm = await createMachine(
      machineOf([], [notingUsb('Mouse', [], {}, (instance) => ({ construct: () => void seen.push(instance) }))], {
        Mouse: { GlobalConfig: { Speed: 3 }, 0: { UUID: UUID.toUpperCase(), Config: { Name: 'a' } }, 1: {} },
      }),
    );
    const [first, second] = seen;
    expect([first?.uuid, first?.config.value('Name')?.data, first?.globalConfig?.value('Speed')?.data]).to.deep.equal([
      UUID,
      'a',
      3n,
    ]);
    expect([first?.globalConfig?.parent, first?.port]).to.deep.equal([undefined, 1]);
    expect(second?.uuid)
      .to.match(/^[0-9a-f]{8}-/)
      .and.not.equal(UUID);
    await vm.end();
  });

  it('are not made without a hub, nor without other devices', async () => {
    const log: string[] = [];
    const usb = [notingUsb('Mouse', log)];
    const lonely = await createMachine({ usb, config: { USB: { Mouse: { 0: {} } } } });
    const hubless = await createMachine({
      usb,
      devices: [notingDevice('pit', [])],
      config: { Devices: { pit: { 0: {} } }, USB: { Mouse: { 0: {} } } },
    });
    expect(log).to.deep.equal([]);
    await lonely.end();
    await hubless.end();
  });

  const versions: readonly (readonly [what: string, flags: number, hub: number, result: string])[] = [
    ['1.1 at a hub for all', 0, ALL, 'attach Mouse/0 as 2'],
    ['2.0 at a hub for all', usbFlags.HIGHSPEED_CAPABLE, ALL, 'attach Mouse/0 as 4'],
    ['2.0 at an old hub', usbFlags.HIGHSPEED_CAPABLE, usbVersions.USB_1_1, 'attach Mouse/0 as 2'],
    ['3.0 at a hub for all', usbFlags.SUPERSPEED_CAPABLE, ALL | usbVersions.USB_3_0, 'attach Mouse/0 as 8'],
    ['1.1 at a new hub', 0, usbVersions.USB_3_0, 'VERR_PDM_NO_USB_HUBS'],
  ];
  for (const [what, flags, hub, result] of versions) {
    it(`of version ${what}: ${result}`, async () => {
      const log: string[] = [];
      const machine = machineOf(log, [notingUsb('Mouse', log, { flags })], { Mouse: { 0: {} } }, { versions: hub });
      const status = await creationFailure(machine);
      if (status === 'no failure') expect(log).to.include(result);
      else expect(status).to.equal(result);
    });
  }

  const fail = (status: ConstructorParameters<typeof SsmError>[0]) => (): never => {
    throw new SsmError(status, 'was to fail');
  };
  const refused: readonly (readonly [
    what: string,
    status: string,
    config: ConfigLiteral,
    make?: Partial<UsbDevice>,
  ])[] = [
    ['that nobody has registered', 'VERR_PDM_DEVICE_NOT_FOUND', { Other: { 0: {} } }],
    ['with too many instances', 'VERR_PDM_TOO_MANY_USB_DEVICE_INSTANCES', { Mouse: { 0: {}, 1: {}, 2: {}, 3: {} } }],
    ['with no port left', 'VERR_PDM_NO_USB_PORTS', { Mouse: { 0: {}, 1: {}, 2: {} } }],
    ['with something else for a UUID', 'VERR_INVALID_PARAMETER', { Mouse: { 0: { UUID: 'mouse' } } }],
    ['with a long text for a UUID', 'VERR_CFGM_NOT_ENOUGH_SPACE', { Mouse: { 0: { UUID: `${UUID}0` } } }],
    ['with a word for an instance', 'VERR_INVALID_PARAMETER', { Mouse: { first: {} } }],
    [
      'of another version',
      'VERR_PDM_USBDEV_VERSION_MISMATCH',
      { Mouse: { 0: {} } },
      { construct: fail('VERR_VERSION_MISMATCH') },
    ],
    ['that fail', 'VERR_NO_MEMORY', { Mouse: { 0: {} } }, { construct: fail('VERR_NO_MEMORY') }],
  ];
  for (const [what, status, config, make] of refused) {
    it(`${what} fail the creation: ${status}`, async () => {
      const log: string[] = [];
      const mouse = notingUsb('Mouse', log, { maxInstances: 3 }, () => make ?? {});
      expect(await creationFailure(machineOf(log, [mouse], config))).to.equal(status);
      const count = (what: string) => log.filter((line) => line.startsWith(what)).length;
      expect(count('attach'), 'all are detached').to.equal(count('detach'));
    });
  }

  it('that the hub does not take are gone', async () => {
    const log: string[] = [];
    const machine = machineOf(
      log,
      [notingUsb('Mouse', log)],
      { Mouse: { 0: {} } },
      { hub: { attachDevice: fail('VERR_EOF') } },
    );
    expect(await creationFailure(machine)).to.equal('VERR_EOF');
    expect(log).to.deep.equal(['Mouse/0 construct', 'Mouse/0 destruct']);
  });

  it('have drivers, units, timers and all, which go with them', async () => {
    const log: string[] = [];
    const usb = notingUsb('Disk', log, {}, (instance) => ({
      construct: async () => {
        instance.ssmRegister({ version: 1, saveExec: (stream) => void stream.putU8(1) });
        instance.timerCreate({ clock: 'REAL', name: 'Tick', callback: () => {} });
        instance.infoRegister({ name: 'usbdisk', description: 'x', handler: () => {} });
        instance.statRegister({ name: 'x', type: 'u32', sample: { value: 1 } });
        await attachIfAny(instance.driverAttach(0, emptyBase, 'Medium'));
      },
      driverDetach: () => void log.push('driverDetach'),
    }));
    const vm = await createMachine(machineOf(log, [usb], { Disk: { 0: { UUID, 'LUN#0': chain('Below') } } }));
    const { registry, tm } = vm.vm;
    const seen = () => [
      registry.find('Disk', 0) !== undefined,
      tm?.timers.length,
      vm.uvm.info.items.some(({ name }) => name === 'usbdisk'),
      vm.uvm.statistics.find('/USB/Disk#0/x') !== undefined,
      managerOf(vm).usbEntries.length,
    ];
    expect(seen()).to.deep.equal([true, 1, true, true, 1]);
    take(log);
    await managerOf(vm).usbUnplug(UUID);
    expect(take(log)).to.deep.equal([
      'Disk/0 hotUnplugged',
      'Below/0 destruct',
      'detach Disk/0 from 1',
      'Disk/0 destruct',
    ]);
    expect(seen()).to.deep.equal([false, 0, false, false, 0]);
    await vm.end();
  });
});

describe('plugging in and out', () => {
  it('while the machine runs is told as such; ports are used again', async () => {
    const log: string[] = [];
    const vm = await createMachine(machineOf(log, [notingUsb('Mouse', log)], {}, { ports: 1 }));
    const pdm = managerOf(vm);
    await pdm.usbPlugIn('Mouse', UUID, configTree({ Dpi: 800 }));
    expect(take(log), 'not on').to.deep.equal(['Mouse/0 construct', 'attach Mouse/0 as 2']);
    await vm.uvm.powerOn();
    expect(await failureStatus(pdm.usbPlugIn('Mouse'))).to.equal('VERR_PDM_NO_USB_PORTS');
    await pdm.usbUnplug(UUID);
    take(log);
    const uuid = await pdm.usbPlugIn('Mouse');
    expect(take(log)).to.deep.equal(['Mouse/0 construct', 'attach Mouse/0 as 2', 'Mouse/0 hotPlugged']);
    await vm.uvm.suspend('USER');
    await vm.uvm.resume('USER');
    expect(take(log)).to.deep.equal(['Mouse/0 suspend', 'Mouse/0 resume']);
    await pdm.usbUnplug(uuid);
    expect(await failureStatus(pdm.usbUnplug(uuid))).to.equal('VERR_PDM_DEVICE_INSTANCE_NOT_FOUND');
    expect(await failureStatus(pdm.usbPlugIn('Cat'))).to.equal('VERR_PDM_DEVICE_NOT_FOUND');
    expect(vm.vm.config?.child('USB/Mouse')?.children).to.deep.equal([]);
    await vm.end();
  });
});

describe('a USB hub', () => {
  const rows: readonly (readonly [what: string, status: string, options: HubOptions])[] = [
    ['of a driver of its class', 'no failure', {}],
    ['of another driver', 'VERR_INVALID_PARAMETER', { classes: driverClasses.BLOCK }],
    ['of no version', 'VERR_INVALID_PARAMETER', { versions: 0 }],
    ['of a version there is not', 'VERR_INVALID_PARAMETER', { versions: 1 }],
    ['without ports', 'VERR_INVALID_PARAMETER', { ports: 0 }],
    ['that attaches nothing', 'VERR_INVALID_PARAMETER', { hub: { attachDevice: undefined as never } }],
    ['that detaches nothing', 'VERR_INVALID_PARAMETER', { hub: { detachDevice: undefined as never } }],
    ['of another version of the structure', 'VERR_INVALID_MAGIC', { hub: { version: 1 } }],
    ['that ends in another one', 'VERR_INVALID_MAGIC', { hub: { endVersion: 1 } }],
    ['twice', 'VERR_PDM_USB_HUB_EXISTS', { times: 2 }],
  ];
  for (const [what, status, options] of rows) {
    it(`${what}: ${status}`, async () => {
      expect(await creationFailure(machineOf([], [], {}, options))).to.equal(status);
    });
  }

  it('goes with its driver', async () => {
    const vm = await createMachine(machineOf([], [], {}));
    expect(managerOf(vm).usb.count).to.equal(1);
    await managerOf(vm).deviceDetach('usb-ohci', 0, 0);
    expect(managerOf(vm).usb.count).to.equal(0);
    await onEmt(vm, () => {});
    await vm.end();
  });
});
