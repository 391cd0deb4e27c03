import { ByteReader } from '../containers/byte-reader.js';
import { magicBytes } from '../containers/fields.js';
import type { ReadGuard } from '../containers/guard.js';
import type { UnitHeader, UnitPlace } from '../containers/state.js';
import { nameOf, UNIT_NAME_MAX } from '../containers/unit-name.js';
import type { V1Reader } from '../containers/v1/reader.js';
import { decodeUnitFields, UNIT_HEADER_SIZE } from '../containers/v1/unit-header.js';
import { ZipReader } from '../containers/v1/zip-reader.js';
import { isSsmError, PASS_FINAL, SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { findMagic } from './find-magic.js';
import { decodeAll, gapsBetween, isOwnFailure } from './pieces.js';
import type { LostUnit, Survey, WholeUnit } from './survey.js';

/*
 * Units of formats V1.x
 *
 * They have no checksums, only the file has. Where that is wrong, a unit counts as whole that has the form of one: its
 * size leads to the header of another unit, or to END, and its zip stream can be decoded.
 */

const UNIT_MAGIC = magicBytes('\nUnit\n\0\0');
const END_MAGIC = magicBytes('\nTheEnd\0');

/**
 * Looks for the units of a state of format V1.2 that have the form of whole ones.
 *
 * @throws SsmError VERR_NOT_SUPPORTED for V1.1 and V1.0, which nothing writes any more.
 */
export async function surveyV1(source: Source, reader: V1Reader, guard: ReadGuard): Promise<Survey> {
  const { format, header } = reader;
  if (format !== '1.2') {
    throw new SsmError('VERR_NOT_SUPPORTED', `what is sound of a state of format V${format} cannot be written again`);
  }
  const size = source.size as number;
  const whole: WholeUnit[] = [];
  const lost: LostUnit[] = [];
  let endOffset: number | undefined;
  const input = new ByteReader(source, 0, guard);
  input.checksum = false;
  await input.moveTo(Math.min(header.headerSize, size));
  while (await findMagic(input, [UNIT_MAGIC, END_MAGIC])) {
    const offset = input.position;
    const found = await placeAt(source, offset, guard);
    if (found === 'END') endOffset = offset;
    if (found === undefined || found === 'END') {
      input.advance(UNIT_MAGIC.length);
      continue;
    }
    const { unit, records, end } = found;
    guard.unit(PASS_FINAL);
    try {
      await checkEnd(source, end, guard);
      await decodeAll(records, guard);
      whole.push({ unit, size: end - offset, data: records.totals.data });
      await input.moveTo(end);
    } catch (error) {
      if (!isSsmError(error) || isOwnFailure(error, guard)) throw error;
      lost.push({ unit, offset, failure: error.at({ unit: unit.name, instance: unit.instance }) });
      input.advance(UNIT_MAGIC.length);
    }
  }
  const end = endOffset === undefined ? [] : [{ offset: endOffset, size: UNIT_HEADER_SIZE }];
  const known = [
    { offset: 0, size: header.headerSize },
    ...whole.map((each) => ({ offset: each.unit.offset, size: each.size })),
    ...end,
  ];
  return {
    format,
    header,
    headerRepaired: undefined,
    knownBy: (await isWhole(reader)) ? 'checksum' : 'form',
    whole,
    lost,
    gaps: gapsBetween(known, size),
    end: endOffset !== undefined,
    directory: undefined,
  };
}

async function isWhole(reader: V1Reader): Promise<boolean> {
  try {
    await reader.checkWhole();
    return true;
  } catch (error) {
    if (!isSsmError(error) || isOwnFailure(error, reader.guard)) throw error;
    return false;
  }
}

/**
 * The unit whose header is at an offset, ready to be decoded.
 *
 * @returns `undefined` for what has not the form of a header.
 */
export async function placeAt(
  source: Source,
  offset: number,
  guard: ReadGuard,
): Promise<(UnitPlace & { readonly end: number }) | 'END' | undefined> {
  const input = new ByteReader(source, 0, guard.fresh());
  input.checksum = false;
  await input.moveTo(offset);
  if (!(await input.run(() => input.request(UNIT_HEADER_SIZE)))) return undefined;
  const fields = decodeUnitFields(await input.read(UNIT_HEADER_SIZE), offset);
  if (fields === undefined) return 'END';
  const { size, version, instance, nameSize } = fields;
  if (nameSize < 2 || nameSize > UNIT_NAME_MAX || size < UNIT_HEADER_SIZE + nameSize) return undefined;
  if (!(await input.run(() => input.request(nameSize)))) return undefined;
  const name = await input.read(nameSize);
  if (name.indexOf(0) !== nameSize - 1) return undefined;
  const end = offset + size;
  const records = new ZipReader(input);
  records.begin(end);
  const unit: UnitHeader = { name: nameOf(name), instance, version, pass: PASS_FINAL, offset };
  return { unit, input, records, end };
}

/** The unit's size has to lead to another header. @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_UNIT_MAGIC. */
async function checkEnd(source: Source, end: number, guard: ReadGuard): Promise<void> {
  if (end + UNIT_HEADER_SIZE > (source.size as number)) {
    throw new SsmError('VERR_EOF', 'the saved state ends inside of a unit or right after it', { offset: end });
  }
  const input = new ByteReader(source, 0, guard);
  input.checksum = false;
  await input.moveTo(end);
  decodeUnitFields(await input.read(UNIT_HEADER_SIZE), end);
}
