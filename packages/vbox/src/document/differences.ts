import type { UnitHeader } from '@ssmkit/runtime';
import type { Json } from '@ssmkit/schema';

/** A field that is different. What is not there at all is undefined. */
export interface FieldChange {
  /** Path in the unit, such as `counter0.count`; of bytes with the range, such as `cmos[0x10…0x13]`. */
  readonly path: string;
  readonly from: Json | undefined;
  readonly to: Json | undefined;
  /** Of integers: bits of the field. */
  readonly bits?: number;
  /** The values are bytes in hex. */
  readonly isHex?: boolean;
}

/** A stretch of bytes or of addresses. */
export interface Range {
  readonly start: number;
  readonly size: number;
}

/** Ranges that are different; of very many only the first are listed. */
export interface Ranges {
  readonly ranges: readonly Range[];
  /** How many there are. */
  readonly count: number;
}

/** A unit that is different. */
export type UnitDifference =
  /** It is in one of the states only: in the first or in the second. */
  | { readonly kind: 'only'; readonly unit: UnitHeader; readonly where: 'first' | 'second' }
  /** Its fields are. */
  | {
      readonly kind: 'fields';
      readonly unit: UnitHeader;
      readonly versions: readonly [number, number];
      readonly changes: readonly FieldChange[];
    }
  /** Its data is, and is compared as bytes. */
  | {
      readonly kind: 'bytes';
      readonly unit: UnitHeader;
      readonly versions: readonly [number, number];
      /** Why not field by field. */
      readonly reason: string;
      readonly sizes: readonly [number, number];
      readonly changed: Ranges;
    };

/** Memory of the guest or of a device that is different. */
export interface MemoryDifference {
  /** `RAM and ROM`, or what device and what memory of it. */
  readonly what: string;
  /** Pages of 4096 bytes that are different. */
  readonly pages: number;
  /** Guest-physical addresses; of devices offsets. */
  readonly changed: Ranges;
}

/** How two states differ. */
export interface StateDifference {
  readonly header: readonly FieldChange[];
  readonly units: readonly UnitDifference[];
  readonly memory: readonly MemoryDifference[];
  /** Nothing is different. */
  readonly same: boolean;
}

const RANGES_MAX = 10_000;

/** Gathers ranges in ascending order; those that lie closer together than `gap` become one. */
export class RangeList implements Ranges {
  readonly ranges: { start: number; size: number }[] = [];
  count = 0;
  readonly #gap: number;
  #end = Number.NEGATIVE_INFINITY;

  constructor(gap = 0) {
    this.#gap = gap;
  }

  add(start: number, size: number): void {
    const last = this.ranges.at(-1);
    if (start - this.#end <= this.#gap) {
      if (last !== undefined && this.count === this.ranges.length) last.size = start + size - last.start;
    } else {
      this.count++;
      if (this.ranges.length < RANGES_MAX) this.ranges.push({ start, size });
    }
    this.#end = start + size;
  }
}

/** Adds the ranges in which two pieces differ; where one is longer, what it has more. */
export function compareBytes(a: Uint8Array, b: Uint8Array, offset: number, into: RangeList): void {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; ) {
    if (a[at] === b[at]) {
      at++;
      continue;
    }
    const start = at;
    while (at < common && a[at] !== b[at]) at++;
    into.add(offset + start, at - start);
  }
  const more = Math.max(a.length, b.length) - common;
  if (more > 0) into.add(offset + common, more);
}
