import type { SsmFailure, SsmStatus } from '@ssmkit/runtime';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import type { EmtContext } from '../emt/index.js';
import { failureStatus } from '../emt/testing.js';
import { iom } from '../iom/index.js';
import { mm } from '../mm/index.js';
import { pgm } from '../pgm/index.js';
import { tm } from '../tm/index.js';
import type { VmOptions } from '../vm/index.js';
import { TestVm } from '../vm/testing.js';
import type { Device, DeviceRegistration } from './device.js';
import type { Driver, DriverRegistration } from './driver.js';
import type { DeviceHelpers, DriverHelpers } from './helpers.js';
import { type BaseInterface, baseOf } from './interface-ids.js';
import type { PdmModule } from './modules.js';
import type { Pdm, PdmOptions } from './pdm.js';
import { pdm } from './subsystem.js';
import type { UsbRegistration } from './usb.js';

export { failureStatus };

/** What a test registers. */
export interface TestParts {
  readonly devices?: readonly DeviceRegistration[];
  readonly drivers?: readonly DriverRegistration[];
  readonly usb?: readonly UsbRegistration[];
}

/** A module that registers what a test has. */
export function testModule({ devices = [], drivers = [], usb = [] }: TestParts): PdmModule {
  return {
    VBoxDriversRegister: (callbacks) => {
      for (const driver of drivers) callbacks.register(driver);
    },
    VBoxDevicesRegister: (callbacks) => {
      for (const device of devices) callbacks.register(device);
    },
    VBoxUsbRegister: (callbacks) => {
      for (const device of usb) callbacks.register(device);
    },
  };
}

export interface TestMachine extends TestParts {
  /** Besides `NumCPUs` and 1 MiB of RAM. */
  readonly config?: ConfigLiteral;
  readonly cpuCount?: number;
  readonly pdm?: PdmOptions;
  readonly vm?: Partial<VmOptions>;
}

/** A VM with clocks, memory, ports and PDM, and the devices of a test. */
export async function createMachine(machine: TestMachine = {}): Promise<TestVm> {
  const { config = {}, cpuCount = 1, vm = {} } = machine;
  return TestVm.create({
    cpuCount,
    subsystems: [
      mm(),
      pgm(),
      iom(),
      tm({ utc: { now: () => 0n } }),
      pdm({ builtin: { VBoxDD: testModule(machine) }, ...machine.pdm }),
    ],
    configure: (root) => {
      root.replaceSubTree(configTree({ NumCPUs: cpuCount, RamSize: 1 << 20, ...config }));
    },
    ...vm,
  });
}

export const managerOf = (vm: TestVm): Pdm => vm.vm.pdm!;

/** A device that does what a test says, and notes what it is told. */
export function testDevice(
  name: string,
  make: (instance: DeviceHelpers) => Partial<Device> = () => ({}),
  registration: Partial<DeviceRegistration> = {},
): DeviceRegistration {
  return {
    name,
    classes: 0x80000000,
    ...registration,
    create: (instance) => ({ construct: () => {}, ...make(instance as DeviceHelpers) }),
  };
}

export function testDriver(
  name: string,
  make: (instance: DriverHelpers) => Partial<Driver> = () => ({}),
  registration: Partial<DriverRegistration> = {},
): DriverRegistration {
  return {
    name,
    ...registration,
    create: (instance) => ({ base: baseOf(), construct: () => {}, ...make(instance as DriverHelpers) }),
  };
}

export const emptyBase: BaseInterface = baseOf();

const deviceCallbacks = [
  'initComplete',
  'powerOn',
  'reset',
  'softReset',
  'memSetup',
  'suspend',
  'resume',
  'powerOff',
  'attach',
  'detach',
  'destruct',
] as const;

const driverCallbacks = ['powerOn', 'reset', 'suspend', 'resume', 'powerOff', 'attach', 'detach', 'destruct'] as const;

/** A device that attaches to LUNs, and notes every callback as `name/n callback(arguments)`. */
export function notingDevice(
  name: string,
  log: string[],
  { luns = [0], registration = {} }: { luns?: readonly number[]; registration?: Partial<DeviceRegistration> } = {},
  make: (instance: DeviceHelpers) => Partial<Device> = () => ({}),
): DeviceRegistration {
  return testDevice(
    name,
    (instance) => {
      const who = `${name}/${instance.instance}`;
      const notes = Object.fromEntries(
        deviceCallbacks.map((callback) => [
          callback,
          (...args: unknown[]) => void log.push(`${who} ${callback}${args.length > 0 ? `(${args.join()})` : ''}`),
        ]),
      );
      return {
        ...notes,
        attach: async (lun) => {
          log.push(`${who} attach(${lun})`);
          await instance.driverAttach(lun, emptyBase, `LUN ${lun}`);
        },
        construct: async () => {
          log.push(`${who} construct`);
          for (const lun of luns) await attachIfAny(instance.driverAttach(lun, emptyBase, `LUN ${lun}`));
        },
        ...make(instance),
      };
    },
    registration,
  );
}

/** A driver that attaches what is below it, and notes every callback. */
export function notingDriver(
  name: string,
  log: string[],
  registration: Partial<DriverRegistration> = {},
  make: (instance: DriverHelpers) => Partial<Driver> = () => ({}),
): DriverRegistration {
  return testDriver(
    name,
    (instance) => {
      const who = `${name}/${instance.instance}`;
      const notes = Object.fromEntries(
        driverCallbacks.map((callback) => [
          callback,
          (...args: unknown[]) => void log.push(`${who} ${callback}${args.length > 0 ? `(${args.join()})` : ''}`),
        ]),
      );
      return {
        ...notes,
        attach: async () => {
          log.push(`${who} attach`);
          await instance.attach();
        },
        construct: async () => {
          log.push(`${who} construct`);
          await attachIfAny(instance.attach());
        },
        ...make(instance),
      };
    },
    registration,
  );
}

/** Nothing is configured: that is no failure. */
export async function attachIfAny(attached: Promise<BaseInterface>): Promise<BaseInterface | undefined> {
  try {
    return await attached;
  } catch (error) {
    if ((error as { status?: SsmStatus }).status === 'VERR_PDM_NO_ATTACHED_DRIVER') return undefined;
    throw error;
  }
}

/** A chain of drivers as a configuration has it: `chain('A', 'B')` is A above B. */
export function chain(...names: readonly string[]): ConfigLiteral {
  const [first, ...rest] = names;
  return { Driver: first!, ...(rest.length > 0 && { AttachedDriver: chain(...rest) }) };
}

/** The drivers of a LUN from the top down, as `A>B`. */
export function driversOf(vm: TestVm, device: string, lun = 0, instance = 0): string {
  const entry = managerOf(vm).deviceEntries.find((one) => one.name === device && one.instance === instance);
  return (entry?.lun(lun)?.drivers ?? []).map(({ name }) => name).join('>');
}

/** What the creation of a machine fails with, and what it has logged. */
export async function creationFailure(machine: TestMachine): Promise<SsmFailure | 'no failure'> {
  try {
    const vm = await createMachine(machine);
    await vm.end();
    return 'no failure';
  } catch (error) {
    return (error as { status: SsmFailure }).status ?? String(error);
  }
}

/** Runs something on EMT(0), and gives what it gives. */
export async function onEmt<T>(vm: TestVm, call: (context: EmtContext) => T | Promise<T>): Promise<T> {
  let result: T | undefined;
  await vm.uvm.emts.requests.callWait(0, async (context) => {
    result = await context.run(() => call(context));
  });
  return result as T;
}

/** Forgets what was noted. @returns it. */
export const take = (log: string[]): string[] => log.splice(0);

/** A machine with a device, instances 0 and 1, and a driver below each. */
export async function createHelperMachine(rest: TestMachine = {}, trusted = true) {
  const devices: DeviceHelpers[] = [];
  const drivers: DriverHelpers[] = [];
  const vm = await createMachine({
    ...rest,
    devices: [
      testDevice('pit', (instance) => {
        devices.push(instance);
        return {
          construct: async () => void (await instance.driverAttach(0, emptyBase, 'Out')),
          attach: async () => {},
          detach: () => {},
        };
      }),
    ],
    drivers: [
      testDriver('Out', (instance) => {
        drivers.push(instance);
        return {};
      }),
      notingDriver('Other', []),
    ],
    config: {
      ...rest.config,
      Devices: {
        pit: {
          0: { Trusted: trusted, 'LUN#0': chain('Out'), Config: { Known: 1 } },
          1: { Trusted: trusted, 'LUN#0': chain('Out') },
        },
      },
    },
  });
  return { vm, pit: devices[0]!, pit1: devices[1]!, out: drivers[0]!, out1: drivers[1]!, pdm: managerOf(vm) };
}
