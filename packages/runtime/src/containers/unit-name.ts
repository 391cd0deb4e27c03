import { SsmError } from '../error.js';

/** A unit's name and its terminator have at most this many bytes, but for those in V1.x, which have no limit to read. */
export const UNIT_NAME_MAX = 48;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a unit's name, without a terminator. */
export function nameBytes(name: string): Uint8Array {
  return utf8.encode(name);
}

/** {@link nameBytes} of a unit that is to be written. @throws SsmError VERR_INVALID_NAME */
export function newNameBytes(name: string): Uint8Array {
  const text = nameBytes(name);
  if (text.length === 0 || text.length >= UNIT_NAME_MAX || text.includes(0)) {
    throw new SsmError('VERR_INVALID_NAME', `a unit cannot be named '${name}'`);
  }
  return text;
}

/** A name as far as its first NUL; bytes that are not UTF-8 are shown as `\xNN`. */
export function nameOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return strictUtf8.decode(text);
  } catch {
    return Array.from(text, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    ).join('');
  }
}
