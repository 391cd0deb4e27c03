import { crc32 } from '../../codecs/crc32.js';
import { crcWithout, magicBytes, putU64, refuse, u64, viewOf } from '../fields.js';
import { startsWith } from '../formats.js';
import type { DirectoryEntry } from '../state.js';
import { FILE_HEADER_SIZE } from './headers.js';

export const DIRECTORY_HEADER_SIZE = 16;
export const DIRECTORY_ENTRY_SIZE = 16;
export const FOOTER_SIZE = 32;

/** Directories with this many entries or more are refused. */
const DIRECTORY_ENTRIES_END = 65536;
/** Revisions before this one (never released) wrote directory entries with offset 0. */
const DIRECTORY_ZERO_UNTIL = 53365;

const DIRECTORY_MAGIC = magicBytes('\nDir\n\0\0\0');
const FOOTER_MAGIC = magicBytes('\nFooter\0');

/** What the footer says. */
export interface Footer {
  /** Offset of the footer itself. */
  readonly offset: number;
  /** CRC of everything before the footer; 0 where the stream has none. */
  readonly streamCrc: number;
  readonly entries: number;
}

export function encodeDirectory(entries: readonly DirectoryEntry[]): Uint8Array {
  const bytes = new Uint8Array(DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * entries.length);
  const view = viewOf(bytes);
  bytes.set(DIRECTORY_MAGIC);
  view.setUint32(12, entries.length, true);
  entries.forEach((entry, i) => {
    const at = DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * i;
    putU64(view, at, entry.offset);
    view.setUint32(at + 8, entry.instance, true);
    view.setUint32(at + 12, entry.nameCrc, true);
  });
  view.setUint32(8, crc32(bytes), true);
  return bytes;
}

/**
 * How many entries the directory has whose first 16 bytes are given; for readers that do not know it from the footer.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_DIR_MAGIC, VERR_SSM_INTEGRITY_DIR.
 */
export function directoryEntries(bytes: Uint8Array, offset: number): number {
  checkDirectoryMagic(bytes, offset);
  const entries = viewOf(bytes).getUint32(12, true);
  if (entries >= DIRECTORY_ENTRIES_END) {
    throw refuse('VERR_SSM_INTEGRITY_DIR', `a directory of ${entries} entries`, offset);
  }
  return entries;
}

function checkDirectoryMagic(bytes: Uint8Array, offset: number): void {
  if (startsWith(bytes, 0, DIRECTORY_MAGIC)) return;
  throw refuse('VERR_SSM_INTEGRITY_DIR_MAGIC', 'no directory where it should be', offset);
}

/**
 * Decodes a whole directory.
 *
 * @param offset where it stands in the file.
 * @throws SsmError VERR_SSM_INTEGRITY_DIR_MAGIC, VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY_DIR.
 */
export function decodeDirectory(bytes: Uint8Array, offset: number, revision: number): DirectoryEntry[] {
  checkDirectoryMagic(bytes, offset);
  const view = viewOf(bytes);
  if (view.getUint32(8, true) !== crcWithout(bytes, 8)) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of the directory is wrong', offset);
  }
  const count = (bytes.length - DIRECTORY_HEADER_SIZE) / DIRECTORY_ENTRY_SIZE;
  if (view.getUint32(12, true) !== count) {
    throw refuse('VERR_SSM_INTEGRITY_DIR', 'directory and footer differ in the number of entries', offset);
  }
  return Array.from({ length: count }, (_, i) => {
    const at = DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * i;
    const entry = {
      offset: u64(view, at),
      instance: view.getUint32(at + 8, true),
      nameCrc: view.getUint32(at + 12, true),
    };
    const inside = entry.offset >= FILE_HEADER_SIZE && entry.offset < offset;
    if (!inside && !(entry.offset === 0 && revision < DIRECTORY_ZERO_UNTIL)) {
      throw refuse('VERR_SSM_INTEGRITY_DIR', `directory entry ${i} leads to offset ${entry.offset}`, offset + at);
    }
    return entry;
  });
}

export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_SIZE);
  const view = viewOf(bytes);
  bytes.set(FOOTER_MAGIC);
  putU64(view, 8, footer.offset);
  view.setUint32(16, footer.streamCrc, true);
  view.setUint32(20, footer.entries, true);
  view.setUint32(28, crc32(bytes), true);
  return bytes;
}

/** What a reader knows of a footer in advance. */
export interface FooterExpectation {
  /** Where it stands. */
  readonly offset: number;
  /** Whether the stream has checksums. */
  readonly checksum: boolean;
  /** Entries of the directory; `undefined` where it has not been read. */
  readonly entries?: number | undefined;
  /** CRC of everything before; `undefined` where it is not compared. */
  readonly streamCrc?: number | undefined;
}

/** @throws SsmError VERR_SSM_INTEGRITY_FOOTER, VERR_SSM_INTEGRITY_CRC. */
export function decodeFooter(bytes: Uint8Array, expected: FooterExpectation): Footer {
  const { offset } = expected;
  const fail = (detail: string) => refuse('VERR_SSM_INTEGRITY_FOOTER', detail, offset);
  const view = viewOf(bytes);
  if (!startsWith(bytes, 0, FOOTER_MAGIC)) throw fail('no footer where it should be');
  checkFooterCrc(bytes, offset);
  const footer = { offset: u64(view, 8), streamCrc: view.getUint32(16, true), entries: view.getUint32(20, true) };
  if (footer.offset !== offset) throw fail(`the footer says that it is at offset ${footer.offset}`);
  if (view.getUint32(24, true) !== 0) throw fail('a reserved field of the footer is not 0');
  if (expected.entries === undefined ? footer.entries >= DIRECTORY_ENTRIES_END : footer.entries !== expected.entries) {
    throw fail(`the footer says that the directory has ${footer.entries} entries`);
  }
  if (!expected.checksum && footer.streamCrc !== 0) throw fail('the footer of a stream without checksums has one');
  if (expected.checksum && expected.streamCrc !== undefined && footer.streamCrc !== expected.streamCrc) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of the whole stream is wrong', offset);
  }
  return footer;
}

/**
 * What seeking wants of the footer: how many entries the directory in front of it has.
 *
 * @throws SsmError VERR_SSM_INTEGRITY, VERR_SSM_INTEGRITY_CRC.
 */
export function soughtEntries(bytes: Uint8Array, offset: number): number {
  if (!startsWith(bytes, 0, FOOTER_MAGIC)) throw refuse('VERR_SSM_INTEGRITY', 'no footer where it should be', offset);
  checkFooterCrc(bytes, offset);
  return viewOf(bytes).getUint32(20, true);
}

function checkFooterCrc(bytes: Uint8Array, offset: number): void {
  if (viewOf(bytes).getUint32(28, true) !== crcWithout(bytes, 28)) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of the footer is wrong', offset);
  }
}
