import { SsmError } from '../error.js';

/**
 * A format of saved states: `2.0` since VirtualBox 3.1; `1.2` in 2.1 to 3.0; `1.1` in 1.4.1 to 2.0; `1.0` before.
 *
 * VirtualBox 3.1 and later refuse `1.0`, which the others up to 3.0 read.
 */
export type Format = '2.0' | '1.2' | '1.1' | '1.0';

/** Bytes of the magic that every saved state starts with. */
export const MAGIC_SIZE = 32;

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** What the magics of all formats have in common. */
const BASE = latin1('\x7fVirtualBox SavedState ');

const magicText = (format: Format) => `\x7fVirtualBox SavedState V${format}\n`;

/**
 * The formats, newest first. Loaders compare all of a magic, zeros included (`VirtualBox 7.2 SSMR3.cpp,
 * ssmR3HeaderAndValidate`), but of V1.0, which only older ones know, its text and one zero (`VirtualBox 3.0 SSM.cpp,
 * ssmR3Validate`).
 */
const formats: readonly { readonly format: Format; readonly magic: Uint8Array; readonly compared: number }[] = (
  [
    ['2.0', MAGIC_SIZE],
    ['1.2', MAGIC_SIZE],
    ['1.1', MAGIC_SIZE],
    ['1.0', magicText('1.0').length + 1],
  ] as const
).map(([format, compared]) => ({ format, magic: latin1(magicText(format).padEnd(MAGIC_SIZE, '\0')), compared }));

/** The magic of a format. */
export function magicOf(format: Format): Uint8Array {
  return (formats.find((row) => row.format === format) as (typeof formats)[number]).magic;
}

/**
 * The format that `bytes[at, at + 32)` announce.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_MAGIC for what is no saved state, VERR_SSM_INTEGRITY_VERSION for a format that
 * there never was.
 */
export function formatOf(bytes: Uint8Array, at: number): Format {
  if (!startsWith(bytes, at, BASE)) throw new SsmError('VERR_SSM_INTEGRITY_MAGIC', 'not a saved state', { offset: 0 });
  const row = formats.find(({ magic, compared }) => startsWith(bytes, at, magic.subarray(0, compared)));
  if (row === undefined) throw new SsmError('VERR_SSM_INTEGRITY_VERSION', 'unknown format version', { offset: 0 });
  return row.format;
}

/** Whether `bytes` has `part` at `at`. */
export function startsWith(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  return part.every((byte, i) => bytes[at + i] === byte);
}
