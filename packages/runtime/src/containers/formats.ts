import { SsmError } from '../error.js';

/** A format of saved states: `2.0` since VirtualBox 3.1; `1.2` in 2.1 to 3.0; `1.1` in 1.5 to 2.0. */
export type Format = '2.0' | '1.2' | '1.1';

/** Bytes of the magic that every saved state starts with. */
export const MAGIC_SIZE = 32;

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** What the magics of all formats have in common. */
const BASE = latin1('\x7fVirtualBox SavedState ');

/** The formats, newest first: the rows a loader knows (`VirtualBox 7.2 SSMR3.cpp, ssmR3HeaderAndValidate`). */
const formats: readonly { readonly format: Format; readonly magic: Uint8Array }[] = (
  ['2.0', '1.2', '1.1'] as const
).map((format) => ({ format, magic: latin1(`\x7fVirtualBox SavedState V${format}\n`.padEnd(MAGIC_SIZE, '\0')) }));

/** The magic of a format. */
export function magicOf(format: Format): Uint8Array {
  return (formats.find((row) => row.format === format) as (typeof formats)[number]).magic;
}

/**
 * The format that `bytes[at, at + 32)` announce.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_MAGIC for what is no saved state, VERR_SSM_INTEGRITY_VERSION for a format that
 * VirtualBox 3.1 and later do not know.
 */
export function formatOf(bytes: Uint8Array, at: number): Format {
  if (!startsWith(bytes, at, BASE)) throw new SsmError('VERR_SSM_INTEGRITY_MAGIC', 'not a saved state', { offset: 0 });
  const row = formats.find(({ magic }) => startsWith(bytes, at, magic));
  if (row === undefined) throw new SsmError('VERR_SSM_INTEGRITY_VERSION', 'unknown format version', { offset: 0 });
  return row.format;
}

/** Whether `bytes` has `part` at `at`. */
export function startsWith(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  return part.every((byte, i) => bytes[at + i] === byte);
}
