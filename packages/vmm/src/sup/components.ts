import { SsmError } from '@ssmkit/runtime';
import type { Session } from './session.js';

/** Longest name of a component factory, in bytes: SUPDRVFACTORY has 56 with the terminator. */
const NAME_MAX = 55;

/** SUPDRVFACTORY: a driver that lends its services to others, such as network filters. */
export interface ComponentFactory {
  readonly name: string;
  /** The interface of a UUID, in lower case, or nothing if the factory does not know it. */
  readonly queryFactoryInterface: (session: Session, uuid: string) => object | undefined;
}

/** The component factories of a driver. They go with the session that registered them. */
export class Components {
  readonly #factories: { readonly factory: ComponentFactory; readonly name: string; readonly session: Session }[] = [];

  /** Names of the factories there are, in the order of their registration. */
  get names(): readonly string[] {
    return this.#factories.map(({ name }) => name);
  }

  /** `SUPR0ComponentRegisterFactory`. @throws SsmError VERR_INVALID_PARAMETER, VERR_ALREADY_EXISTS for a factory or a name that is there. */
  register(session: Session, factory: ComponentFactory): void {
    session.mustBeOpen();
    const { name, queryFactoryInterface } = factory;
    if (typeof queryFactoryInterface !== 'function') {
      throw new SsmError('VERR_INVALID_PARAMETER', 'a factory needs a function that finds its interfaces');
    }
    if (!/^[\x20-\x7e]+$/.test(name) || name.length > NAME_MAX) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${name}' is no name of a factory: 1 to ${NAME_MAX} characters`);
    }
    if (this.#factories.some((other) => other.factory === factory || other.name === name)) {
      throw new SsmError('VERR_ALREADY_EXISTS', `there is a factory '${name}'`);
    }
    this.#factories.push({ factory, name, session });
  }

  /** `SUPR0ComponentDeregisterFactory`. @throws SsmError VERR_SUPDRV_COMPONENT_NOT_FOUND. */
  deregister(session: Session, factory: ComponentFactory): void {
    session.mustBeOpen();
    const at = this.#factories.findIndex((other) => other.factory === factory);
    if (at < 0)
      throw new SsmError('VERR_SUPDRV_COMPONENT_NOT_FOUND', `the factory '${factory.name}' is not registered`);
    this.#factories.splice(at, 1);
  }

  /**
   * Finds a factory's interface (`SUPR0ComponentQueryFactory`).
   *
   * @throws SsmError VERR_SUPDRV_COMPONENT_NOT_FOUND, VERR_SUPDRV_INTERFACE_NOT_SUPPORTED, VERR_INVALID_PARAMETER.
   */
  query(session: Session, name: string, uuid: string): object {
    session.mustBeOpen();
    const bare = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i.exec(uuid)?.[1];
    if (bare === undefined || uuid.startsWith('{') !== uuid.endsWith('}')) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${uuid}' is no UUID`);
    }
    const found = this.#factories.find((other) => other.name === name);
    if (found === undefined) {
      throw new SsmError('VERR_SUPDRV_COMPONENT_NOT_FOUND', `there is no component '${name}'`);
    }
    const factoryInterface = found.factory.queryFactoryInterface(session, bare.toLowerCase());
    if (factoryInterface === undefined) {
      throw new SsmError('VERR_SUPDRV_INTERFACE_NOT_SUPPORTED', `component '${name}' has no interface ${bare}`);
    }
    return factoryInterface;
  }

  /** For the driver. */
  sessionClosed(session: Session): void {
    for (let at = this.#factories.length - 1; at >= 0; at--) {
      if (this.#factories[at]!.session === session) this.#factories.splice(at, 1);
    }
  }
}
