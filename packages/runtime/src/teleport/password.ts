import { SsmError } from '../error.js';

/*
 * The password of a teleport
 *
 * Both sides know it, and the source sends it as a line: since VirtualBox 4.2 as `#SHA-512##` and the hexadecimal hash of
 * its UTF-8 form, before that as it is. Neither keeps it from anybody who can listen, and the hash can be sent as well as
 * the password: it only tells the target that the source means it. An empty password is an empty line
 * (`VirtualBox 7.2 HashedPw.cpp`, VBoxHashPassword).
 */

/** A password that is hashed already; a salt between the last two `#` is allowed and never made. */
const HASHED = /^#SHA-512#[0-9a-f]*#[0-9a-f]{128}$/i;

/** Granularity of {@link passwordLineMax}. */
const KIB = 1024;

const utf8 = new TextEncoder();

/**
 * The line that the source sends and the target expects, with its newline.
 *
 * @param plain do not hash, for VirtualBox before 4.2.
 * @throws SsmError VERR_INVALID_PARAMETER for a password that is hashed already, or that cannot be sent as a line;
 * VERR_NOT_SUPPORTED where the platform has no SHA-512 (a web page that was not loaded securely).
 */
export async function passwordLine(password: string, plain = false): Promise<Uint8Array> {
  if (HASHED.test(password)) {
    throw new SsmError('VERR_INVALID_PARAMETER', 'the password is hashed already: give the plain one');
  }
  if (password === '') return utf8.encode('\n');
  if (!plain) return utf8.encode(`#SHA-512##${await sha512(password)}\n`);
  if (/[\n\0]/.test(password)) {
    throw new SsmError('VERR_INVALID_PARAMETER', 'a password that is sent as it is has no newline and no NUL');
  }
  return utf8.encode(`${password}\n`);
}

async function sha512(text: string): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'there is no SHA-512 here to hash the password');
  const hash = new Uint8Array(await subtle.digest('SHA-512', utf8.encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Most bytes of a password line that the target reads before it says no. */
export function passwordLineMax(expected: Uint8Array): number {
  return Math.max(KIB, Math.ceil((3 * expected.length) / KIB) * KIB);
}

/** Compares in a time that tells nothing about where two lines differ. */
export function sameBytes(given: Uint8Array, expected: Uint8Array): boolean {
  let difference = given.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= (given[i] ?? 0) ^ (expected[i] as number);
  return difference === 0;
}
