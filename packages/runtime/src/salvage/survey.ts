import type { StateHeader, UnitHeader } from '../containers/state.js';
import type { SsmError } from '../error.js';

/** A unit that is lost, as far as anything is known of it. */
export interface LostUnit {
  /** What its header says; `undefined` where that is damaged, too. */
  readonly unit: UnitHeader | undefined;
  /** Offset of its header. */
  readonly offset: number;
  /** What is wrong with it. */
  readonly failure: SsmError;
}

/** A unit that is whole. */
export interface WholeUnit {
  readonly unit: UnitHeader;
  /** Bytes that it takes up in the file, its header included. */
  readonly size: number;
  /** Bytes of its data. */
  readonly data: number;
}

/** Bytes of the file that belong to no whole unit, nor to what is around the units. */
export interface Gap {
  readonly offset: number;
  readonly size: number;
}

/** What of a state is whole. */
export interface Survey {
  readonly format: '2.0' | '1.2';
  readonly header: StateHeader;
  /** Offset of the one byte of the file header that was wrong, and is known to have been; else `undefined`. */
  readonly headerRepaired: number | undefined;
  /**
   * How it is known that the units are whole: by their `checksum`s; by their `form` only, where the state has none (V1.x
   * has one of the whole file, V2.0 may be without): a changed byte in a unit's data then goes unnoticed.
   */
  readonly knownBy: 'checksum' | 'form';
  readonly whole: readonly WholeUnit[];
  readonly lost: readonly LostUnit[];
  /** In the order of the file. */
  readonly gaps: readonly Gap[];
  /** Whether the END unit is there. */
  readonly end: boolean;
  /** The units of the directory, in its order; `undefined` where it is damaged, and in V1.x. */
  readonly directory:
    | readonly { readonly nameCrc: number; readonly instance: number; readonly offset: number }[]
    | undefined;
}
