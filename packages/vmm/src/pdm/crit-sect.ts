import { SsmError } from '@ssmkit/runtime';
import type { CritSect } from '../tm/index.js';

interface Waiter {
  readonly holder: object;
  readonly enter: () => void;
  readonly fail: (error: SsmError) => void;
}

/**
 * A critical section: a lock that the same holder may take again (`PDMCRITSECT`).
 *
 * In one event loop nobody comes between two lines of code that await nothing. So `enter` and `leave`, for code that does
 * not await while it is inside, need not wait for anybody, and only see to it that they come in pairs. Code that does
 * await, a callback of a device or of one of its units, holds the section by `acquire`, and other such code waits for it.
 * A holder is an EMT, or whatever else identifies who holds it.
 */
export class PdmCritSect implements CritSect {
  readonly name: string;
  readonly #waiting: Waiter[] = [];
  #entered = 0;
  #holder: object | undefined;
  #depth = 0;
  #destroyed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether somebody is inside. */
  get isEntered(): boolean {
    return this.#entered > 0 || this.#holder !== undefined;
  }

  /** Whether somebody waits to get in. */
  get hasWaiters(): boolean {
    return this.#waiting.length > 0;
  }

  get isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** Who holds it across awaits. */
  get holder(): object | undefined {
    return this.#holder;
  }

  /** @throws SsmError VERR_SEM_DESTROYED. */
  enter(): void {
    this.#mustExist();
    this.#entered++;
  }

  /** @throws SsmError VERR_SEM_BUSY when somebody else than `holder` holds it across awaits, VERR_SEM_DESTROYED. */
  tryEnter(holder?: object): void {
    this.#mustExist();
    if (this.#holder !== undefined && this.#holder !== holder) {
      throw new SsmError('VERR_SEM_BUSY', `somebody is in the critical section ${this.name}`);
    }
    this.#entered++;
  }

  /** @throws SsmError VERR_WRONG_ORDER when nobody is inside. */
  leave(): void {
    if (this.#entered === 0) throw new SsmError('VERR_WRONG_ORDER', `nobody is in the critical section ${this.name}`);
    this.#entered--;
  }

  /** Takes the section, once whoever else holds it has released it. @throws SsmError VERR_SEM_DESTROYED. */
  async acquire(holder: object): Promise<void> {
    this.#mustExist();
    if (this.#holder === undefined || this.#holder === holder) this.#hold(holder);
    else {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ holder, enter: resolve, fail: reject });
      });
    }
  }

  /** @throws SsmError VERR_WRONG_ORDER when `holder` does not hold it. */
  release(holder: object): void {
    // A section that was destroyed while it was held is left all the same.
    if (this.#destroyed) return;
    if (this.#holder !== holder) {
      throw new SsmError('VERR_WRONG_ORDER', `the critical section ${this.name} is held by somebody else`);
    }
    if (--this.#depth > 0) return;
    this.#holder = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#hold(next.holder);
    next.enter();
  }

  /** The section is no more. Those who wait for it fail with VERR_SEM_DESTROYED. */
  destroy(): void {
    this.#destroyed = true;
    this.#holder = undefined;
    for (const { fail } of this.#waiting.splice(0)) fail(this.#gone());
  }

  #hold(holder: object): void {
    this.#holder = holder;
    this.#depth++;
  }

  #mustExist(): void {
    if (this.#destroyed) throw this.#gone();
  }

  #gone(): SsmError {
    return new SsmError('VERR_SEM_DESTROYED', `the critical section ${this.name} was destroyed`);
  }
}

/** The section that does nothing, for devices that need none (`PDMDevHlpCritSectGetNop`). */
export const nopCritSect: PdmCritSect = new (class extends PdmCritSect {
  override enter(): void {}
  override tryEnter(): void {}
  override leave(): void {}
  override async acquire(): Promise<void> {}
  override release(): void {}
  override destroy(): void {}
})('NOP');
