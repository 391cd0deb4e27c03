import type { SupportDriver } from './driver.js';
import { defaultOwner, type Session, type SessionOwner } from './session.js';

/**
 * A process's side of the support library: one session, which all of the process shares (`SUPR3Init`, `SUPR3Term`).
 */
export class SupportLibrary {
  readonly #driver: SupportDriver;
  readonly #owner: SessionOwner;
  #session: Session | undefined;
  #inits = 0;

  constructor(driver: SupportDriver, owner: SessionOwner = defaultOwner) {
    this.#driver = driver;
    this.#owner = owner;
  }

  /** The session while the library is initialised. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Opens the session, or counts once more. With it the global information page is mapped. */
  init(): Session {
    this.#inits++;
    if (this.#session === undefined) {
      this.#session = this.#driver.openSession(this.#owner);
      this.#driver.gip.map(this.#session);
    }
    return this.#session;
  }

  /** Takes back one {@link init}; closes the session with the last one, or, when forced, at once. */
  term(options: { readonly forced?: boolean } = {}): void {
    this.#inits = options.forced === true ? 0 : Math.max(this.#inits - 1, 0);
    if (this.#inits > 0) return;
    const session = this.#session;
    this.#session = undefined;
    session?.close();
  }
}
