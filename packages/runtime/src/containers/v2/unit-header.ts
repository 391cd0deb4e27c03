import { crc32 } from '../../codecs/crc32.js';
import { PASS_FINAL } from '../../error.js';
import { crcWithout, magicBytes, putU64, refuse, u64, viewOf } from '../fields.js';
import { startsWith } from '../formats.js';
import type { DirectoryEntry, UnitHeader } from '../state.js';
import { nameBytes, nameOf, UNIT_NAME_MAX } from '../unit-name.js';

export const UNIT_HEADER_SIZE = 44;

const UNIT_MAGIC = magicBytes('\nUnit\n\0\0');
const END_MAGIC = magicBytes('\nTheEnd\0');

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
