import { crc32 } from '@ssmkit/runtime';

/*
 * Mutations of saved states
 *
 * Bytes changed at random hardly ever get past a checksum. So a mutated state is mended as often as not: the parts it
 * still has (headers, records' ends, directory, footer) get the offsets, sizes and checksums that go with what is there
 * now, and whatever the mutation has done to the rest is for the readers behind the checks.
 */

export type Random = () => number;

const NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 47, 48, 49, 63, 64, 127, 128, 255];
const LARGE = [256, 1023, 1024, 2047, 2048, 4095, 4096, 4097, 32767, 32768, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
/** Bytes that mean something somewhere: record types, sizes, magics, LZF control bytes. */
const BYTES = [
  0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x0e, 0x0a, 0xc2, 0xe0, 0xf0, 0xf8, 0xfc, 0xff, 0x1f, 0x20, 5, 3, 2, 8,
];

export const below = (random: Random, end: number): number => Math.floor(random() * end);
const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T;

type Mutation = (data: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** A place, rather near a border of the file, where the headers are, than not. */
function place(data: Uint8Array, random: Random): number {
  const { length } = data;
  const near = random();
  if (near < 0.15) return below(random, Math.min(length, 64));
  if (near < 0.3) return length - 1 - below(random, Math.min(length, 96));
  return below(random, length);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function changed(data: Uint8Array, at: number, size: number, value: number): Uint8Array {
  const copy = data.slice();
  const view = new DataView(copy.buffer);
  if (size === 1) view.setUint8(at, value);
  else if (at + size <= data.length) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value >>> 0, true);
  }
  return copy;
}

const mutations: readonly Mutation[] = [
  // A bit, a byte, a number.
  (data, random) => {
    const at = place(data, random);
    return changed(data, at, 1, (data[at] as number) ^ (1 << below(random, 8)));
  },
  (data, random) => changed(data, place(data, random), 1, pick(random, BYTES)),
  (data, random) => changed(data, place(data, random), 1, below(random, 256)),
  (data, random) => changed(data, place(data, random), pick(random, [2, 4]), pick(random, NUMBERS)),
  (data, random) => changed(data, place(data, random), pick(random, [2, 4]), pick(random, LARGE)),
  (data, random) => {
    const at = place(data, random);
    return changed(data, at, 1, (data[at] as number) + pick(random, [-2, -1, 1, 2]));
  },
  // A stretch taken out, put in twice, filled, taken from another file.
  (data, random) => {
    const at = place(data, random);
    return joined(data.subarray(0, at), data.subarray(at + 1 + below(random, pick(random, [4, 64, 512]))));
  },
  (data, random) => {
    const at = place(data, random);
    const end = Math.min(data.length, at + 1 + below(random, pick(random, [4, 64, 512])));
    return joined(data.subarray(0, end), data.subarray(at));
  },
  (data, random) => {
    const at = place(data, random);
    const copy = data.slice();
    copy.fill(pick(random, [0, 0xff, 0x92, 0x20]), at, at + 1 + below(random, 32));
    return copy;
  },
  (data, random, other) => {
    const from = below(random, other.length);
    const part = other.subarray(from, from + 1 + below(random, pick(random, [8, 128, 1024])));
    const at = place(data, random);
    return random() < 0.5
      ? joined(data.subarray(0, at), part, data.subarray(at))
      : joined(data.subarray(0, at), part, data.subarray(at + part.length));
  },
  // The end.
  (data, random) => data.slice(0, below(random, data.length)),
  (data, random) => joined(data, Uint8Array.of(below(random, 256))),
];

/** Longest input: what takes long does not find more. */
export const INPUT_MAX = 4096;

/** Some mutations in a row, mended or not. */
export function mutate(data: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let result = data;
  for (let left = 1 + below(random, pick(random, [1, 2, 4])); left > 0 && result.length > 0; left--) {
    result = pick(random, mutations)(result, random, other);
  }
  if (result.length === 0) return new Uint8Array(1);
  if (result.length > INPUT_MAX) result = result.slice(0, INPUT_MAX);
  return random() < 0.6 ? mend(result) : result;
}

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const MAGIC_V2 = ascii('\x7fVirtualBox SavedState V2.0\n');
const MAGIC_V1 = ascii('\x7fVirtualBox SavedState V1.');
const UNIT = ascii('\nUnit\n\0\0');
const END = ascii('\nTheEnd\0');
const DIRECTORY = ascii('\nDir\n\0\0\0');
const FOOTER = ascii('\nFooter\0');

const has = (data: Uint8Array, at: number, magic: Uint8Array) => magic.every((byte, i) => data[at + i] === byte);

/** Makes offsets, sizes and checksums those of what is there. */
export function mend(input: Uint8Array): Uint8Array {
  const data = input.slice();
  if (has(data, 0, MAGIC_V1)) return mendV1(data);
  if (has(data, 0, MAGIC_V2) && data.length >= 64) return mendV2(data);
  return data;
}

function seal(view: DataView, data: Uint8Array, at: number, field: number, end: number): void {
  view.setUint32(field, 0, true);
  view.setUint32(field, crc32(data.subarray(at, end)), true);
}

function mendV2(data: Uint8Array): Uint8Array {
  const view = new DataView(data.buffer);
  seal(view, data, 0, 60, 64);
  const checked = ((data[52] as number) & 1) !== 0;
  const crcTo = (end: number) => (checked ? crc32(data.subarray(0, end)) : 0);
  let unitStart = 64;
  let directory = 64;
  const entries: number[] = [];
  for (let at = 64; at + 16 <= data.length; at++) {
    const byte = data[at];
    if (byte === 0x0a) {
      if ((has(data, at, UNIT) || has(data, at, END)) && at + 44 <= data.length) {
        const end = Math.min(data.length, at + 44 + Math.min(view.getUint32(at + 40, true), 48));
        view.setBigUint64(at + 8, BigInt(at), true);
        view.setUint32(at + 16, crcTo(at), true);
        seal(view, data, at, at + 20, end);
        if (has(data, at, UNIT)) entries.push(at);
        unitStart = end;
        at = end - 1;
      } else if (has(data, at, DIRECTORY)) {
        directory = at;
        const count = Math.min(view.getUint32(at + 12, true), Math.floor((data.length - at - 16) / 16));
        for (let i = 0; i < Math.min(count, entries.length); i++) {
          view.setBigUint64(at + 16 + 16 * i, BigInt(entries[i] as number), true);
        }
        seal(view, data, at, at + 8, at + 16 + 16 * count);
      } else if (has(data, at, FOOTER) && at + 32 <= data.length) {
        view.setBigUint64(at + 8, BigInt(at), true);
        view.setUint32(at + 16, crcTo(at), true);
        view.setUint32(at + 20, Math.max(0, Math.floor((at - directory - 16) / 16)), true);
        seal(view, data, at, at + 28, at + 32);
        at += 31;
      }
    } else if (byte === 0x91 && data[at + 1] === 14) {
      view.setUint32(at + 4, crcTo(at + 2), true);
      view.setBigUint64(at + 8, BigInt(at + 16 - unitStart), true);
      at += 15;
    }
  }
  return data;
}

/** Sizes of the headers of V1.0 to V1.2, by the last digit of the version. */
const V1_HEADERS: Readonly<Record<number, number>> = { 48: 64, 49: 64, 50: 80 };

function mendV1(data: Uint8Array): Uint8Array {
  const header = V1_HEADERS[data[MAGIC_V1.length] as number] ?? 64;
  if (data.length < header) return data;
  const view = new DataView(data.buffer);
  view.setBigUint64(32, BigInt(data.length), true);
  let unit = -1;
  for (let at = header; at + 28 <= data.length; at++) {
    if (data[at] !== 0x0a || !(has(data, at, UNIT) || has(data, at, END))) continue;
    if (unit >= 0) view.setBigUint64(unit + 8, BigInt(at - unit), true);
    unit = at;
    at += 27;
  }
  view.setUint32(40, crc32(data.subarray(44, 44 + data.length - header)), true);
  return data;
}
