import { SsmError } from '@ssmkit/runtime';
import type { ComponentFactory } from './components.js';
import type { SupportDriver } from './driver.js';
import { checkUnsigned } from './request.js';
import type { Session } from './session.js';

/** SUPDRV_IDC_VERSION; drivers of another high word do not understand each other. */
export const IDC_VERSION = 0x0001_0000;
/** Numbers of requests over a connection. sup.h has none; these are ssmkit's own. */
export const idcRequests = {
  DISCONNECT: 1,
  GET_SYMBOL: 2,
  COMPONENT_REGISTER_FACTORY: 3,
  COMPONENT_DEREGISTER_FACTORY: 4,
} as const;

/** What a request is accompanied by. */
export interface IdcPackets {
  DISCONNECT: undefined;
  /** Without a module, a symbol of the support driver itself. */
  GET_SYMBOL: { readonly module?: string; readonly symbol: string };
  COMPONENT_REGISTER_FACTORY: { readonly factory: ComponentFactory };
  COMPONENT_DEREGISTER_FACTORY: { readonly factory: ComponentFactory };
}

/** What a connection was told. */
export interface IdcConnection {
  /** Version that both sides speak. */
  readonly sessionVersion: number;
  readonly driverVersion: number;
  readonly driverRevision: number;
}

/** An open connection of another driver. */
export interface IdcHandle extends IdcConnection {
  readonly session: Session;
}

/** Inter-driver communication: another driver opens a session for itself. */
export class Idc {
  readonly #driver: SupportDriver;

  constructor(driver: SupportDriver) {
    this.#driver = driver;
  }

  /**
   * Connects (`SUPR0IdcOpen`).
   *
   * @param requestedVersion that the caller speaks; this driver's where not given.
   * @param minVersion the oldest one that it speaks as well, of the same high word; all of them where not given.
   * @throws SsmError VERR_VERSION_MISMATCH where the driver speaks none of them, VERR_INVALID_PARAMETER.
   */
  open(requestedVersion = IDC_VERSION, minVersion = Math.floor(requestedVersion / 0x10000) * 0x10000): IdcHandle {
    checkUnsigned(requestedVersion, 32, 'the version');
    checkUnsigned(minVersion, 32, 'the version');
    const sameMajor = (a: number, b: number) => a >>> 16 === b >>> 16;
    if (minVersion > requestedVersion || !sameMajor(minVersion, requestedVersion)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `version ${hex(requestedVersion)}, at least ${hex(minVersion)}`);
    }
    if (minVersion > IDC_VERSION || !sameMajor(minVersion, IDC_VERSION)) {
      throw new SsmError(
        'VERR_VERSION_MISMATCH',
        `version ${hex(IDC_VERSION)} where ${hex(minVersion)} is the least that is wanted`,
      );
    }
    const session = this.#driver.openSession({ process: 0, uid: 0, gid: 0, isKernel: true });
    const { revision } = this.#driver;
    return { session, sessionVersion: IDC_VERSION, driverVersion: IDC_VERSION, driverRevision: revision };
  }

  /**
   * Makes a request over a connection (`SUPR0IdcCall`).
   *
   * @returns the symbol, of GET_SYMBOL.
   * @throws SsmError VERR_NOT_SUPPORTED for an unknown number, VERR_INVALID_HANDLE once it is closed; what the request
   * fails with.
   */
  call<K extends keyof IdcPackets>(handle: IdcHandle, request: number, packet?: IdcPackets[K]): unknown {
    const { session } = handle;
    session.mustBeOpen();
    switch (request) {
      case idcRequests.DISCONNECT:
        return session.close();
      case idcRequests.GET_SYMBOL: {
        const { module, symbol } = packet as IdcPackets['GET_SYMBOL'];
        return module === undefined ? this.#symbolOfDriver(symbol) : this.#driver.modules.symbolByName(module, symbol);
      }
      case idcRequests.COMPONENT_REGISTER_FACTORY:
        return this.componentRegisterFactory(handle, (packet as IdcPackets['COMPONENT_REGISTER_FACTORY']).factory);
      case idcRequests.COMPONENT_DEREGISTER_FACTORY:
        return this.componentDeregisterFactory(handle, (packet as IdcPackets['COMPONENT_DEREGISTER_FACTORY']).factory);
      default:
        throw new SsmError('VERR_NOT_SUPPORTED', `there is no request ${hex(request)}`);
    }
  }

  /** `SUPR0IdcComponentRegisterFactory`. */
  componentRegisterFactory({ session }: IdcHandle, factory: ComponentFactory): void {
    this.#driver.components.register(session, factory);
  }

  /** `SUPR0IdcComponentDeregisterFactory`. */
  componentDeregisterFactory({ session }: IdcHandle, factory: ComponentFactory): void {
    this.#driver.components.deregister(session, factory);
  }

  /** Disconnects, and closes the session with all it has (`SUPR0IdcClose`). A second call does nothing. */
  close({ session }: IdcHandle): void {
    session.close();
  }

  /** The parts of the driver are its symbols. */
  #symbolOfDriver(name: string): unknown {
    if (!Object.hasOwn(this.#driver, name)) {
      throw new SsmError('VERR_SYMBOL_NOT_FOUND', `the support driver has no '${name}'`);
    }
    return this.#driver[name as keyof SupportDriver];
  }
}

function hex(version: number): string {
  return `0x${version.toString(16)}`;
}
