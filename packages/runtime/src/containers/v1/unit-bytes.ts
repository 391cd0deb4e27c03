import { SsmError } from '../../error.js';
import type { SsmFailure } from '../../status.js';
import type { ByteReader } from '../byte-reader.js';
import { noTotals, type RecordTotals } from '../state.js';

/** The bytes that the data of a unit takes up in the file, as its decoder fetches them, and what it makes of them. */
export class UnitBytes {
  readonly input: ByteReader;
  readonly totals: RecordTotals = noTotals();
  /** Offset of the first of them. */
  readonly start: number;
  /** Offset behind the last of them; below {@link start} of a unit that says that it is smaller than its header. */
  readonly end: number;

  constructor(input: ByteReader, end: number) {
    this.input = input;
    this.start = input.position;
    this.end = end;
  }

  /** Bytes that have not been fetched. */
  get left(): number {
    return Math.max(0, this.end - this.input.position);
  }

  /**
   * Asks for bytes, at most 64 KiB.
   *
   * @returns how many of those asked for the unit has; they are in the input's window.
   * @throws SsmError VERR_EOF where the file ends before the unit; NeedMore.
   */
  request(count: number): number {
    const most = Math.min(count, this.left);
    if (!this.input.request(most)) throw this.fail('VERR_EOF', 'the file ends inside of a unit');
    return most;
  }

  /** Bytes in the input's window that belong to the unit. */
  get available(): number {
    return Math.min(this.input.available, this.left);
  }

  fail(status: SsmFailure, detail: string): SsmError {
    return new SsmError(status, detail, { offset: this.input.position });
  }
}
