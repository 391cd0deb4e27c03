import { SsmError } from '@ssmkit/runtime';
import { isCString, sizeOfString } from '../iprt/name-order.js';

/** The types of values and their numbers (`cfgm.h`). */
export const configValueTypes = { integer: 1, string: 2, bytes: 3, password: 4 } as const;

export type ConfigValueType = keyof typeof configValueTypes;

/** What stands where a password would. */
export const REDACTED = '***REDACTED***';

/** The text of a password, which shows itself to nobody who does not ask for it: not to logs, JSON or debuggers. */
export class Password {
  readonly #text: string;

  /** @throws SsmError VERR_INVALID_PARAMETER for a text that C could not hold (a NUL, a lone surrogate). */
  constructor(text: string) {
    this.#text = cString(text, 'a password');
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Bytes with terminator. */
  get size(): number {
    return sizeOfString(this.#text);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }
}

/** What a value holds: an integer (u64), a string, bytes or a password. */
export type ConfigData = bigint | string | Uint8Array | Password;

/** What can be inserted as a value. Negative integers are stored in two's complement, booleans as 0 and 1. */
export type ConfigInput = ConfigData | number | boolean;

/** A value of a node. */
export interface ConfigValue {
  readonly name: string;
  readonly type: ConfigValueType;
  readonly data: ConfigData;
}

export function typeOfData(data: ConfigData): ConfigValueType {
  if (typeof data === 'bigint') return 'integer';
  if (typeof data === 'string') return 'string';
  return data instanceof Password ? 'password' : 'bytes';
}

const U64_END = 1n << 64n;

/**
 * The data of a value to insert; bytes are copied.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for what no value can hold, VERR_OUT_OF_RANGE for integers beyond 64 bits.
 */
export function dataOf(input: ConfigInput, name: string): ConfigData {
  const fail = (what: string) => new SsmError('VERR_INVALID_PARAMETER', `value '${name}': ${what}`);
  switch (typeof input) {
    case 'boolean':
      return input ? 1n : 0n;
    case 'number':
      if (!Number.isSafeInteger(input)) throw fail(`${input} is no integer that a number holds exactly`);
      return BigInt.asUintN(64, BigInt(input));
    case 'bigint':
      if (input >= U64_END || input < -U64_END / 2n) {
        throw new SsmError('VERR_OUT_OF_RANGE', `value '${name}': ${input} has more than 64 bits`);
      }
      return BigInt.asUintN(64, input);
    case 'string':
      return cString(input, `value '${name}'`);
    default:
      if (input instanceof Password) return input;
      if (input instanceof Uint8Array) return input.slice();
      throw fail('neither integer, string, bytes nor password');
  }
}

function cString(text: string, what: string): string {
  if (isCString(text)) return text;
  throw new SsmError('VERR_INVALID_PARAMETER', `${what} has a character that no string of C has`);
}

/** Bytes of a value. An integer has always 8: that is how it is stored, however small it is. */
export function sizeOfData(data: ConfigData): number {
  if (typeof data === 'bigint') return 8;
  if (typeof data === 'string') return sizeOfString(data);
  return data instanceof Password ? data.size : data.length;
}
