import { isFailure, SsmError } from '@ssmkit/runtime';
import { type ConfigNode, queryDef } from '../cfgm/index.js';
import type { Answer } from '../emt/index.js';
import { failureOf } from '../emt/outcome.js';
import type { DeviceRegistration } from './device.js';
import type { DriverRegistration } from './driver.js';
import type { Pdm } from './pdm.js';
import type { Registered, Registrations } from './registrations.js';
import type { UsbRegistration } from './usb.js';
import { pdmVersions } from './versions.js';

/*
 * Modules: where drivers and devices come from (`VirtualBox PDMDriver.cpp, pdmR3DrvInit`; `PDMR3Device.cpp,
 * pdmR3DevLoadModules`)
 *
 *     /PDM/Drivers/LoadBuiltin       whether to load what comes with the VMM
 *     /PDM/Drivers/<module>/Path     a module of somebody else
 *
 * A module is an object with the exports `VBoxDriversRegister`, `VBoxDevicesRegister`, `VBoxUsbRegister`, each called with
 * callbacks that register. The modules that come along are given as objects; others are loaded by a `ModuleLoader`: in
 * Node.js from files, which are verified first. In a browser there is none, and whoever configures a module hears so.
 */

/** Given to a module's export, which registers what it has. */
export interface RegisterCallbacks<R> {
  /** See {@link pdmVersions}. */
  readonly version: number;
  /** @throws SsmError of the first rule that the registration breaks. */
  register(registration: R): void;
}

type Register<R> = (callbacks: RegisterCallbacks<R>, productVersion: number) => Answer | Promise<Answer>;

/** What a module exports; at least what it is loaded for. */
export interface PdmModule {
  readonly VBoxDriversRegister?: Register<DriverRegistration>;
  readonly VBoxDevicesRegister?: Register<DeviceRegistration>;
  readonly VBoxUsbRegister?: Register<UsbRegistration>;
}

/** Loads modules that do not come with the VMM. */
export interface ModuleLoader {
  /**
   * @param path as configured: complete, or a name to be completed with where modules are.
   * @returns what the module exports.
   * @throws SsmError why it is not to be trusted, or cannot be loaded.
   */
  load(path: string, name: string): Promise<object>;
}

/** The modules that come with VirtualBox, and what each is loaded for. */
const builtinModules = { Drivers: ['VBoxDD'], Devices: ['VBoxDD', 'VBoxDD2'], USB: ['VBoxDD'] } as const;

type Kind = keyof typeof builtinModules;

/** Longest name of a module. */
const NAME_MAX = 31;

interface KindRow {
  readonly node: Kind;
  readonly symbol: keyof PdmModule;
  readonly version: number;
  readonly table: (pdm: Pdm) => Registrations<never>;
}

const kinds: Readonly<Record<'driver' | 'device' | 'usb', KindRow>> = {
  driver: {
    node: 'Drivers',
    symbol: 'VBoxDriversRegister',
    version: pdmVersions.driverRegisterCallbacks,
    table: ({ drivers }) => drivers as never,
  },
  device: {
    node: 'Devices',
    symbol: 'VBoxDevicesRegister',
    version: pdmVersions.deviceRegisterCallbacks,
    table: ({ devices }) => devices as never,
  },
  usb: {
    node: 'USB',
    symbol: 'VBoxUsbRegister',
    version: pdmVersions.usbRegisterCallbacks,
    table: ({ usbDevices }) => usbDevices as never,
  },
};

interface Loaded {
  readonly exports: object;
  readonly path: string;
}

/** The modules of a VM, by name. */
export class Modules {
  readonly #pdm: Pdm;
  readonly #builtin: Readonly<Record<string, PdmModule>>;
  readonly #loader: ModuleLoader | undefined;
  readonly #productVersion: number;
  readonly #loaded = new Map<string, Loaded>();

  constructor(
    pdm: Pdm,
    options: {
      readonly builtin: Readonly<Record<string, PdmModule>>;
      readonly loader: ModuleLoader | undefined;
      readonly productVersion: number;
    },
  ) {
    this.#pdm = pdm;
    this.#builtin = options.builtin;
    this.#loader = options.loader;
    this.#productVersion = options.productVersion;
  }

  get names(): readonly string[] {
    return [...this.#loaded.keys()];
  }

  /** Loads what is configured for a kind. @throws SsmError the first failure. */
  async loadAll(kind: keyof typeof kinds): Promise<void> {
    const row = kinds[kind];
    const node = this.#pdm.config?.child(row.node);
    if (queryDef(node, 'LoadBuiltin', 'bool', true)) {
      for (const name of builtinModules[row.node]) {
        const exports = this.#builtin[name];
        // A builtin module that has nothing of the kind is not looked at for it.
        if (exports?.[row.symbol] === undefined) continue;
        await this.load(kind, name, `builtin:${name}`, async () => exports);
      }
      for (const [name, exports] of Object.entries(this.#builtin)) {
        const isKnown = (builtinModules[row.node] as readonly string[]).includes(name);
        if (!isKnown && exports[row.symbol] !== undefined) {
          await this.load(kind, name, `builtin:${name}`, async () => exports);
        }
      }
    }
    for (const child of node?.children ?? []) await this.#loadConfigured(kind, child);
  }

  async #loadConfigured(kind: keyof typeof kinds, node: ConfigNode): Promise<void> {
    const { name } = node;
    if (new TextEncoder().encode(name).length > NAME_MAX) {
      throw new SsmError('VERR_PDM_MODULE_NAME_TOO_LONG', `'${name}' has more than ${NAME_MAX} characters`);
    }
    const path = queryDef(node, 'Path', 'string', name);
    // Only for other contexts, but wrong is wrong.
    for (const key of ['R0SearchPath', 'RCSearchPath']) queryDef(node, key, 'string', '');
    await this.load(kind, name, path, async () => {
      if (this.#loader === undefined) {
        throw new SsmError('VERR_NOT_SUPPORTED', `module '${name}': nothing here loads modules`);
      }
      return this.#loader.load(path, name);
    });
  }

  /**
   * Loads a module for a kind, and has it register what it has. When that fails nothing of it stays registered.
   *
   * @returns VINF_PDM_ALREADY_LOADED for one that was loaded before, for another kind or the same; its export is called all
   * the same, so that a file can hold drivers and devices.
   * @throws SsmError VERR_PDM_MODULE_NAME_CLASH for another file under a name, VERR_PDM_NO_REGISTRATION_EXPORT; what the
   * loader or the module fails with.
   */
  async load(
    kind: keyof typeof kinds,
    name: string,
    path: string,
    load: () => Promise<object>,
  ): Promise<'VINF_SUCCESS' | 'VINF_PDM_ALREADY_LOADED'> {
    const before = this.#loaded.get(name);
    if (before !== undefined && before.path !== path) {
      throw new SsmError('VERR_PDM_MODULE_NAME_CLASH', `module '${name}' is ${before.path}, and is to be ${path}`);
    }
    const loaded = before ?? { exports: await load(), path };
    this.#loaded.set(name, loaded);
    try {
      await this.#register(kind, name, loaded);
    } catch (error) {
      this.unload(name);
      throw error;
    }
    return before === undefined ? 'VINF_SUCCESS' : 'VINF_PDM_ALREADY_LOADED';
  }

  async #register(kind: keyof typeof kinds, name: string, { exports, path }: Loaded): Promise<void> {
    const { symbol, version, table } = kinds[kind];
    const register = (exports as PdmModule)[symbol] as Register<never> | undefined;
    if (typeof register !== 'function') {
      throw new SsmError('VERR_PDM_NO_REGISTRATION_EXPORT', `module '${name}' (${path}) does not export ${symbol}`);
    }
    let isOpen = true;
    const callbacks: RegisterCallbacks<never> = {
      version,
      register: (registration) => {
        if (!isOpen) throw new SsmError('VERR_WRONG_ORDER', `module '${name}' registers after ${symbol} has ended`);
        table(this.#pdm).register(registration, name, this.#pdm.log);
      },
    };
    try {
      const status = await register(callbacks, this.#productVersion);
      if (status !== undefined && isFailure(status)) {
        throw new SsmError(status, `${symbol} of module '${name}' returned it`);
      }
    } catch (error) {
      throw failureOf(`${symbol} of module '${name}'`, error);
    } finally {
      isOpen = false;
    }
    this.#pdm.log(`PDM: Loaded ${kind} module '${name}' (${path})`);
  }

  /** Takes back all that a module has registered. */
  unload(name: string): void {
    this.#loaded.delete(name);
    const isMeant = ({ module }: Registered<never>) => module === name;
    for (const { table } of Object.values(kinds)) table(this.#pdm).forget(isMeant as never);
  }

  unloadAll(): void {
    for (const name of this.names) this.unload(name);
  }
}
