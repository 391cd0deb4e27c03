import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import type { SupportDriver } from './driver.js';
import type { SupDestructor, SupObject, SupObjectType } from './objects.js';
import type { ServiceHandler } from './services.js';
import type { Session } from './session.js';
import { throwAll } from './throw-all.js';
import type { VmmEntryPoints } from './vmm-entry.js';

/** The module that is the VMM. */
export const VMM_MODULE = 'VMMR0.r0';
/** Longest name of a module, in bytes: sup.h has 32 with the terminator. */
const NAME_MAX = 31;

/** What an ES module exports: its namespace object. Functions of known names are called; the rest are symbols. */
export interface ModuleExports {
  /** Is called once, when the module is loaded. What it throws keeps the module from being loaded. */
  readonly ModuleInit?: (image: ModuleImage) => void | Promise<void>;
  /** Is called once, before the module goes. */
  readonly ModuleTerm?: (image: ModuleImage) => void;
  /** In `VMMR0.r0`. */
  readonly VMMR0Entry?: VmmEntryPoints['ex'];
  /** In `VMMR0.r0`. */
  readonly VMMR0Fast?: VmmEntryPoints['fast'];
}

/** A module that is loaded; what its entry points are called with. */
export class ModuleImage {
  readonly name: string;
  readonly driver: SupportDriver;
  readonly exports: object;
  /** Objects whose destructors are the module's, which cannot go before them. */
  readonly #objects = new Set<SupObject>();

  constructor(name: string, driver: SupportDriver, exports: object) {
    this.name = name;
    this.driver = driver;
    this.exports = exports;
  }

  /** How many of the module's objects there are. */
  get objects(): number {
    return this.#objects.size;
  }

  /** `driver.objects.register` for an object whose destructor is in this module. */
  registerObject(
    session: Session,
    type: SupObjectType,
    destructor: SupDestructor,
    user1?: unknown,
    user2?: unknown,
  ): SupObject {
    const object = this.driver.objects.register(
      session,
      type,
      (destroyed, first, second) => {
        this.#objects.delete(destroyed);
        destructor(destroyed, first, second);
      },
      user1,
      user2,
    );
    this.#objects.add(object);
    return object;
  }
}

interface Loaded {
  readonly image: ModuleImage;
  /** How often each session has loaded it. */
  readonly sessions: Map<Session, number>;
  /** Settles when the module's entry point is through. */
  readonly ready: Promise<void>;
  /** What to take back when it goes, besides calling its termination. */
  readonly undo: (() => void)[];
}

/** The modules in the kernel: ES modules that are handed in. Who loads them from files verifies these first (`sup/node`). */
export class Modules {
  readonly #driver: SupportDriver;
  readonly #loaded = new Map<string, Loaded>();

  constructor(driver: SupportDriver) {
    this.#driver = driver;
  }

  /** Names of the modules that are loaded. */
  get names(): readonly string[] {
    return [...this.#loaded.keys()];
  }

  /** How often a module is loaded, by all sessions together. */
  references(name: string): number {
    return [...(this.#loaded.get(name)?.sessions.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Loads a module, or refers to it once more if it is loaded (`SUPR3LoadModule`).
   *
   * @throws SsmError VERR_INVALID_NAME, VERR_FILENAME_TOO_LONG, VERR_PDM_MODULE_NAME_CLASH for another module under the name,
   * VERR_SYMBOL_NOT_FOUND when `VMMR0.r0` has no entry point; what `ModuleInit` throws.
   */
  async load(session: Session, name: string, exports: ModuleExports & object): Promise<ModuleImage> {
    return this.#load(session, name, exports, undefined);
  }

  /**
   * Loads a module that is a service of the same name (`SUPR3LoadServiceModule`).
   *
   * @param handler name of the export that serves requests.
   * @throws as {@link load}; VERR_SYMBOL_NOT_FOUND, VERR_ALREADY_EXISTS for another service of the name.
   */
  async loadService(
    session: Session,
    name: string,
    exports: ModuleExports & object,
    handler: string,
  ): Promise<ModuleImage> {
    return this.#load(session, name, exports, handler);
  }

  /**
   * Takes back one load (`SUPR3FreeModule`). The module goes with the last one of all.
   *
   * @throws SsmError VERR_INVALID_HANDLE for a module that the session has not loaded, VERR_WRONG_ORDER while there
   * are objects of the module; what `ModuleTerm` throws, when the module is gone nonetheless.
   */
  free(session: Session, image: ModuleImage): void {
    const loaded = this.#ofSession(session, image);
    if (this.references(image.name) === 1 && image.objects > 0) {
      throw new SsmError('VERR_WRONG_ORDER', `module '${image.name}' has ${image.objects} objects`);
    }
    this.#release(session, loaded);
  }

  /** What a module exports under a name (`SUPR3GetSymbolR0`). @throws SsmError VERR_INVALID_HANDLE, VERR_SYMBOL_NOT_FOUND. */
  symbol(session: Session, image: ModuleImage, name: string): unknown {
    this.#ofSession(session, image);
    return symbolOf(image, name);
  }

  /** A symbol of any module, for other drivers. @throws SsmError VERR_SYMBOL_NOT_FOUND. */
  symbolByName(module: string, name: string): unknown {
    const loaded = this.#loaded.get(module);
    if (loaded === undefined) throw new SsmError('VERR_SYMBOL_NOT_FOUND', `module '${module}' is not loaded`);
    return symbolOf(loaded.image, name);
  }

  /** Takes back all loads of a session. For the driver. */
  sessionClosed(session: Session): void {
    const errors: unknown[] = [];
    for (const loaded of [...this.#loaded.values()].reverse()) {
      while (loaded.sessions.has(session)) {
        try {
          this.#release(session, loaded);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    throwAll(errors, 'modules did not end well');
  }

  async #load(
    session: Session,
    name: string,
    exports: ModuleExports & object,
    handler: string | undefined,
  ): Promise<ModuleImage> {
    session.mustBeOpen();
    checkName(name);
    let loaded = this.#loaded.get(name);
    if (loaded !== undefined && loaded.image.exports !== exports) {
      throw new SsmError('VERR_PDM_MODULE_NAME_CLASH', `another module is loaded as '${name}'`);
    }
    if (loaded === undefined) loaded = this.#start(session, name, exports, handler);
    else loaded.sessions.set(session, (loaded.sessions.get(session) ?? 0) + 1);
    await loaded.ready;
    if (!session.isOpen) throw new SsmError('VERR_INVALID_HANDLE', `session ${session.id} is closed`);
    return loaded.image;
  }

  #start(session: Session, name: string, exports: ModuleExports & object, handler: string | undefined): Loaded {
    const image = new ModuleImage(name, this.#driver, exports);
    const undo: (() => void)[] = [];
    const service = handler === undefined ? undefined : (callable(image, handler) as ServiceHandler);
    const vmm: VmmEntryPoints | undefined =
      name === VMM_MODULE
        ? {
            ex: callable(image, 'VMMR0Entry') as NonNullable<VmmEntryPoints['ex']>,
            fast: callable(image, 'VMMR0Fast') as NonNullable<VmmEntryPoints['fast']>,
          }
        : undefined;
    if (service !== undefined) {
      this.#driver.services.register(name, service);
      undo.push(() => this.#driver.services.deregister(name));
    }
    if (vmm !== undefined) {
      this.#driver.vmm.set(vmm);
      undo.push(() => this.#driver.vmm.unset());
    }
    const loaded: Loaded = { image, sessions: new Map([[session, 1]]), undo, ready: this.#initialize(image, undo) };
    this.#loaded.set(name, loaded);
    return loaded;
  }

  async #initialize(image: ModuleImage, undo: (() => void)[]): Promise<void> {
    const { ModuleInit: init, ModuleTerm: term } = image.exports as ModuleExports;
    try {
      // After the caller has entered the module in the table, so that it is there when its entry point asks.
      await Promise.resolve();
      await init?.(image);
    } catch (error) {
      if (this.#loaded.get(image.name)?.image === image) {
        this.#loaded.delete(image.name);
        for (const call of undo.splice(0)) call();
      }
      throw error;
    }
    // Whoever loaded it may be gone by now.
    if (this.#loaded.get(image.name)?.image !== image) term?.(image);
    else if (term !== undefined) undo.unshift(() => term(image));
  }

  #ofSession(session: Session, image: ModuleImage): Loaded {
    const loaded = this.#loaded.get(image.name);
    if (loaded?.image !== image || !loaded.sessions.has(session)) {
      throw new SsmError('VERR_INVALID_HANDLE', `session ${session.id} has not loaded module '${image.name}'`);
    }
    return loaded;
  }

  #release(session: Session, { image, sessions, undo }: Loaded): void {
    const count = sessions.get(session)!;
    if (count > 1) sessions.set(session, count - 1);
    else sessions.delete(session);
    if (sessions.size > 0) return;
    this.#loaded.delete(image.name);
    const errors: unknown[] = [];
    for (const call of undo.splice(0)) {
      try {
        call();
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors, `module '${image.name}' did not end well`);
  }
}

function checkName(name: string): void {
  if (name.length > NAME_MAX) {
    throw new SsmError('VERR_FILENAME_TOO_LONG', `'${name}' has more than ${NAME_MAX} characters`);
  }
  if (!/^[A-Za-z0-9_.+-]+$/.test(name)) throw new SsmError('VERR_INVALID_NAME', `'${name}' is no name of a module`);
}

function symbolOf(image: ModuleImage, name: string): unknown {
  if (!Object.hasOwn(image.exports, name)) {
    throw new SsmError('VERR_SYMBOL_NOT_FOUND', `module '${image.name}' does not export '${name}'`);
  }
  return (image.exports as Record<string, unknown>)[name];
}

function callable(image: ModuleImage, name: string): (...args: never[]) => SsmStatus | undefined {
  const symbol = symbolOf(image, name);
  if (typeof symbol !== 'function') {
    throw new SsmError('VERR_SYMBOL_NOT_FOUND', `'${name}' of module '${image.name}' is no function`);
  }
  return symbol as (...args: never[]) => SsmStatus | undefined;
}
