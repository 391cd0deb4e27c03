import { crc32 } from '../../codecs/crc32.js';
import { PASS_FINAL, SsmError, type SsmWhere } from '../../error.js';
import type { SsmFailure } from '../../status.js';
import { magicOf, startsWith } from '../formats.js';

/*
 * Format V2.0
 *
 *     ┌──────────────┐ 0
 *     │ file header  │  magic 32 │ product: major 2, minor 2, build 4 │ revision 4 │ host bits 1 │ GCPhys 1 │ GCPtr 1
 *     │           64 │  │ 0 1 │ units 4 │ flags 4 │ block 4 │ CRC 4
 *     ├──────────────┤
 *     │ unit header  │  magic 8 │ offset 8 │ stream CRC 4 │ CRC 4 │ version 4 │ instance 4 │ pass 4 │ flags 4
 *     │    44 + name │  │ name size 4 │ name, NUL
 *     │ records …    │  see records.ts
 *     │ TERM      16 │  type 1 │ 14 1 │ flags 2 │ stream CRC 4 │ unit size 8
 *     ├──────────────┤
 *     │ more units … │
 *     ├──────────────┤
 *     │ END unit  44 │  a unit header with another magic and no name
 *     ├──────────────┤
 *     │ directory    │  magic 8 │ CRC 4 │ entries 4 │ { offset 8 │ instance 4 │ CRC of the name 4 } …
 *     ├──────────────┤
 *     │ footer    32 │  magic 8 │ offset 8 │ stream CRC 4 │ directory entries 4 │ 0 4 │ CRC 4
 *     └──────────────┘
 *
 * Everything is little-endian and nothing is aligned. A header's own CRC is computed with its field set to 0. A stream
 * CRC is that of all bytes from 0 up to where it stands. The writer never goes back, so that the same bytes work as a
 * file and through a socket; what a reader of files wants to know first (the directory) is found from the end.
 *
 * The checks below are those of the original, in its order, so that a damaged file has the status it has there
 * (`VirtualBox 7.2 SSMR3.cpp`, ssmR3HeaderAndValidate, ssmR3ValidateHeaderInfo, ssmR3ValidateFooter,
 * ssmR3ValidateDirectory, ssmR3LoadExecV2).
 */

export const FILE_HEADER_SIZE = 64;
export const UNIT_HEADER_SIZE = 44;
export const UNIT_NAME_MAX = 48;
export const TERM_SIZE = 16;
export const DIRECTORY_HEADER_SIZE = 16;
export const DIRECTORY_ENTRY_SIZE = 16;
export const FOOTER_SIZE = 32;

/** Directories with this many entries or more are refused. */
const DIRECTORY_ENTRIES_END = 65536;
/** Revisions before this one (never released) wrote directory entries with offset 0. */
const DIRECTORY_ZERO_UNTIL = 53365;

const FLAG_CHECKSUM = 1;
const FLAG_LIVE = 2;

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const UNIT_MAGIC = ascii('\nUnit\n\0\0');
const END_MAGIC = ascii('\nTheEnd\0');
const DIRECTORY_MAGIC = ascii('\nDir\n\0\0\0');
const FOOTER_MAGIC = ascii('\nFooter\0');

/** Version of the product that saved. */
export interface ProductVersion {
  /** 1…1000. */
  readonly major: number;
  /** 0…1000. */
  readonly minor: number;
  /** 0…1048576. */
  readonly build: number;
}

/** What a saved state says about itself in its header. */
export interface FileHeader {
  readonly product: ProductVersion;
  /** Source revision of the product, 1…10000000. */
  readonly revision: number;
  /** Width of a host pointer where it was saved. */
  readonly hostBits: 32 | 64;
  /** sizeof(RTGCPHYS) where it was saved. */
  readonly gcPhysBytes: 4 | 8;
  /** sizeof(RTGCPTR) where it was saved. */
  readonly gcPtrBytes: 4 | 8;
  /** Number of units that were registered: a hint, as those that save nothing count, too. */
  readonly unitCount: number;
  /** Written by a live save. */
  readonly live: boolean;
  /** The stream carries checksums. */
  readonly checksum: boolean;
}

/** What the header of a unit says. */
export interface UnitHeader {
  readonly name: string;
  readonly instance: number;
  /** Version of the layout of the unit's data. */
  readonly version: number;
  /** Live pass, or `PASS_FINAL` (0xFFFFFFFF). */
  readonly pass: number;
  /** Offset of the header in the stream. */
  readonly offset: number;
}

/** An entry of the directory: where the last header of a unit is. */
export interface DirectoryEntry {
  readonly offset: number;
  readonly instance: number;
  /** CRC-32 of the name without its terminator. */
  readonly nameCrc: number;
}

/** What the footer says. */
export interface Footer {
  /** Offset of the footer itself. */
  readonly offset: number;
  /** CRC of everything before the footer; 0 where the stream has none. */
  readonly streamCrc: number;
  readonly entries: number;
}

function refuse(status: SsmFailure, detail: string, offset: number, where: SsmWhere = {}): SsmError {
  return new SsmError(status, detail, { offset, ...where });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The CRC of `bytes` as if the four bytes at `field` were 0. */
function crcWithout(bytes: Uint8Array, field: number): number {
  const zeros = new Uint8Array(4);
  return crc32(bytes.subarray(field + 4), crc32(zeros, crc32(bytes.subarray(0, field))));
}

function u64(view: DataView, at: number): number {
  // Above 2^53 the number is rounded: it is unequal to every real offset all the same.
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function putU64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}

// file header -------------------------------------------------------------------------------------------------------

export function encodeFileHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_SIZE);
  const view = viewOf(bytes);
  bytes.set(magicOf('2.0'));
  view.setUint16(32, header.product.major, true);
  view.setUint16(34, header.product.minor, true);
  view.setUint32(36, header.product.build, true);
  view.setUint32(40, header.revision, true);
  bytes[44] = header.hostBits;
  bytes[45] = header.gcPhysBytes;
  bytes[46] = header.gcPtrBytes;
  view.setUint32(48, header.unitCount, true);
  view.setUint32(52, (header.checksum ? FLAG_CHECKSUM : 0) | (header.live ? FLAG_LIVE : 0), true);
  view.setUint32(56, 4096, true);
  view.setUint32(60, crc32(bytes), true);
  return bytes;
}

/**
 * Decodes the 64 bytes of a file header whose magic has been recognised.
 *
 * What it says is checked in two steps, because the footer of a file is checked in between: the form here, the values
 * by {@link checkHeaderValues}.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY.
 */
export function decodeFileHeader(bytes: Uint8Array): FileHeader {
  const view = viewOf(bytes);
  const flags = view.getUint32(52, true);
  const block = view.getUint32(56, true);
  if (view.getUint32(60, true) !== crcWithout(bytes, 60)) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of the file header is wrong', 0);
  }
  if (bytes[47] !== 0) throw refuse('VERR_SSM_INTEGRITY', 'a reserved byte of the file header is not 0', 47);
  if ((flags & ~(FLAG_CHECKSUM | FLAG_LIVE)) !== 0) {
    throw refuse('VERR_SSM_INTEGRITY', `unknown flags 0x${flags.toString(16)} in the file header`, 52);
  }
  if (block < 1024 || block > 4096 || (block & 0xff) !== 0) {
    throw refuse('VERR_SSM_INTEGRITY', `the file header gives blocks of ${block} bytes`, 56);
  }
  return {
    product: {
      major: view.getUint16(32, true),
      minor: view.getUint16(34, true),
      build: view.getUint32(36, true),
    },
    revision: view.getUint32(40, true),
    hostBits: bytes[44] as 32 | 64,
    gcPhysBytes: bytes[45] as 4 | 8,
    gcPtrBytes: bytes[46] as 4 | 8,
    unitCount: view.getUint32(48, true),
    live: (flags & FLAG_LIVE) !== 0,
    checksum: (flags & FLAG_CHECKSUM) !== 0,
  };
}

/** Checks the values of a file header. @throws SsmError VERR_SSM_INTEGRITY_VBOX_VERSION, VERR_SSM_INTEGRITY_HEADER. */
export function checkHeaderValues(header: FileHeader): void {
  const { product, revision } = header;
  const numbers: readonly [name: string, value: number, least: number, most: number, offset: number][] = [
    ['major version', product.major, 1, 1000, 32],
    ['minor version', product.minor, 0, 1000, 34],
    ['build number', product.build, 0, 1048576, 36],
    ['revision', revision, 1, 10_000_000, 40],
  ];
  for (const [name, value, least, most, offset] of numbers) {
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw refuse('VERR_SSM_INTEGRITY_VBOX_VERSION', `${name} ${value} is not in ${least}…${most}`, offset);
    }
  }
  const sizes: readonly [name: string, value: number, allowed: readonly number[], offset: number][] = [
    ['host bits', header.hostBits, [32, 64], 44],
    ['size of guest physical addresses', header.gcPhysBytes, [4, 8], 45],
    ['size of guest pointers', header.gcPtrBytes, [4, 8], 46],
  ];
  for (const [name, value, allowed, offset] of sizes) {
    if (!allowed.includes(value)) {
      throw refuse('VERR_SSM_INTEGRITY_HEADER', `${name} ${value} is not ${allowed.join(' or ')}`, offset);
    }
  }
}

// unit header -------------------------------------------------------------------------------------------------------

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a unit's name, without a terminator. */
export function nameBytes(name: string): Uint8Array {
  return utf8.encode(name);
}

/** A name as far as its first NUL; bytes that are not UTF-8 are shown as `\xNN`. */
function nameOf(bytes: Uint8Array): string {
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

/** @param streamCrc CRC of everything before the header; 0 in streams without checksums. */
export function encodeUnitHeader(unit: UnitHeader, streamCrc: number): Uint8Array {
  const name = nameBytes(unit.name);
  const bytes = new Uint8Array(UNIT_HEADER_SIZE + name.length + 1);
  bytes.set(UNIT_MAGIC);
  bytes.set(name, UNIT_HEADER_SIZE);
  return putUnitFields(bytes, unit, streamCrc, name.length + 1);
}

export function encodeEndHeader(offset: number, streamCrc: number): Uint8Array {
  const bytes = new Uint8Array(UNIT_HEADER_SIZE);
  bytes.set(END_MAGIC);
  return putUnitFields(bytes, { name: '', instance: 0, version: 0, pass: PASS_FINAL, offset }, streamCrc, 0);
}

function putUnitFields(bytes: Uint8Array, unit: UnitHeader, streamCrc: number, nameSize: number): Uint8Array {
  const view = viewOf(bytes);
  putU64(view, 8, unit.offset);
  view.setUint32(16, streamCrc, true);
  view.setUint32(24, unit.version, true);
  view.setUint32(28, unit.instance, true);
  view.setUint32(32, unit.pass, true);
  view.setUint32(40, nameSize, true);
  view.setUint32(20, crc32(bytes), true);
  return bytes;
}

/**
 * How long the unit header is whose first 44 bytes are at `bytes[at…)`, its name included.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_UNIT_MAGIC, VERR_SSM_INTEGRITY_UNIT.
 */
export function unitHeaderSize(bytes: Uint8Array, at: number, offset: number): number {
  if (!startsWith(bytes, at, UNIT_MAGIC) && !startsWith(bytes, at, END_MAGIC)) {
    throw refuse(
      'VERR_SSM_INTEGRITY_UNIT_MAGIC',
      `Unit at 0x${offset.toString(16)} (${offset}): Invalid unit magic`,
      offset,
    );
  }
  const nameSize = viewOf(bytes).getUint32(at + 40, true);
  if (nameSize > UNIT_NAME_MAX) {
    throw refuse('VERR_SSM_INTEGRITY_UNIT', `a unit name of ${nameSize} bytes`, offset);
  }
  return UNIT_HEADER_SIZE + nameSize;
}

/**
 * Decodes a unit header that a sequential reader has come to.
 *
 * @param streamCrc CRC of everything before the header; `undefined` in streams without checksums.
 * @returns the unit, or `undefined` for the END unit.
 * @throws SsmError VERR_SSM_INTEGRITY_UNIT, VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY.
 */
export function decodeUnitHeader(
  bytes: Uint8Array,
  offset: number,
  streamCrc: number | undefined,
): UnitHeader | undefined {
  const view = viewOf(bytes);
  const nameSize = bytes.length - UNIT_HEADER_SIZE;
  const unit = unitFields(bytes);
  const fail = (detail: string) =>
    refuse('VERR_SSM_INTEGRITY_UNIT', detail, offset, {
      ...(unit.name !== '' && { unit: unit.name, instance: unit.instance, pass: unit.pass }),
    });
  if (nameSize > 0 && bytes[bytes.length - 1] !== 0) throw fail('the name of a unit is not terminated');
  if (view.getUint32(20, true) !== crcWithout(bytes, 20)) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of a unit header is wrong', offset);
  }
  if (unit.offset !== offset) throw fail(`a unit header says that it is at offset ${unit.offset}`);
  if (streamCrc !== undefined && view.getUint32(16, true) !== streamCrc) {
    throw fail('the CRC of the stream before a unit header is wrong');
  }
  if (view.getUint32(36, true) !== 0) throw fail('unknown flags in a unit header');
  if (startsWith(bytes, 0, END_MAGIC)) {
    if (nameSize !== 0 || unit.instance !== 0 || unit.version !== 0 || unit.pass !== PASS_FINAL) {
      throw fail('the END unit has a name, an instance, a version or a pass');
    }
    return undefined;
  }
  if (nameSize <= 1) throw refuse('VERR_SSM_INTEGRITY', 'a unit without a name', offset);
  return unit;
}

function unitFields(bytes: Uint8Array): UnitHeader {
  const view = viewOf(bytes);
  return {
    name: nameOf(bytes.subarray(UNIT_HEADER_SIZE)),
    instance: view.getUint32(28, true),
    version: view.getUint32(24, true),
    pass: view.getUint32(32, true),
    offset: u64(view, 8),
  };
}

/** The unit that a directory entry leads to, and the CRC with which checking its stream goes on after the header. */
export interface SoughtUnit {
  readonly unit: UnitHeader;
  readonly headerSize: number;
  readonly streamCrc: number;
}

/**
 * Decodes the unit header that a directory entry leads to. Fewer checks than on the sequential path apply: what comes
 * before the header is unknown, so its CRC is taken from it.
 *
 * @param bytes up to 92 bytes from the header on, not beyond the directory.
 * @throws SsmError VERR_SSM_INTEGRITY_UNIT, VERR_SSM_INTEGRITY_CRC.
 */
export function decodeSoughtUnit(bytes: Uint8Array, entry: DirectoryEntry): SoughtUnit {
  const { offset } = entry;
  const fail = (detail: string) => refuse('VERR_SSM_INTEGRITY_UNIT', detail, offset);
  if (bytes.length < UNIT_HEADER_SIZE || !startsWith(bytes, 0, UNIT_MAGIC)) {
    throw fail('a directory entry does not lead to a unit');
  }
  const view = viewOf(bytes);
  if (u64(view, 8) !== offset) throw fail(`a unit header says that it is at offset ${u64(view, 8)}`);
  if (view.getUint32(28, true) !== entry.instance) throw fail('unit header and directory differ in the instance');
  const headerSize = UNIT_HEADER_SIZE + view.getUint32(40, true);
  if (headerSize === UNIT_HEADER_SIZE || headerSize > bytes.length) throw fail('a unit name that does not fit');
  const header = bytes.subarray(0, headerSize);
  if (view.getUint32(20, true) !== crcWithout(header, 20)) {
    throw refuse('VERR_SSM_INTEGRITY_CRC', 'the CRC of a unit header is wrong', offset);
  }
  return { unit: unitFields(header), headerSize, streamCrc: crc32(header, view.getUint32(16, true)) };
}

// directory ---------------------------------------------------------------------------------------------------------

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
  if (!startsWith(bytes, 0, DIRECTORY_MAGIC)) {
    throw refuse('VERR_SSM_INTEGRITY_DIR_MAGIC', 'no directory where it should be', offset);
  }
  const entries = viewOf(bytes).getUint32(12, true);
  if (entries >= DIRECTORY_ENTRIES_END) {
    throw refuse('VERR_SSM_INTEGRITY_DIR', `a directory of ${entries} entries`, offset);
  }
  return entries;
}

/**
 * Decodes a whole directory.
 *
 * @param offset where it stands in the file.
 * @throws SsmError VERR_SSM_INTEGRITY_DIR_MAGIC, VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY_DIR.
 */
export function decodeDirectory(bytes: Uint8Array, offset: number, revision: number): DirectoryEntry[] {
  if (!startsWith(bytes, 0, DIRECTORY_MAGIC)) {
    throw refuse('VERR_SSM_INTEGRITY_DIR_MAGIC', 'no directory where it should be', offset);
  }
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

// footer ------------------------------------------------------------------------------------------------------------

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
