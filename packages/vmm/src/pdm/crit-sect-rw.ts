import { SsmError } from '@ssmkit/runtime';

interface Waiter {
  readonly holder: object;
  readonly isExclusive: boolean;
  readonly enter: () => void;
  readonly fail: (error: SsmError) => void;
}

/**
 * A lock that many may read under, or one write (`PDMCRITSECTRW`), for code that awaits while it is inside. Who asks first
 * enters first, so that writers do not starve; the writer may also read, and all may enter again.
 */
export class PdmCritSectRw {
  readonly name: string;
  readonly #readers = new Map<object, number>();
  readonly #waiting: Waiter[] = [];
  #writer: object | undefined;
  #writes = 0;
  #destroyed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** How many read. */
  get readers(): number {
    return this.#readers.size;
  }

  get isWritten(): boolean {
    return this.#writer !== undefined;
  }

  /** @throws SsmError VERR_SEM_DESTROYED. */
  enterShared(holder: object): Promise<void> {
    return this.#enter(holder, false);
  }

  /** @throws SsmError VERR_SEM_DESTROYED; VERR_DEADLOCK for a reader, who would wait for itself. */
  enterExclusive(holder: object): Promise<void> {
    if (this.#readers.has(holder) && this.#writer !== holder) {
      return Promise.reject(new SsmError('VERR_DEADLOCK', `a reader of ${this.name} cannot become its writer`));
    }
    return this.#enter(holder, true);
  }

  /** @throws SsmError VERR_SEM_BUSY when it would have to wait, VERR_SEM_DESTROYED. */
  tryEnterShared(holder: object): void {
    this.#try(holder, false);
  }

  /** @throws as {@link tryEnterShared}. */
  tryEnterExclusive(holder: object): void {
    this.#try(holder, true);
  }

  /** @throws SsmError VERR_WRONG_ORDER for who does not read. */
  leaveShared(holder: object): void {
    if (this.#destroyed) return;
    const count = this.#readers.get(holder);
    if (count === undefined) throw this.#wrongOrder('reads');
    if (count > 1) this.#readers.set(holder, count - 1);
    else this.#readers.delete(holder);
    this.#next();
  }

  /** @throws SsmError VERR_WRONG_ORDER for who does not write. */
  leaveExclusive(holder: object): void {
    if (this.#destroyed) return;
    if (this.#writer !== holder) throw this.#wrongOrder('writes');
    if (--this.#writes === 0) this.#writer = undefined;
    this.#next();
  }

  /** The section is no more. Those who wait for it fail with VERR_SEM_DESTROYED. */
  destroy(): void {
    this.#destroyed = true;
    this.#readers.clear();
    this.#writer = undefined;
    for (const { fail } of this.#waiting.splice(0)) fail(this.#gone());
  }

  #enter(holder: object, isExclusive: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#destroyed) reject(this.#gone());
      else if (this.#mayEnter(holder, isExclusive)) {
        this.#take(holder, isExclusive);
        resolve();
      } else this.#waiting.push({ holder, isExclusive, enter: resolve, fail: reject });
    });
  }

  #try(holder: object, isExclusive: boolean): void {
    if (this.#destroyed) throw this.#gone();
    if (!this.#mayEnter(holder, isExclusive)) {
      throw new SsmError('VERR_SEM_BUSY', `the critical section ${this.name} would have to be waited for`);
    }
    this.#take(holder, isExclusive);
  }

  /** Whether there is nobody in the way; those who wait are, but for somebody who is inside already. */
  #mayEnter(holder: object, isExclusive: boolean): boolean {
    if (this.#writer === holder) return true;
    if (!isExclusive && this.#readers.has(holder)) return true;
    return this.#waiting.length === 0 && this.#isFree(isExclusive);
  }

  #isFree(isExclusive: boolean): boolean {
    return this.#writer === undefined && (!isExclusive || this.#readers.size === 0);
  }

  #take(holder: object, isExclusive: boolean): void {
    if (isExclusive) {
      this.#writer = holder;
      this.#writes++;
    } else this.#readers.set(holder, (this.#readers.get(holder) ?? 0) + 1);
  }

  #next(): void {
    for (let [first] = this.#waiting; first !== undefined && this.#isFree(first.isExclusive); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#take(first.holder, first.isExclusive);
      first.enter();
    }
  }

  #wrongOrder(what: string): SsmError {
    return new SsmError('VERR_WRONG_ORDER', `nobody of that name ${what} in the critical section ${this.name}`);
  }

  #gone(): SsmError {
    return new SsmError('VERR_SEM_DESTROYED', `the critical section ${this.name} was destroyed`);
  }
}
