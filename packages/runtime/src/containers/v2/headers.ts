import { crc32 } from '../../codecs/crc32.js';
import { crcWithout, refuse, viewOf } from '../fields.js';
import { magicOf } from '../formats.js';
import type { ProductVersion, StateHeader } from '../state.js';

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

const FLAG_CHECKSUM = 1;
const FLAG_LIVE = 2;
/** Blocks may be packed with LZ4: ssmkit's extension (docs/format-extension.md), far from where VirtualBox adds flags. */
const FLAG_LZ4 = 0x10000;

/** How the file header tells what {@link FileHeader} calls by name. */
function flagsOf({ checksum, live, compression }: FileHeader): number {
  return (checksum ? FLAG_CHECKSUM : 0) | (live ? FLAG_LIVE : 0) | (compression === 'lz4' ? FLAG_LZ4 : 0);
}

/** The header of a state of format V2.0, which tells everything. */
export interface FileHeader extends StateHeader {
  readonly product: ProductVersion;
  readonly hostBits: 32 | 64;
  readonly unitCount: number;
}

/** What {@link checkHeaderValues} looks at. */
export type HeaderValues = Pick<FileHeader, 'product' | 'revision' | 'hostBits' | 'gcPhysBytes' | 'gcPtrBytes'>;

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
  view.setUint32(52, flagsOf(header), true);
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
  if ((flags & ~(FLAG_CHECKSUM | FLAG_LIVE | FLAG_LZ4)) !== 0) {
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
    ...((flags & FLAG_LZ4) !== 0 && { compression: 'lz4' }),
  };
}

/**
 * Checks the values of a file header.
 *
 * @param at offset of the first of them, the major version; the others follow it in V1.2, too.
 * @throws SsmError VERR_SSM_INTEGRITY_VBOX_VERSION, VERR_SSM_INTEGRITY_HEADER.
 */
export function checkHeaderValues(header: HeaderValues, at = 32): void {
  const { product, revision } = header;
  const numbers: readonly [name: string, value: number, least: number, most: number, offset: number][] = [
    ['major version', product.major, 1, 1000, at],
    ['minor version', product.minor, 0, 1000, at + 2],
    ['build number', product.build, 0, 1048576, at + 4],
    ['revision', revision, 1, 10_000_000, at + 8],
  ];
  for (const [name, value, least, most, offset] of numbers) {
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw refuse('VERR_SSM_INTEGRITY_VBOX_VERSION', `${name} ${value} is not in ${least}…${most}`, offset);
    }
  }
  const sizes: readonly [name: string, value: number, allowed: readonly number[], offset: number][] = [
    ['host bits', header.hostBits, [32, 64], at + 12],
    ['size of guest physical addresses', header.gcPhysBytes, [4, 8], at + 13],
    ['size of guest pointers', header.gcPtrBytes, [4, 8], at + 14],
  ];
  for (const [name, value, allowed, offset] of sizes) {
    if (!allowed.includes(value)) {
      throw refuse('VERR_SSM_INTEGRITY_HEADER', `${name} ${value} is not ${allowed.join(' or ')}`, offset);
    }
  }
}
