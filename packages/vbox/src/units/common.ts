import type { ProductVersion } from '@ssmkit/runtime';
import { Marker, Mem, SsmStream, Transient, U8, U32, U64 } from '@ssmkit/schema';

// What the units of many devices have in common.

/**
 * The markers around a structure that SSMR3PutStruct wrote. Structures of units are described with `@SsmStream` and these
 * two: a `@SsmStruct` writes newer members whatever the version, and a saved state of old is to be written as it was.
 */
export const STRUCT_BEGIN = 0x19200102;
export const STRUCT_END = 0x19920406;

/** What many devices end their data with. */
export const TERMINATOR = 0xffffffff;

/** State of a timer (`VirtualBox 7.2 TMR3.cpp, TMR3TimerSave`). */
export enum TimerState {
  Stopped = 4,
  /** Stopped, in states of some days in 2009. */
  OldStopped = 5,
  /** Scheduled. */
  Active = 7,
  /** Scheduled, in states of some days in 2009. */
  OldActive = 8,
}

/** A timer of a device (`VirtualBox 7.2 TMR3.cpp, TMR3TimerSave`). */
@SsmStream()
export class Timer {
  @U8({ values: TimerState }) state: number = TimerState.Stopped;
  /** When it expires, in ticks of its clock: nanoseconds of virtual (synchronous) time, with few exceptions. */
  @U64({ when: 'isActive' }) expire = 0n;

  get isActive(): boolean {
    return this.state === TimerState.Active || this.state === TimerState.OldActive;
  }
}

/** What a drive does, as of {@link Led}. */
export const LedActivity = { READING: 1, WRITING: 2, BUSY: 4, ERROR: 8 } as const;

/**
 * The light of a drive, as the bytes that it has in memory (`VirtualBox 7.2 include/VBox/vmm/pdmifs.h, PDMLED`).
 *
 * One release has four bytes more than others, with the same versions of all units that hold it: which it is, only the
 * length of a unit tells.
 */
@SsmStream()
export class Led {
  /** Whether the unit that is read has the longer form. */
  @Transient() longLeds = false;
  @Marker('u32', 0x11335577) declare magic: never;
  /** The four bytes more, where they are: 0 as far as seen. */
  @U32({ count: 'addedCount', max: 1 }) added = new Uint32Array(0);
  /** {@link LedActivity} at this moment. */
  @U32() actual = 0;
  /** {@link LedActivity} since somebody looked last. */
  @U32() asserted = 0;

  get addedCount(): number {
    return this.longLeds ? 1 : this.added.length;
  }
}

/** The forms of units with {@link Led}s. */
export const ledForms: readonly ((unit: { longLeds: boolean }) => void)[] = [true, false].map((longLeds) => (unit) => {
  unit.longLeds = longLeds;
});

/** What a method that counts is given: the stream that is written, or the one that is read, with how much it has got. */
export interface CountedStream {
  readonly version: number;
  readonly offset?: number;
}

/**
 * Bytes of a rest that only ends with its unit.
 *
 * @param unitBytes bytes of the unit that is read; `undefined` when one is written.
 * @param after bytes that follow the rest.
 */
export function restBytes(
  rest: Uint8Array,
  unitBytes: number | undefined,
  { offset }: CountedStream,
  after = 0,
): number {
  return unitBytes === undefined || offset === undefined ? rest.length : Math.max(0, unitBytes - offset - after);
}

/** A unit that exists, and has no data. */
@SsmStream()
export class Empty {
  @Mem({ count: 0 }) nothing = new Uint8Array(0);
}

/** A MAC address, for `count` of `@Mem`. */
export const MAC_BYTES = 6;

/** So many new objects of a class. */
export function listOf<T>(count: number, target: new () => T): T[] {
  return Array.from({ length: count }, () => new target());
}

/** Whether a product is of a release, or of a later one. */
export function isSince(product: ProductVersion, major: number, minor: number): boolean {
  return product.major > major || (product.major === major && product.minor >= minor);
}
