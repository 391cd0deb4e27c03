import { PASS_FINAL, SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import type { SsmFailure } from '../status.js';

/*
 * Limits
 *
 * A saved state may come from anybody. The formats bound most lengths by themselves, and nothing is ever allocated by a
 * number that a file gives without being checked against what is there; but a small file can stand for very much data (a
 * ZERO record for 1365 times its size), and a stream need not end. The limits bound what an operation takes on. Those
 * that are exceeded end it with VERR_TOO_MUCH_DATA, the one of time with VERR_TIMEOUT.
 */

/** What an operation on a saved state takes on. Every number may be `Infinity`. */
export interface Limits {
  /** Bytes of the file or stream; default 1 TiB. */
  readonly fileBytes: number;
  /** Bytes of data that all units together decode to; default 4 TiB. */
  readonly decodedBytes: number;
  /** Unit headers, every pass counted; default 16 Mi. */
  readonly units: number;
  /** Live passes; default 1048576, the most that VirtualBox makes. */
  readonly passes: number;
  /** Records (blocks in format V1.x) of all units together; default 4 Gi. */
  readonly records: number;
  /** Bytes of the name of a unit; default 1024. Format V2.0 has no names above 47. */
  readonly nameBytes: number;
  /** Time for the whole operation in milliseconds, waiting included; default one hour. */
  readonly wallTime: number;
}

/** The limits that apply where none are given: wide enough for any real state, narrow enough for a server. */
export const defaultLimits: Limits = {
  fileBytes: 2 ** 40,
  decodedBytes: 2 ** 42,
  units: 2 ** 24,
  passes: 2 ** 20,
  records: 2 ** 32,
  nameBytes: 1024,
  wallTime: 3_600_000,
};

/** Records after which the clock is looked at. */
const CLOCK_INTERVAL = 1024;

/** Counts what one reading operation takes on, and ends it at its limits or when it is interrupted. */
export class ReadGuard {
  readonly interrupt: Interrupt;
  readonly limits: Limits;
  /** Told of every record: the bytes that it takes up in the file. For progress. */
  onRecord: ((stored: number) => void) | undefined;
  /** What it is when a stream ends inside a unit. */
  endInUnit: SsmFailure = 'VERR_SSM_LOADED_TOO_MUCH';
  readonly #deadline: number;
  #stopClock: () => void = () => {};
  /** The limit that was exceeded. It ends this reading only, not what else is interrupted along with it. */
  #exceededBy: SsmError | undefined;
  #units = 0;
  #passes = 0;
  #pass = PASS_FINAL;
  #records = 0;
  #decoded = 0;

  constructor(limits: Partial<Limits> = {}, interrupt = new Interrupt()) {
    this.limits = { ...defaultLimits, ...limits };
    this.interrupt = interrupt;
    this.#deadline = performance.now() + this.limits.wallTime;
  }

  /** A guard with the same limits that has counted nothing yet; interrupted along with this one. */
  fresh(): ReadGuard {
    return new ReadGuard(this.limits, this.interrupt);
  }

  /** Lets the operation end when its time is up even where it waits. To be stopped with {@link stopClock}. */
  startClock(): void {
    this.#stopClock = this.interrupt.endAfter(this.limits.wallTime, () => this.#late());
  }

  stopClock(): void {
    this.#stopClock();
  }

  #late(): SsmError {
    return new SsmError('VERR_TIMEOUT', `not done within the limit of ${this.limits.wallTime} ms`);
  }

  #exceeded(what: string, limit: number): SsmError {
    const failure = new SsmError('VERR_TOO_MUCH_DATA', `more ${what} than the limit of ${limit}`);
    this.#exceededBy = failure;
    return failure;
  }

  /** Whether a failure is the end of the reading as such, and says nothing of what is read. */
  isOwn(failure: unknown): boolean {
    return failure !== undefined && (failure === this.#exceededBy || failure === this.interrupt.failure);
  }

  /** @throws SsmError when the operation was interrupted or its time is up. */
  check(): void {
    if (performance.now() > this.#deadline) this.interrupt.interrupt(this.#late());
    this.interrupt.check();
  }

  /** How many bytes may be read from `start` on. At least 1: whether there is one too many is for {@link reached} to tell. */
  room(start: number): number {
    return Math.max(1, this.limits.fileBytes - start);
  }

  /** Counts the source as far as it was read. */
  reached(end: number): void {
    this.check();
    if (end > this.limits.fileBytes) throw this.#exceeded('bytes in the file', this.limits.fileBytes);
  }

  /** Looks at the size of a unit's name before it is read. */
  name(bytes: number): void {
    if (bytes > this.limits.nameBytes) throw this.#exceeded('bytes in the name of a unit', this.limits.nameBytes);
  }

  /** Counts the header of a unit. */
  unit(pass: number): void {
    this.check();
    const { units, passes } = this.limits;
    if (++this.#units > units) throw this.#exceeded('units', units);
    if (pass === this.#pass) return;
    this.#pass = pass;
    if (pass !== PASS_FINAL && ++this.#passes > passes) throw this.#exceeded('passes', passes);
  }

  /**
   * Counts a record before it is decoded.
   *
   * @param stored bytes that it takes up in the file.
   * @param data bytes that it stands for.
   */
  record(stored: number, data: number): void {
    if (++this.#records > this.limits.records) throw this.#exceeded('records', this.limits.records);
    if (this.#records % CLOCK_INTERVAL === 0) this.check();
    this.part(stored, data);
  }

  /**
   * Counts records that were decoded together.
   *
   * @returns false, with nothing counted, where a limit lies among them: they are to be counted one by one.
   */
  records(count: number, stored: number, data: number): boolean {
    const { records, decodedBytes } = this.limits;
    const before = this.#records;
    if (before + count > records || this.#decoded + data > decodedBytes) return false;
    this.#records += count;
    if (Math.floor(before / CLOCK_INTERVAL) < Math.floor(this.#records / CLOCK_INTERVAL)) this.check();
    this.part(stored, data);
    return true;
  }

  /** Counts a part of a record that does not say how much it stands for. */
  part(stored: number, data: number): void {
    this.#decoded += data;
    if (this.#decoded > this.limits.decodedBytes) {
      throw this.#exceeded('bytes of data in the units', this.limits.decodedBytes);
    }
    this.onRecord?.(stored);
  }
}
