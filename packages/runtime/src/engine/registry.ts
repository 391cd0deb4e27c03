import { nameBytes, UNIT_NAME_MAX } from '../containers/unit-name.js';
import { SsmError } from '../error.js';
import type { SsmHandle } from './handle.js';
import { liveControlUnit, selfUnit } from './self-units.js';
import { callbackNames, type Unit, type UnitCallbacks, type UnitRegistration, type UnitType } from './unit.js';

/** Which units to deregister. */
export interface Deregistration {
  type: UnitType;
  /** Default: every unit of the owner; not for `internal` and `external`. */
  name?: string;
  /** Default 0; not looked at for `internal` and `external`. */
  instance?: number;
  /** Must be the one given at registration; not looked at for `internal` and `external`. */
  owner?: unknown;
}

/**
 * The units of a VM: what a save writes, in this order, and what a load knows.
 *
 * "SSM" and "SSMLiveControl" register themselves first (`VirtualBox 7.2 SSMR3.cpp, ssmR3LazyInit`).
 */
export class Registry {
  readonly #units: Unit[] = [];
  readonly #byKey = new Map<string, Unit>();
  readonly #operations = new Set<SsmHandle>();

  constructor() {
    this.register(selfUnit);
    this.register(liveControlUnit);
  }

  /** All units in order. */
  get units(): readonly Unit[] {
    return this.#units;
  }

  /**
   * Registers a unit.
   *
   * @throws SsmError VERR_INVALID_PARAMETER for an empty name, a number that is no u32 or a negative guess, VERR_OUT_OF_RANGE for a name of
   * 48 bytes or more, VERR_SSM_UNIT_EXISTS when there is a unit of this name and instance.
   */
  register(registration: UnitRegistration): Unit {
    const { before, ...callbacks } = registration;
    const unit: Unit = {
      // Callbacks may be methods of an object with state: they keep their `this`.
      ...bound(registration),
      name: registration.name,
      version: registration.version,
      instance: callbacks.instance ?? 0,
      guess: callbacks.guess ?? 0,
      type: callbacks.type ?? 'internal',
      owner: callbacks.owner,
      lock: callbacks.lock,
    };
    checkName('name', unit.name);
    if (before !== undefined) checkName('before', before);
    for (const key of ['instance', 'version'] as const) {
      if (unit[key] >>> 0 !== unit[key]) {
        throw new SsmError('VERR_INVALID_PARAMETER', `${key} ${unit[key]} is no u32`, { unit: unit.name });
      }
    }
    if (!(Number.isSafeInteger(unit.guess) && unit.guess >= 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `guess ${unit.guess} is no size`, { unit: unit.name });
    }
    if (this.find(unit.name, unit.instance) !== undefined) {
      throw new SsmError('VERR_SSM_UNIT_EXISTS', 'a unit of this name and instance exists', {
        unit: unit.name,
        instance: unit.instance,
      });
    }
    const at = before === undefined ? -1 : this.#units.findIndex(({ name }) => name === before);
    this.#units.splice(at < 0 ? this.#units.length : at, 0, unit);
    this.#byKey.set(keyOf(unit), unit);
    return unit;
  }

  /** Registers a unit that is read over when a state is loaded, whatever its version, and never saved. */
  registerStub(name: string, instance = 0): Unit {
    return this.register({
      name,
      instance,
      version: 0xffffffff,
      loadExec: (_stream, _version, _pass, handle) => handle.skipToEndOfUnit(),
    });
  }

  /** The unit of a name and instance. */
  find(name: string, instance: number): Unit | undefined {
    return this.#byKey.get(keyOf({ name, instance }));
  }

  /**
   * Deregisters units. With a name it is the one unit of that name and instance (of internal and external units the
   * first of that name); without, all units of the owner, for devices only those of the instance.
   *
   * @throws SsmError VERR_INVALID_PARAMETER (for `usb` VERR_INVALID_POINTER) without an owner where one is needed,
   * VERR_INVALID_PARAMETER without a name where one is needed, VERR_SSM_UNIT_NOT_FOUND, VERR_SSM_UNIT_NOT_OWNER.
   */
  deregister(which: Deregistration): void {
    const { type, name, instance = 0, owner } = which;
    const owned = type !== 'internal' && type !== 'external';
    if (owned && (owner === undefined || owner === null)) {
      const status = type === 'usb' ? 'VERR_INVALID_POINTER' : 'VERR_INVALID_PARAMETER';
      throw new SsmError(status, `deregistering a ${type} needs its owner`);
    }
    if (!owned && name === undefined) throw new SsmError('VERR_INVALID_PARAMETER', `deregistering needs a name`);
    const byInstance = owned && (type === 'device' || name !== undefined);
    const matches = this.#units.filter(
      (unit) =>
        unit.type === type && (name === undefined || unit.name === name) && (!byInstance || unit.instance === instance),
    );
    if (name === undefined) {
      for (const unit of matches) if (unit.owner === owner) this.#remove(unit);
      return;
    }
    const unit = matches[0];
    const where = owned ? { unit: name, instance } : { unit: name };
    if (unit === undefined) throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', 'no such unit is registered', where);
    if (owned && unit.owner !== owner) throw new SsmError('VERR_SSM_UNIT_NOT_OWNER', 'the unit is another’s', where);
    this.#remove(unit);
  }

  /**
   * Cancels the operation that is under way (all of them, where there are several).
   *
   * @throws SsmError VERR_SSM_NO_PENDING_OPERATION, VERR_SSM_ALREADY_CANCELLED.
   */
  cancel(): void {
    if (this.#operations.size === 0)
      throw new SsmError('VERR_SSM_NO_PENDING_OPERATION', 'nothing is being saved or loaded');
    const pending = [...this.#operations].filter(({ interrupt }) => interrupt.failure === undefined);
    if (pending.length === 0) throw new SsmError('VERR_SSM_ALREADY_CANCELLED', 'the operation is ending already');
    for (const handle of pending) handle.cancel();
  }

  /** An operation begins that can be cancelled. For the engine. */
  begin(handle: SsmHandle): void {
    this.#operations.add(handle);
  }

  /** An operation can no longer be cancelled. For the engine. */
  end(handle: SsmHandle): void {
    this.#operations.delete(handle);
  }

  #remove(unit: Unit): void {
    this.#units.splice(this.#units.indexOf(unit), 1);
    this.#byKey.delete(keyOf(unit));
  }
}

const keyOf = ({ name, instance }: { name: string; instance: number }) => `${instance} ${name}`;

function bound(callbacks: UnitCallbacks): UnitCallbacks {
  return Object.fromEntries(
    callbackNames.flatMap((name) => {
      const callback = callbacks[name];
      return callback === undefined ? [] : [[name, callback.bind(callbacks)]];
    }),
  );
}

function checkName(what: string, name: string): void {
  const { length } = nameBytes(name);
  if (length === 0 || name.includes('\0')) throw new SsmError('VERR_INVALID_PARAMETER', `${what} '${name}' is no name`);
  if (length >= UNIT_NAME_MAX) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${what} '${name}' has ${length} bytes, at most ${UNIT_NAME_MAX - 1} fit`);
  }
}
