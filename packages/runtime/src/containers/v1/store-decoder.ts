import type { Decoder } from './decoder.js';
import type { UnitBytes } from './unit-bytes.js';

/** STORE: the data as it is, to the end of the unit. */
export class StoreDecoder implements Decoder {
  readonly resumable = true;
  readonly cutStatus = 'VERR_SSM_LOADED_TOO_MUCH';
  readonly #unit: UnitBytes;

  #counted = false;

  constructor(unit: UnitBytes) {
    this.#unit = unit;
  }

  /** Counts all of it, before any of it is taken. */
  #count(): void {
    if (this.#counted) return;
    const { left, input, totals } = this.#unit;
    input.guard.record(left, left);
    totals.raw = 1;
    totals.data = left;
    this.#counted = true;
  }

  fill(into: Uint8Array, at: number): number {
    this.#count();
    const unit = this.#unit;
    if (unit.request(1) === 0) return -1;
    const { input } = unit;
    const count = Math.min(unit.available, into.length - at);
    into.set(input.bytes.subarray(input.pos, input.pos + count), at);
    input.advance(count);
    return count;
  }

  skip(): boolean {
    this.#count();
    const unit = this.#unit;
    if (unit.request(1) === 0) return false;
    unit.input.advance(unit.available);
    return true;
  }
}
