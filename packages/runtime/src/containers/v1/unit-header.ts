import { magicBytes, putU64, refuse, u64, viewOf } from '../fields.js';
import { startsWith } from '../formats.js';

export const UNIT_HEADER_SIZE = 28;

const UNIT_MAGIC = magicBytes('\nUnit\n\0\0');
const END_MAGIC = magicBytes('\nTheEnd\0');

/** Offset in a unit header of the size of the unit, and how wide it is. */
export const UNIT_SIZE_AT = 8;
export const UNIT_SIZE_BYTES = 8;

/** What the header of a unit says in front of the name. */
export interface UnitFields {
  /** Bytes of the unit, this header included. */
  readonly size: number;
  readonly version: number;
  readonly instance: number;
  /** Bytes of the name, its terminator included. */
  readonly nameSize: number;
}

/** The header of a unit; `size` is 0 as long as it is not known. @param name without its terminator. */
export function encodeUnitHeader(fields: Omit<UnitFields, 'nameSize'>, name: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(UNIT_HEADER_SIZE + name.length + 1);
  const view = viewOf(bytes);
  bytes.set(UNIT_MAGIC);
  putU64(view, UNIT_SIZE_AT, fields.size);
  view.setUint32(16, fields.version, true);
  view.setUint32(20, fields.instance, true);
  view.setUint32(24, name.length + 1, true);
  bytes.set(name, UNIT_HEADER_SIZE);
  return bytes;
}

/** The size of a unit as its header has it. */
export function encodeUnitSize(size: number): Uint8Array {
  const bytes = new Uint8Array(UNIT_SIZE_BYTES);
  putU64(viewOf(bytes), 0, size);
  return bytes;
}

export function encodeEndHeader(): Uint8Array {
  const bytes = new Uint8Array(UNIT_HEADER_SIZE);
  bytes.set(END_MAGIC);
  putU64(viewOf(bytes), UNIT_SIZE_AT, UNIT_HEADER_SIZE);
  return bytes;
}

/**
 * Decodes the first 28 bytes of a unit header.
 *
 * @param offset where it stands in the file.
 * @returns `undefined` for the END unit, of which VirtualBox looks at nothing but the magic.
 * @throws SsmError VERR_SSM_INTEGRITY_UNIT_MAGIC.
 */
export function decodeUnitFields(bytes: Uint8Array, offset: number): UnitFields | undefined {
  if (startsWith(bytes, 0, END_MAGIC)) return undefined;
  if (!startsWith(bytes, 0, UNIT_MAGIC)) {
    const place = `Unit at 0x${offset.toString(16)} (${offset})`;
    throw refuse('VERR_SSM_INTEGRITY_UNIT_MAGIC', `${place}: Invalid unit magic`, offset);
  }
  const view = viewOf(bytes);
  return {
    size: u64(view, UNIT_SIZE_AT),
    version: view.getUint32(16, true),
    instance: view.getUint32(20, true),
    nameSize: view.getUint32(24, true),
  };
}
