import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import type { ModuleLoader, PdmModule } from './modules.js';
import { createMachine, creationFailure, managerOf, testDevice, testDriver } from './testing.js';
import { pdmVersions } from './versions.js';

/** A loader of modules that a test has; notes what it is asked for. */
function loaderOf(modules: Readonly<Record<string, object>>, asked: string[] = []): ModuleLoader {
  return {
    load: async (path, name) => {
      asked.push(`${name}=${path}`);
      const module = modules[path];
      if (module === undefined) throw new SsmError('VERR_FILE_NOT_FOUND', `there is no ${path}`);
      return module;
    },
  };
}

const twin: PdmModule = {
  VBoxDriversRegister: (callbacks) => callbacks.register(testDriver('Twin')),
  VBoxDevicesRegister: (callbacks) => callbacks.register(testDevice('twin')),
};

describe('modules', () => {
  it('are told the version of the callbacks, and of the product', async () => {
    const told: unknown[] = [];
    const note = (kind: string) => (callbacks: { version: number }, version: number) =>
      void told.push([kind, callbacks.version, version]);
    const vm = await createMachine({
      pdm: {
        productVersion: 0x07020004,
        builtin: {
          VBoxDD: {
            VBoxDriversRegister: note('drivers'),
            VBoxDevicesRegister: note('devices'),
            VBoxUsbRegister: note('usb'),
          },
          VBoxDD2: { VBoxDevicesRegister: note('more devices') },
        },
      },
    });
    expect(told).to.deep.equal([
      ['drivers', pdmVersions.driverRegisterCallbacks, 0x07020004],
      ['devices', pdmVersions.deviceRegisterCallbacks, 0x07020004],
      ['more devices', pdmVersions.deviceRegisterCallbacks, 0x07020004],
      ['usb', pdmVersions.usbRegisterCallbacks, 0x07020004],
    ]);
    await vm.end();
  });

  const loadBuiltin: readonly (readonly [string, ConfigLiteral, string[], string[]])[] = [
    ['by default', {}, ['Twin'], ['twin']],
    ['where a node says nothing', { PDM: { Drivers: {}, Devices: {} } }, ['Twin'], ['twin']],
    ['not where a node says so', { PDM: { Drivers: { LoadBuiltin: false } } }, [], ['twin']],
    ['not at all', { PDM: { Drivers: { LoadBuiltin: 0 }, Devices: { LoadBuiltin: 0 } } }, [], []],
  ];
  for (const [when, config, drivers, devices] of loadBuiltin) {
    it(`that come along are loaded ${when}`, async () => {
      const vm = await createMachine({ config, pdm: { builtin: { VBoxDD: twin } } });
      expect([managerOf(vm).drivers.names, managerOf(vm).devices.names]).to.deep.equal([drivers, devices]);
      await vm.end();
    });
  }

  it('of others are loaded from where they are configured to be, by default under their names', async () => {
    const asked: string[] = [];
    const vm = await createMachine({
      config: { PDM: { Drivers: { Mine: {}, Other: { Path: '/opt/other.mjs' } } } },
      pdm: {
        loader: loaderOf(
          {
            Mine: { VBoxDriversRegister: (callbacks: never) => register(callbacks, 'Mine') },
            '/opt/other.mjs': { VBoxDriversRegister: (callbacks: never) => register(callbacks, 'Other') },
          },
          asked,
        ),
      },
    });
    expect(asked).to.deep.equal(['Mine=Mine', 'Other=/opt/other.mjs']);
    expect(managerOf(vm).drivers.names).to.deep.equal(['Mine', 'Other']);
    await vm.end();
  });

  it('can hold drivers and devices: a file is loaded once', async () => {
    const asked: string[] = [];
    const vm = await createMachine({
      config: { PDM: { Drivers: { Twin: {} }, Devices: { Twin: {} } } },
      pdm: { loader: loaderOf({ Twin: twin }, asked) },
    });
    expect(asked).to.have.length(1);
    expect([managerOf(vm).drivers.names, managerOf(vm).devices.names]).to.deep.equal([['Twin'], ['twin']]);
    expect(
      await managerOf(vm).modules.load('driver', 'New', 'New', async () => ({ VBoxDriversRegister: () => {} })),
    ).to.equal('VINF_SUCCESS');
    expect(await managerOf(vm).modules.load('driver', 'New', 'New', async () => ({}))).to.equal(
      'VINF_PDM_ALREADY_LOADED',
    );
    await vm.end();
  });

  const refused: readonly (readonly [string, string, ConfigLiteral, object])[] = [
    [
      'without its export',
      'VERR_PDM_NO_REGISTRATION_EXPORT',
      { Drivers: { Bad: {} } },
      { VBoxDevicesRegister: () => {} },
    ],
    [
      'whose export is no function',
      'VERR_PDM_NO_REGISTRATION_EXPORT',
      { Drivers: { Bad: {} } },
      { VBoxDriversRegister: 1 },
    ],
    ['of a long name', 'VERR_PDM_MODULE_NAME_TOO_LONG', { Drivers: { ['x'.repeat(32)]: { Path: 'Bad' } } }, twin],
    [
      'that is another file under a known name',
      'VERR_PDM_MODULE_NAME_CLASH',
      { Drivers: { Bad: {} }, Devices: { Bad: { Path: 'Other' } } },
      twin,
    ],
    ['whose path is a number', 'VERR_CFGM_NOT_STRING', { Drivers: { Bad: { Path: 1 } } }, twin],
    ['that throws', 'VERR_GENERAL_FAILURE', { Drivers: { Bad: {} } }, failing(new Error('a bug'))],
    ['that fails', 'VERR_NO_MEMORY', { Drivers: { Bad: {} } }, failing(new SsmError('VERR_NO_MEMORY', 'none'))],
    ['that returns a failure', 'VERR_NOT_SUPPORTED', { Drivers: { Bad: {} } }, failing('VERR_NOT_SUPPORTED')],
    ['that is not there', 'VERR_FILE_NOT_FOUND', { Drivers: { Missing: {} } }, twin],
    ['with a word for LoadBuiltin', 'VERR_CFGM_NOT_INTEGER', { Drivers: { LoadBuiltin: 'no' } }, twin],
  ];
  for (const [what, status, config, module] of refused) {
    it(`are refused ${what}`, async () => {
      const machine = { config: { PDM: config }, pdm: { loader: loaderOf({ Bad: module }) } };
      expect(await creationFailure(machine)).to.equal(status);
    });
  }

  it('can be of 31 characters', async () => {
    const config = { PDM: { Drivers: { ['x'.repeat(31)]: { Path: 'Twin' } } } };
    expect(await creationFailure({ config, pdm: { loader: loaderOf({ Twin: twin }) } })).to.equal('no failure');
  });

  it('need somebody to load them', async () => {
    expect(await creationFailure({ config: { PDM: { Drivers: { Mine: {} } } } })).to.equal('VERR_NOT_SUPPORTED');
  });

  it('leave nothing registered when they fail, and register nothing afterwards', async () => {
    const vm = await createMachine();
    const { modules, drivers } = managerOf(vm);
    let late: (() => void) | undefined;
    const bad: PdmModule = {
      VBoxDriversRegister: (callbacks) => {
        callbacks.register(testDriver('First'));
        late = () => callbacks.register(testDriver('Late'));
        throw new Error('a bug');
      },
    };
    const load = modules.load('driver', 'Bad', 'Bad', async () => bad);
    expect(await load.catch((error: SsmError) => error.status)).to.equal('VERR_GENERAL_FAILURE');
    expect([drivers.names, modules.names]).to.deep.equal([[], ['VBoxDD']]);
    expect(late).to.throw('registers after');
    expect(drivers.names).to.deep.equal([]);
    await vm.end();
  });
});

function register(callbacks: never, name: string): void {
  (callbacks as { register(driver: unknown): void }).register(testDriver(name));
}

/** A module that registers a driver and fails then. */
function failing(how: unknown): object {
  return {
    VBoxDriversRegister: (callbacks: never) => {
      register(callbacks, 'Half');
      if (typeof how === 'string') return how;
      throw how;
    },
  };
}
