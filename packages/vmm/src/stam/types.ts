import type { Counter, Profile, ProfileAdv } from './samples.js';

/** A number that a sample shows, wherever it is kept. Read when the sample is, written only by a reset. */
export interface Cell<T> {
  value: T;
}

/** Two u32 that belong together, as hits and misses. */
export interface Ratio {
  a: number;
  b: number;
}

/** A sample that prints itself. */
export interface Callback {
  print(): string;
  /** Without it the sample is not reset. */
  reset?(): void;
}

interface SampleTypeRow {
  /** The number that the type has in VirtualBox (`stam.h, STAMTYPE`). */
  readonly number: number;
  readonly shape: 'counter' | 'profile' | 'ratio' | 'callback' | 'number' | 'bigint' | 'bool';
  /** Whether a reset clears the sample. */
  readonly isReset: boolean;
  /** Whether text shows it in hex. */
  readonly isHex?: true;
}

const number = (n: number, isReset = false) => ({ number: n, shape: 'number', isReset }) as const;
const hex = (n: number, isReset = false) => ({ ...number(n, isReset), isHex: true }) as const;
const bigint = (n: number, isReset = false) => ({ number: n, shape: 'bigint', isReset }) as const;
const bigHex = (n: number, isReset = false) => ({ ...bigint(n, isReset), isHex: true }) as const;

/** All types of samples. */
export const sampleTypes = {
  counter: { number: 1, shape: 'counter', isReset: true },
  profile: { number: 2, shape: 'profile', isReset: true },
  profileAdv: { number: 3, shape: 'profile', isReset: true },
  ratioU32: { number: 4, shape: 'ratio', isReset: false },
  ratioU32Reset: { number: 5, shape: 'ratio', isReset: true },
  callback: { number: 6, shape: 'callback', isReset: true },
  u8: number(7),
  u8Reset: number(8, true),
  x8: hex(9),
  x8Reset: hex(10, true),
  u16: number(11),
  u16Reset: number(12, true),
  x16: hex(13),
  x16Reset: hex(14, true),
  u32: number(15),
  u32Reset: number(16, true),
  x32: hex(17),
  x32Reset: hex(18, true),
  u64: bigint(19),
  u64Reset: bigint(20, true),
  x64: bigHex(21),
  x64Reset: bigHex(22, true),
  bool: { number: 23, shape: 'bool', isReset: false },
  boolReset: { number: 24, shape: 'bool', isReset: true },
} as const satisfies Record<string, SampleTypeRow>;

export type SampleType = keyof typeof sampleTypes;

interface Shapes {
  counter: Counter;
  profile: Profile;
  ratio: Ratio;
  callback: Callback;
  number: Cell<number>;
  bigint: Cell<bigint>;
  bool: Cell<boolean>;
}

/** What a sample of a type is: a {@link Counter}, a {@link Profile}, a {@link Cell}… */
export type SampleOf<T extends SampleType> = T extends 'profileAdv'
  ? ProfileAdv
  : Shapes[(typeof sampleTypes)[T]['shape']];

/** When a sample is shown (`stam.h, STAMVISIBILITY`): always, only if it is not zero, or not in graphical lists. */
export const sampleVisibilities = { always: 1, used: 2, notGui: 3 } as const;

export type SampleVisibility = keyof typeof sampleVisibilities;
