import { toSsmError } from './call-unit.js';
import type { SsmHandle } from './handle.js';
import { type ProgressListener, ProgressMeter, type ProgressSplit } from './progress.js';
import type { Registry } from './registry.js';

/** What all operations on the units of a registry take. */
export interface OperationOptions {
  /** Cancels the operation: VERR_SSM_CANCELLED, with the signal's reason as its cause. */
  signal?: AbortSignal | undefined;
  /** Told how far the operation is. */
  onProgress?: ProgressListener | undefined;
}

/**
 * What saving and loading have in common: they can be cancelled from their first to their last step, by their handle, by
 * their registry or by a signal, and tell how far they are.
 */
export class Operation {
  readonly handle: SsmHandle;
  readonly progress: ProgressMeter;
  readonly #registry: Registry;
  readonly #signal: AbortSignal | undefined;
  #detach: () => void = () => {};

  constructor(registry: Registry, handle: SsmHandle, split: ProgressSplit, options: OperationOptions) {
    const { signal, onProgress } = options;
    this.handle = handle;
    this.#registry = registry;
    this.#signal = signal;
    this.progress = new ProgressMeter(
      split,
      onProgress &&
        ((progress) => {
          try {
            onProgress(progress);
          } catch (error) {
            handle.interrupt.interrupt(toSsmError('onProgress', error));
          }
        }),
    );
  }

  /** From now on the operation can be cancelled. */
  start(): void {
    this.handle.cancellable = true;
    this.#registry.begin(this.handle);
    this.#detach = this.handle.interrupt.cancelOn(this.#signal);
  }

  /** From now on it cannot. */
  end(): void {
    this.handle.cancellable = false;
    this.#registry.end(this.handle);
    this.#detach();
  }
}
