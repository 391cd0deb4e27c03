import { SsmError } from '@ssmkit/runtime';
import type { SupportDriver } from './driver.js';
import { EventTable } from './event-table.js';
import { SessionMemory } from './memory/session-memory.js';
import { MultiEvent, SingleEvent } from './wait.js';

/** Who opens a session. In VirtualBox the kernel knows; here whoever embeds the driver says it. */
export interface SessionOwner {
  /** Process number. */
  readonly process: number;
  readonly uid: number;
  readonly gid: number;
  /** What the process is called, for messages. */
  readonly name?: string;
  /** Another driver that came by inter-driver communication, no process. */
  readonly isKernel?: boolean;
}

/** The owner of sessions that nobody named one for. */
export const defaultOwner: SessionOwner = { process: 0, uid: 0, gid: 0 };

/** One opening of the driver. Whatever is made through a session is gone with it. */
export class Session {
  readonly id: number;
  readonly owner: SessionOwner;
  readonly driver: SupportDriver;
  /** Single-release event semaphores (`SUPSemEvent*`). */
  readonly events: EventTable<SingleEvent>;
  /** Multiple-release event semaphores (`SUPSemEventMulti*`). */
  readonly multiEvents: EventTable<MultiEvent>;
  readonly memory: SessionMemory;
  readonly #interrupts = new Set<() => void>();
  #isOpen = true;

  /** For the driver; others call `SupportDriver.openSession`. */
  constructor(driver: SupportDriver, id: number, owner: SessionOwner) {
    this.driver = driver;
    this.id = id;
    this.owner = Object.freeze({ ...owner });
    this.events = new EventTable(this, 'SEM_EVENT', (timers) => new SingleEvent(timers));
    this.multiEvents = new EventTable(this, 'SEM_EVENT_MULTI', (timers) => new MultiEvent(timers));
    this.memory = new SessionMemory(this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws SsmError VERR_INVALID_HANDLE once the session is closed. */
  mustBeOpen(): void {
    if (!this.#isOpen) throw new SsmError('VERR_INVALID_HANDLE', `session ${this.id} is closed`);
  }

  /** Ends every interruptible wait of this session with VERR_INTERRUPTED, as a signal to the process does. */
  interrupt(): void {
    for (const end of [...this.#interrupts]) end();
  }

  /** Has `end` called by {@link interrupt}. @returns what takes that back. */
  onInterrupt(end: () => void): () => void {
    this.#interrupts.add(end);
    return () => this.#interrupts.delete(end);
  }

  /**
   * Closes the session and everything it has. A second call does nothing.
   *
   * All of it goes even when a destructor or a module's termination throws; what was thrown is thrown at the end.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.driver.sessionClosed(this);
  }
}
