import { SsmError } from '@ssmkit/runtime';

/**
 * Callbacks in the order of their registration. A callback and what it was registered with belong together: the same pair
 * can be there twice, is called twice then, and has to be deregistered twice.
 */
export class CallbackList<F extends (...args: never[]) => unknown> {
  readonly #entries: { readonly callback: F; readonly user: unknown }[] = [];

  /** @throws SsmError VERR_INVALID_PARAMETER for what is no function. */
  register(callback: F, user?: unknown): void {
    if (typeof callback !== 'function') throw new SsmError('VERR_INVALID_PARAMETER', 'the callback is no function');
    this.#entries.push({ callback, user });
  }

  /** @throws SsmError VERR_INVALID_PARAMETER for what is no function, VERR_FILE_NOT_FOUND for a pair that is not there. */
  deregister(callback: F, user?: unknown): void {
    if (typeof callback !== 'function') throw new SsmError('VERR_INVALID_PARAMETER', 'the callback is no function');
    const at = this.#entries.findIndex((entry) => entry.callback === callback && entry.user === user);
    if (at < 0) throw new SsmError('VERR_FILE_NOT_FOUND', 'the callback is not registered');
    this.#entries.splice(at, 1);
  }

  /**
   * Calls all that are registered now. One that throws keeps nobody from being called.
   *
   * @param goOn asked before each.
   * @param onThrow told what callbacks throw.
   */
  callAll(
    call: (callback: F, user: unknown) => void,
    onThrow: (thrown: unknown) => void,
    goOn: () => boolean = () => true,
  ): void {
    for (const { callback, user } of [...this.#entries]) {
      if (!goOn()) return;
      try {
        call(callback, user);
      } catch (thrown) {
        onThrow(thrown);
      }
    }
  }
}
