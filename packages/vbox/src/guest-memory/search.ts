import { SsmError } from '@ssmkit/runtime';
import type { GuestMemory, MemorySegment } from '../guest-memory.js';

/*
 * Searching guest memory
 *
 * Neighbouring segments are one stretch: what is looked for may lie across pages and segments. Where there is nothing but
 * zeros only as many of them are looked at as could be part of a match, unless the pattern may be all zeros itself.
 */

/** Most bytes of a pattern. */
const PATTERN_MAX = 65536;

/** Zeros that are looked at a time. */
const zeros = new Uint8Array(65536);

/** Bytes with some bits that do not matter. */
export class MemoryPattern {
  /** What the bytes are where {@link mask} has ones. */
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
  /** Index of a byte that matters as a whole, one that is rare in memory if possible; -1 where there is none. */
  readonly #anchor: number;

  /**
   * @param mask default all ones: every bit matters.
   * @throws SsmError VERR_INVALID_PARAMETER for a pattern of nothing, or more than 64 KiB.
   */
  constructor(bytes: Uint8Array, mask: Uint8Array = new Uint8Array(bytes.length).fill(0xff)) {
    if (bytes.length === 0 || bytes.length > PATTERN_MAX || mask.length !== bytes.length) {
      throw new SsmError('VERR_INVALID_PARAMETER', `a pattern of ${bytes.length} bytes, not 1…${PATTERN_MAX}`);
    }
    this.bytes = bytes.map((byte, i) => byte & (mask[i] as number));
    this.mask = mask;
    const whole = [...mask.keys()].filter((i) => mask[i] === 0xff);
    const rare = whole.find((i) => bytes[i] !== 0 && bytes[i] !== 0xff);
    this.#anchor = rare ?? whole[0] ?? -1;
  }

  /**
   * A pattern of two hexadecimal digits for each byte; `?` stands for any digit. Spaces do not matter.
   *
   * @throws SsmError VERR_INVALID_PARAMETER
   */
  static hex(text: string): MemoryPattern {
    const digits = text.replace(/\s+/g, '').replace(/^0x/i, '');
    if (!/^(?:[0-9a-f?]{2})+$/i.test(digits)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${text}' is not hexadecimal: two digits for each byte, ? for any`);
    }
    const pairs = digits.match(/../g) as string[];
    const values = (any: string, digit: (char: string) => string) =>
      Uint8Array.from(pairs, (pair) =>
        Number.parseInt(
          pair.replace(/./g, (char) => (char === '?' ? any : digit(char))),
          16,
        ),
      );
    return new MemoryPattern(
      values('0', (char) => char),
      values('0', () => 'f'),
    );
  }

  /**
   * A pattern of a text.
   *
   * @param options.utf16 as UTF-16, as Windows keeps text; default UTF-8.
   * @param options.ignoreCase letters A to Z match either case.
   * @throws SsmError VERR_INVALID_PARAMETER
   */
  static text(text: string, options: { utf16?: boolean; ignoreCase?: boolean } = {}): MemoryPattern {
    const { utf16 = false, ignoreCase = false } = options;
    const bytes = utf16 ? utf16Bytes(text) : new TextEncoder().encode(text);
    const isLetter = (i: number) => {
      const alone = !utf16 || (i % 2 === 0 && bytes[i + 1] === 0);
      return alone && /[a-z]/i.test(String.fromCharCode(bytes[i] as number));
    };
    return new MemoryPattern(
      bytes,
      bytes.map((_, i) => (ignoreCase && isLetter(i) ? 0xdf : 0xff)),
    );
  }

  /** Bytes of a match. */
  get length(): number {
    return this.bytes.length;
  }

  /** Whether zeros match. */
  get matchesZeros(): boolean {
    return this.bytes.every((byte) => byte === 0);
  }

  /** Offset of the first match in `data` from `from` on; -1 where there is none. */
  indexIn(data: Uint8Array, from = 0): number {
    const last = data.length - this.length;
    const anchor = this.#anchor;
    for (let at = from; at <= last; at++) {
      if (anchor >= 0) {
        const found = data.indexOf(this.bytes[anchor] as number, at + anchor);
        if (found < 0) return -1;
        at = found - anchor;
        if (at > last) return -1;
      }
      if (this.#matches(data, at)) return at;
    }
    return -1;
  }

  #matches(data: Uint8Array, at: number): boolean {
    const { bytes, mask } = this;
    for (let i = 0; i < bytes.length; i++) {
      if (((data[at + i] as number) & (mask[i] as number)) !== bytes[i]) return false;
    }
    return true;
  }
}

function utf16Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), true);
  return bytes;
}

/** Looks at memory that comes piece by piece in ascending order. */
class Scanner {
  readonly #pattern: MemoryPattern;
  /** The end of what came last, too short for a match. */
  #carry = new Uint8Array(0);
  #end = -1;

  constructor(pattern: MemoryPattern) {
    this.#pattern = pattern;
  }

  /** Addresses of the matches that end in `data`, which is at `address`. */
  *scan(address: number, data: Uint8Array): Generator<number, void, undefined> {
    const carry = address === this.#end ? this.#carry : new Uint8Array(0);
    const all = new Uint8Array(carry.length + data.length);
    all.set(carry);
    all.set(data, carry.length);
    const start = address - carry.length;
    this.#end = address + data.length;
    this.#carry = all.slice(Math.max(0, all.length - this.#pattern.length + 1));
    for (let at = this.#pattern.indexIn(all); at >= 0; at = this.#pattern.indexIn(all, at + 1)) yield start + at;
  }
}

/**
 * The addresses of all matches in RAM and ROM, ascending. Matches may overlap.
 *
 * @param from where to begin; a match begins there or behind. @param to where to end; a match ends there or before.
 */
export async function* searchMemory(
  memory: GuestMemory,
  pattern: MemoryPattern,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<number, void, undefined> {
  const scanner = new Scanner(pattern);
  for (const stretch of stretches(memory.segments(), from, to)) {
    for await (const { address, data } of relevant(stretch, pattern)) yield* scanner.scan(address, data);
  }
}

/** Parts of segments that touch one another. */
type Stretch = readonly { readonly segment: MemorySegment; readonly from: number; readonly to: number }[];

function stretches(segments: readonly MemorySegment[], from: number, to: number): Stretch[] {
  const all: Stretch[] = [];
  for (const segment of segments) {
    const part = { segment, from: Math.max(from, segment.address), to: Math.min(to, segment.address + segment.size) };
    if (part.from >= part.to) continue;
    const last = all.at(-1);
    if (last?.at(-1)?.to === part.from) all[all.length - 1] = [...last, part];
    else all.push([part]);
  }
  return all;
}

/** What of a stretch can hold a match: its data, and the zeros around. */
async function* relevant(
  stretch: Stretch,
  pattern: MemoryPattern,
): AsyncGenerator<{ address: number; data: Uint8Array }, void, undefined> {
  const [first] = stretch as [Stretch[number]];
  let done = first.from;
  for (const { segment, from, to } of stretch) {
    for await (const { offset, data } of segment.space.pieces(from - segment.address, to - segment.address)) {
      const address = segment.address + offset;
      yield* gap(done, address, pattern);
      yield { address, data };
      done = address + data.length;
    }
  }
  yield* gap(done, (stretch.at(-1) as Stretch[number]).to, pattern);
}

/** The zeros between two pieces, as far as they matter. */
function* gap(from: number, to: number, pattern: MemoryPattern): Generator<{ address: number; data: Uint8Array }> {
  const most = pattern.length - 1;
  if (pattern.matchesZeros || to - from <= 2 * most) {
    for (let at = from; at < to; at += zeros.length) {
      yield { address: at, data: zeros.subarray(0, Math.min(zeros.length, to - at)) };
    }
  } else if (most > 0) {
    yield { address: from, data: zeros.subarray(0, most) };
    yield { address: to - most, data: zeros.subarray(0, most) };
  }
}
