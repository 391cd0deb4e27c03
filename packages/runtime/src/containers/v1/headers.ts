import { putU64, refuse, u64, viewOf } from '../fields.js';
import { type Format, magicOf } from '../formats.js';
import type { ProductVersion, StateHeader } from '../state.js';
import { checkHeaderValues } from '../v2/headers.js';

/*
 * Formats V1.0, V1.1 and V1.2
 *
 *     ┌──────────────┐ 0
 *     │ file header  │  magic 32 │ file size 8 │ CRC 4 │ 0 4 │ machine's UUID, null 16
 *     │           80 │  │ product: major 2, minor 2, build 4 │ revision 4 │ host bits 1 │ GCPhys 1 │ GCPtr 1 │ 0 1
 *     ├──────────────┤
 *     │ unit header  │  magic 8 │ size of the whole unit 8 │ version 4 │ instance 4 │ name size 4 │ name, NUL
 *     │    28 + name │
 *     │ zip stream   │  see zip.ts
 *     ├──────────────┤
 *     │ more units … │
 *     ├──────────────┤
 *     │ END unit  28 │  a unit header with another magic and no name
 *     └──────────────┘
 *
 * Everything is little-endian. V1.1 has the first 64 bytes of that file header. V1.0 has them, too, where the writer was
 * a 64-bit one; 32-bit writers did not pad the UUID to a multiple of eight, and their header has 60. Sizes are known only
 * when what they measure is written: the writer goes back for them, and the reader needs a file.
 *
 * The CRC begins behind its field and covers as many bytes as follow the header, so that it misses the end of the file by
 * what the header has behind the CRC: 36 bytes of V1.2, which are the END unit and eight more.
 *
 * The checks are those of the original, in its order (`VirtualBox 7.2 SSMR3.cpp`, ssmR3HeaderAndValidate,
 * ssmR3ValidateHeaderInfo); those of V1.0, which it does not read, are those of V1.1.
 */

/** Offset of the first byte that the CRC covers. */
export const CHECKSUM_START = 44;

const SIZE_AT = 32;
const CRC_AT = 40;
const UUID_SIZE = 16;
const VALUES_AT = 64;

/** How the file header of a format is laid out. */
interface Layout {
  readonly size: number;
  readonly uuidAt: number;
  /** What the header does not say itself; `undefined` where it does. */
  readonly implied: Pick<StateHeader, 'hostBits' | 'gcPhysBytes' | 'gcPtrBytes'> | undefined;
}

const v12: Layout = { size: 80, uuidAt: 48, implied: undefined };
const v11: Layout = { size: 64, uuidAt: 48, implied: { hostBits: undefined, gcPhysBytes: 8, gcPtrBytes: 8 } };
const v10of64: Layout = { size: 64, uuidAt: 48, implied: { hostBits: 64, gcPhysBytes: 4, gcPtrBytes: 4 } };
const v10of32: Layout = { size: 60, uuidAt: 44, implied: { hostBits: 32, gcPhysBytes: 4, gcPtrBytes: 4 } };

/** Bytes that a file has at least, and that {@link decodeFileHeader} needs. */
export const HEADER_ROOM: Readonly<Record<V1Format, number>> = {
  '1.2': v12.size,
  '1.1': v11.size,
  '1.0': v10of64.size,
};

/** Size of the header that {@link encodeFileHeader} makes. */
export const FILE_HEADER_SIZE = v12.size;

export type V1Format = Exclude<Format, '2.0'>;

/** The header of a state of format V1.x. */
export interface V1FileHeader extends StateHeader {
  /** Size of the file as the header says. */
  readonly fileSize: number;
  readonly crc: number;
  /** Offset of the first unit. */
  readonly headerSize: number;
}

/** What is written into the header of a state of format V1.2. */
export interface V12Header extends StateHeader {
  readonly product: ProductVersion;
  readonly hostBits: 32 | 64;
}

/** The header as it is as long as file size and CRC are not known. */
export function encodeFileHeader(header: V12Header): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_SIZE);
  const view = viewOf(bytes);
  bytes.set(magicOf('1.2'));
  view.setUint16(VALUES_AT, header.product.major, true);
  view.setUint16(VALUES_AT + 2, header.product.minor, true);
  view.setUint32(VALUES_AT + 4, header.product.build, true);
  view.setUint32(VALUES_AT + 8, header.revision, true);
  bytes[VALUES_AT + 12] = header.hostBits;
  bytes[VALUES_AT + 13] = header.gcPhysBytes;
  bytes[VALUES_AT + 14] = header.gcPtrBytes;
  return bytes;
}

/** File size and CRC, and where in the header they go. */
export function encodeFileSize(fileSize: number, crc: number): { readonly at: number; readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(CHECKSUM_START - SIZE_AT);
  const view = viewOf(bytes);
  putU64(view, 0, fileSize);
  view.setUint32(CRC_AT - SIZE_AT, crc, true);
  return { at: SIZE_AT, bytes };
}

/** Checks what is to be written. @throws SsmError VERR_SSM_INTEGRITY_VBOX_VERSION, VERR_SSM_INTEGRITY_HEADER. */
export function checkV12Header(header: V12Header): void {
  checkHeaderValues(header, VALUES_AT);
}

/**
 * Decodes a file header whose magic has been recognised, and checks it.
 *
 * @param bytes the first {@link HEADER_ROOM} bytes of the file.
 * @param size of the file; `undefined` for a stream, `'any'` where it does not matter.
 * @throws SsmError VERR_SMM_INTEGRITY_MACHINE, VERR_SSM_INTEGRITY_SIZE, VERR_SSM_INTEGRITY_VBOX_VERSION,
 * VERR_SSM_INTEGRITY_HEADER; VERR_SSM_INTEGRITY_VERSION for a stream of format V1.0.
 */
export function decodeFileHeader(format: V1Format, bytes: Uint8Array, size: number | undefined | 'any'): V1FileHeader {
  const view = viewOf(bytes);
  const layout = layoutOf(format, view);
  if (bytes.subarray(layout.uuidAt, layout.uuidAt + UUID_SIZE).some((byte) => byte !== 0)) {
    throw refuse('VERR_SMM_INTEGRITY_MACHINE', 'the file header names a machine', layout.uuidAt);
  }
  const fileSize = u64(view, SIZE_AT);
  if (size === undefined) {
    // VirtualBox cannot tell the size of a stream either, but of V1.0 it does not get that far.
    const status = format === '1.0' ? 'VERR_SSM_INTEGRITY_VERSION' : 'VERR_SSM_INTEGRITY_SIZE';
    throw refuse(status, `format V${format} is read from files only: its checksum comes first and covers all`, SIZE_AT);
  }
  if (size !== 'any' && fileSize !== size) {
    throw refuse('VERR_SSM_INTEGRITY_SIZE', `a file of ${size} bytes whose header says ${fileSize}`, SIZE_AT);
  }
  const common = {
    fileSize,
    crc: view.getUint32(CRC_AT, true),
    headerSize: layout.size,
    unitCount: undefined,
    live: false,
    checksum: true,
  };
  if (layout.implied !== undefined) return { ...common, ...layout.implied, product: undefined, revision: 0 };
  const header = {
    ...common,
    product: {
      major: view.getUint16(VALUES_AT, true),
      minor: view.getUint16(VALUES_AT + 2, true),
      build: view.getUint32(VALUES_AT + 4, true),
    },
    revision: view.getUint32(VALUES_AT + 8, true),
    hostBits: bytes[VALUES_AT + 12] as 32 | 64,
    gcPhysBytes: bytes[VALUES_AT + 13] as 4 | 8,
    gcPtrBytes: bytes[VALUES_AT + 14] as 4 | 8,
  };
  checkHeaderValues(header, VALUES_AT);
  return header;
}

/** A 32-bit V1.0 has the magic of its first unit where the padded header has the end of the null UUID. */
function layoutOf(format: V1Format, view: DataView): Layout {
  if (format === '1.2') return v12;
  if (format === '1.1') return v11;
  return view.getUint32(v10of32.size, true) === 0 ? v10of64 : v10of32;
}
