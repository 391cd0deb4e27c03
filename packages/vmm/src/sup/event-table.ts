import { SsmError } from '@ssmkit/runtime';
import { type HostTimers, NS_PER_MS } from '../emt/host-clock.js';
import type { SupObject, SupObjectType } from './objects.js';
import type { Session } from './session.js';
import { type EventSemaphore, MultiEvent } from './wait.js';

/** NIL_SUPSEMEVENT and NIL_SUPSEMEVENTMULTI. */
export const NIL_EVENT = 0;

/** Milliseconds that mean no timeout: the most there are in 32 bits. */
export const INDEFINITE_MILLIS = 0xffff_ffff;

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Options of a wait that can be interrupted. */
export interface InterruptibleOptions {
  /** Interrupts this one wait. */
  readonly signal?: AbortSignal;
}

interface Handle<T extends EventSemaphore> {
  readonly object: SupObject;
  readonly semaphore: T;
  /** What ends the waits that came through this handle. */
  readonly waits: Set<(error: SsmError) => void>;
}

/**
 * The event semaphores of one kind that a session has handles to. A handle means nothing in another session, and is
 * never given out again.
 *
 * A wait that went on after its handle was closed would be a promise that nobody can settle any longer, so closing ends
 * the waits that came through the handle with VERR_SEM_DESTROYED.
 */
export class EventTable<T extends EventSemaphore> {
  readonly #session: Session;
  readonly #type: SupObjectType;
  readonly #make: (timers: HostTimers) => T;
  readonly #handles = new Map<number, Handle<T>>();
  #next = NIL_EVENT + 1;

  constructor(session: Session, type: SupObjectType, make: (timers: HostTimers) => T) {
    this.#session = session;
    this.#type = type;
    this.#make = make;
  }

  /** The best resolution of waits, in nanoseconds (`SUPSemEventGetResolution`). */
  get resolution(): number {
    return this.#session.driver.timerResolution;
  }

  /** Makes a semaphore that is not signalled. @returns its handle. */
  create(): number {
    const { driver } = this.#session;
    const semaphore = this.#make(driver.timers);
    const object = driver.objects.register(this.#session, this.#type, () => semaphore.destroy(), semaphore);
    return this.#add(object, semaphore);
  }

  /** The object behind a handle, for another session to {@link open}. @throws SsmError VERR_INVALID_HANDLE. */
  objectOf(handle: number): SupObject {
    return this.#handle(handle).object;
  }

  /**
   * Opens another session's semaphore.
   *
   * @returns a handle of this session.
   * @throws SsmError VERR_INVALID_PARAMETER for an object of another type, VERR_ACCESS_DENIED, VERR_INVALID_HANDLE.
   */
  open(object: SupObject): number {
    if (object.type !== this.#type) {
      throw new SsmError('VERR_INVALID_PARAMETER', `the object is of type ${object.type}, not ${this.#type}`);
    }
    const { objects } = this.#session.driver;
    objects.verifyAccess(object, this.#session);
    objects.addRef(object, this.#session);
    return this.#add(object, object.user1 as T);
  }

  /**
   * Closes a handle. NIL is none, and there is nothing to close.
   *
   * @returns VINF_OBJECT_DESTROYED when the semaphore is gone, VINF_SUCCESS when other handles keep it.
   * @throws SsmError VERR_INVALID_HANDLE.
   */
  close(handle: number): 'VINF_SUCCESS' | 'VINF_OBJECT_DESTROYED' {
    if (handle === NIL_EVENT) return 'VINF_SUCCESS';
    const { object, waits } = this.#handle(handle);
    this.#handles.delete(handle);
    for (const end of [...waits]) end(new SsmError('VERR_SEM_DESTROYED', 'the handle of the semaphore was closed'));
    return this.#session.driver.objects.release(object, this.#session);
  }

  /** @throws SsmError VERR_INVALID_HANDLE. */
  signal(handle: number): void {
    this.#handle(handle).semaphore.signal();
  }

  /** @throws SsmError VERR_INVALID_HANDLE, VERR_NOT_SUPPORTED for single-release events, which waits reset. */
  reset(handle: number): void {
    const { semaphore } = this.#handle(handle);
    if (!(semaphore instanceof MultiEvent)) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'only multiple-release events can be reset');
    }
    semaphore.reset();
  }

  /**
   * Waits, whatever signals come (`SUPSemEventWait`).
   *
   * @param millis how long at most; INDEFINITE_MILLIS for ever.
   * @throws SsmError VERR_TIMEOUT, VERR_SEM_DESTROYED, VERR_INVALID_HANDLE, VERR_INVALID_PARAMETER.
   */
  async wait(handle: number, millis: number): Promise<void> {
    await this.#wait(handle, this.#deadlineOf(millis), undefined);
  }

  /** As {@link wait}, but interruptible: VERR_INTERRUPTED (`SUPSemEventWaitNoResume`). */
  async waitNoResume(handle: number, millis: number, options: InterruptibleOptions = {}): Promise<void> {
    await this.#wait(handle, this.#deadlineOf(millis), options);
  }

  /** Waits up to a moment on the timers' clock; 2^64 - 1 for ever. @throws as {@link waitNoResume}. */
  async waitNsAbsIntr(handle: number, deadline: bigint, options: InterruptibleOptions = {}): Promise<void> {
    checkU64(deadline);
    await this.#wait(handle, deadline === U64_MAX ? undefined : deadline, options);
  }

  /** Waits up to a number of nanoseconds; 2^64 - 1 for ever. @throws as {@link waitNoResume}. */
  async waitNsRelIntr(handle: number, ns: bigint, options: InterruptibleOptions = {}): Promise<void> {
    checkU64(ns);
    await this.#wait(handle, ns === U64_MAX ? undefined : this.#session.driver.timers.now() + ns, options);
  }

  /** Closes all handles. For the driver. */
  sessionClosed(): void {
    for (const handle of [...this.#handles.keys()]) this.close(handle);
  }

  #add(object: SupObject, semaphore: T): number {
    const handle = this.#next++;
    this.#handles.set(handle, { object, semaphore, waits: new Set() });
    return handle;
  }

  #handle(handle: number): Handle<T> {
    const found = this.#handles.get(handle);
    if (found === undefined) {
      throw new SsmError('VERR_INVALID_HANDLE', `session ${this.#session.id} has no handle ${handle} of this kind`);
    }
    return found;
  }

  async #wait(handle: number, deadline: bigint | undefined, options: InterruptibleOptions | undefined): Promise<void> {
    const { semaphore, waits } = this.#handle(handle);
    const signal = options?.signal;
    if (signal?.aborted === true) throw interrupted();
    await semaphore.wait({
      ...(deadline === undefined ? {} : { deadline }),
      arm: [
        (end) => {
          waits.add(end);
          return () => waits.delete(end);
        },
        ...(options === undefined
          ? []
          : [(end: (error: SsmError) => void) => this.#session.onInterrupt(() => end(interrupted()))]),
        ...(signal === undefined
          ? []
          : [
              (end: (error: SsmError) => void) => {
                const call = () => end(interrupted());
                signal.addEventListener('abort', call);
                return () => signal.removeEventListener('abort', call);
              },
            ]),
      ],
    });
  }

  #deadlineOf(millis: number): bigint | undefined {
    if (!Number.isInteger(millis) || millis < 0 || millis > INDEFINITE_MILLIS) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${millis} is no number of milliseconds in 32 bits`);
    }
    return millis === INDEFINITE_MILLIS ? undefined : this.#session.driver.timers.now() + BigInt(millis) * NS_PER_MS;
  }
}

function checkU64(value: bigint): void {
  if (typeof value !== 'bigint' || value < 0n || value > U64_MAX) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${value} is no number of nanoseconds in 64 bits`);
  }
}

const interrupted = () => new SsmError('VERR_INTERRUPTED', 'the wait was interrupted');
