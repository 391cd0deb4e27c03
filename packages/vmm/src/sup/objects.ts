import { SsmError } from '@ssmkit/runtime';
import { type AccessPolicy, sameUserOrRoot } from './access-policy.js';
import type { Session, SessionOwner } from './session.js';
import { throwAll } from './throw-all.js';

/** SUPDRVOBJTYPE. */
export const objectTypes = {
  VM: 1,
  INTERNAL_NETWORK: 2,
  INTERNAL_NETWORK_INTERFACE: 3,
  SEM_EVENT: 4,
  SEM_EVENT_MULTI: 5,
  RAW_PCI_DEVICE: 6,
} as const;

export type SupObjectType = keyof typeof objectTypes;

/** Is called when nobody refers to an object any longer. */
export type SupDestructor = (object: SupObject, user1: unknown, user2: unknown) => void;

/** A reference-counted object. What it is, only its maker knows: it is in `user1` and `user2`. */
export class SupObject {
  readonly type: SupObjectType;
  /** Whoever made it; the basis of access checks. */
  readonly creator: SessionOwner;
  readonly user1: unknown;
  readonly user2: unknown;

  constructor(type: SupObjectType, creator: SessionOwner, user1: unknown, user2: unknown) {
    this.type = type;
    this.creator = creator;
    this.user1 = user1;
    this.user2 = user2;
  }
}

interface Entry {
  readonly destructor: SupDestructor;
  /** References by session, so that a session can take all of its own with it. */
  readonly references: Map<Session, number>;
}

/** The objects of a driver (`SUPR0Obj*`). */
export class ObjectTable {
  readonly #objects = new Map<SupObject, Entry>();
  readonly #policy: AccessPolicy;

  constructor(policy: AccessPolicy = sameUserOrRoot) {
    this.#policy = policy;
  }

  /** How many objects there are. */
  get size(): number {
    return this.#objects.size;
  }

  /**
   * Makes an object, with one reference that the session holds.
   *
   * @throws SsmError VERR_INVALID_PARAMETER for an unknown type or no destructor, VERR_INVALID_HANDLE.
   */
  register(
    session: Session,
    type: SupObjectType,
    destructor: SupDestructor,
    user1?: unknown,
    user2?: unknown,
  ): SupObject {
    session.mustBeOpen();
    if (!Object.hasOwn(objectTypes, type)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `there is no type of objects '${type}'`);
    }
    if (typeof destructor !== 'function') throw new SsmError('VERR_INVALID_PARAMETER', 'an object needs a destructor');
    const object = new SupObject(type, session.owner, user1, user2);
    this.#objects.set(object, { destructor, references: new Map([[session, 1]]) });
    return object;
  }

  /** References to an object; 0 once it is destroyed. With a session, only those it holds. */
  references(object: SupObject, session?: Session): number {
    const references = this.#objects.get(object)?.references;
    if (references === undefined) return 0;
    if (session !== undefined) return references.get(session) ?? 0;
    return [...references.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Adds a reference that the session holds (`SUPR0ObjAddRef`, `SUPR0ObjAddRefEx`, whose `fNoBlocking` has no meaning
   * here: nothing blocks).
   *
   * @throws SsmError VERR_INVALID_HANDLE for an object that is destroyed, or a session that is closed.
   */
  addRef(object: SupObject, session: Session): void {
    session.mustBeOpen();
    const entry = this.#objects.get(object);
    if (entry === undefined) throw new SsmError('VERR_INVALID_HANDLE', 'the object is destroyed');
    entry.references.set(session, (entry.references.get(session) ?? 0) + 1);
  }

  /**
   * Gives back a reference that the session holds.
   *
   * @returns VINF_OBJECT_DESTROYED when it was the last one of all, and the destructor has run.
   * @throws SsmError VERR_INVALID_PARAMETER for an object to which the session has no reference; what the destructor throws.
   */
  release(object: SupObject, session: Session): 'VINF_SUCCESS' | 'VINF_OBJECT_DESTROYED' {
    const entry = this.#objects.get(object);
    const count = entry?.references.get(session) ?? 0;
    if (entry === undefined || count === 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', `session ${session.id} has no reference to the object`);
    }
    if (count > 1) entry.references.set(session, count - 1);
    else entry.references.delete(session);
    if (entry.references.size > 0) return 'VINF_SUCCESS';
    this.#objects.delete(object);
    entry.destructor(object, object.user1, object.user2);
    return 'VINF_OBJECT_DESTROYED';
  }

  /**
   * Checks that a session may use an object.
   *
   * @throws SsmError VERR_ACCESS_DENIED where the policy says no, VERR_INVALID_HANDLE for an object that is destroyed.
   */
  verifyAccess(object: SupObject, session: Session, name?: string): void {
    session.mustBeOpen();
    if (!this.#objects.has(object)) throw new SsmError('VERR_INVALID_HANDLE', 'the object is destroyed');
    if (this.#policy(object, session, name)) return;
    const what = name === undefined ? `an object of type ${object.type}` : `'${name}'`;
    throw new SsmError(
      'VERR_ACCESS_DENIED',
      `user ${session.owner.uid} may not use ${what} of user ${object.creator.uid}`,
    );
  }

  /** Gives back all references of a session, those to the youngest objects first. For the driver. */
  sessionClosed(session: Session): void {
    const errors: unknown[] = [];
    for (const [object, { references }] of [...this.#objects].reverse()) {
      for (let count = references.get(session) ?? 0; count > 0; count--) {
        try {
          this.release(object, session);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    throwAll(errors, `destructors failed for session ${session.id}`);
  }
}
