import { crc32 } from '../codecs/crc32.js';
import { ByteReader } from '../containers/byte-reader.js';
import { magicBytes, viewOf } from '../containers/fields.js';
import type { ReadGuard } from '../containers/guard.js';
import type { DirectoryEntry, UnitHeader, UnitPlace } from '../containers/state.js';
import {
  DIRECTORY_ENTRY_SIZE,
  DIRECTORY_HEADER_SIZE,
  decodeDirectory,
  FOOTER_SIZE,
  soughtEntries,
} from '../containers/v2/directory.js';
import { FILE_HEADER_SIZE, type FileHeader } from '../containers/v2/headers.js';
import { RecordReader } from '../containers/v2/record-reader.js';
import { decodeUnitHeader, UNIT_HEADER_SIZE, unitHeaderSize } from '../containers/v2/unit-header.js';
import { isSsmError, SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { findMagic } from './find-magic.js';
import type { ReadableHeader } from './header.js';
import { decodeAll, gapsBetween, isOwnFailure } from './pieces.js';
import type { LostUnit, Survey, WholeUnit } from './survey.js';

/*
 * Units behind damage
 *
 * Where the next unit begins is known only from the end of this one. But the header of a unit has a magic, a CRC of its
 * own and its offset in the file, so that it can be told from anything else wherever it is found; and it has the CRC of
 * all that is in front of it, from which the CRC at the unit's end can be checked whatever happened before.
 */

const UNIT_MAGIC = magicBytes('\nUnit\n\0\0');
const END_MAGIC = magicBytes('\nTheEnd\0');

/** Looks for the units of a state of format V2.0 that are whole. */
export async function surveyV2(
  source: Source,
  { header, repaired }: ReadableHeader,
  guard: ReadGuard,
): Promise<Survey> {
  const whole: WholeUnit[] = [];
  const lost: LostUnit[] = [];
  const directory = await readDirectory(source, header, guard);
  let endOffset: number | undefined;
  const input = new ByteReader(source, 0, guard);
  input.checksum = false;
  await input.moveTo(Math.min(FILE_HEADER_SIZE, source.size as number));
  while (await findMagic(input, [UNIT_MAGIC, END_MAGIC])) {
    const offset = input.position;
    let found: UnitPlace | 'END' | undefined;
    try {
      found = await placeAt(source, offset, header, guard);
    } catch (error) {
      if (!isSsmError(error) || isOwnFailure(error, guard)) throw error;
      lost.push({ unit: undefined, offset, failure: error });
    }
    if (found === 'END') endOffset = offset;
    if (found === undefined || found === 'END') {
      input.advance(UNIT_MAGIC.length);
      continue;
    }
    const { unit, records } = found;
    guard.unit(unit.pass);
    try {
      await decodeAll(records, guard);
      const end = found.input.position;
      whole.push({ unit, size: end - offset, data: records.totals.data });
      await input.moveTo(end);
    } catch (error) {
      if (!isSsmError(error) || isOwnFailure(error, guard)) throw error;
      lost.push({ unit, offset, failure: error.at({ unit: unit.name, instance: unit.instance, pass: unit.pass }) });
      input.advance(UNIT_MAGIC.length);
    }
  }
  const end = endOffset === undefined ? [] : [{ offset: endOffset, size: UNIT_HEADER_SIZE }];
  const tail =
    directory === undefined ? [] : [{ offset: directory.offset, size: (source.size as number) - directory.offset }];
  const known = [{ offset: 0, size: FILE_HEADER_SIZE }, ...whole.map(placeOf), ...end, ...tail];
  return {
    format: '2.0',
    header,
    headerRepaired: repaired,
    knownBy: header.checksum ? 'checksum' : 'form',
    whole,
    lost: [...lost, ...headersLost(directory?.entries ?? [], [...whole, ...lost])].sort((a, b) => a.offset - b.offset),
    gaps: gapsBetween(known, source.size as number),
    end: endOffset !== undefined,
    directory: directory?.entries,
  };
}

function placeOf({ unit, size }: WholeUnit) {
  return { offset: unit.offset, size };
}

/**
 * The unit whose header is at an offset, ready to be decoded.
 *
 * @returns `undefined` for what is no header of this place. @throws SsmError for one that is damaged.
 */
export async function placeAt(
  source: Source,
  offset: number,
  header: FileHeader,
  guard: ReadGuard,
): Promise<UnitPlace | 'END' | undefined> {
  const input = new ByteReader(source, 0, guard.fresh());
  input.checksum = false;
  await input.moveTo(offset);
  if (!(await input.run(() => input.request(UNIT_HEADER_SIZE)))) return undefined;
  // A saved state inside of a unit, such as one in the guest's memory, has headers with other offsets.
  const saysOffset = viewOf(input.bytes).getBigUint64(input.pos + 8, true) === BigInt(offset);
  let unit: UnitHeader | undefined;
  let size: number;
  try {
    size = unitHeaderSize(input.bytes, input.pos, offset);
    if (!(await input.run(() => input.request(size)))) {
      throw new SsmError('VERR_EOF', 'the saved state ends inside of a unit header', { offset });
    }
    unit = decodeUnitHeader(input.bytes.subarray(input.pos, input.pos + size), offset, undefined);
  } catch (error) {
    if (!isSsmError(error) || isOwnFailure(error, guard) || saysOffset) throw error;
    return undefined;
  }
  if (unit === undefined) return 'END';
  const bytes = input.bytes.subarray(input.pos, input.pos + size);
  const streamCrc = crc32(bytes, viewOf(bytes).getUint32(16, true));
  input.advance(size);
  input.checksum = header.checksum;
  input.restartCrc(streamCrc);
  const records = new RecordReader(input, header.compression === 'lz4');
  records.begin();
  return { unit, input, records };
}

/** The directory, found from the end of the file whatever is in front of it. */
async function readDirectory(source: Source, { revision }: FileHeader, guard: ReadGuard) {
  const end = (source.size as number) - FOOTER_SIZE;
  if (end < FILE_HEADER_SIZE) return undefined;
  try {
    const count = soughtEntries(await new ByteReader(source, end, guard).read(FOOTER_SIZE), end);
    const size = DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * count;
    const offset = end - size;
    if (offset < FILE_HEADER_SIZE) return undefined;
    const bytes = await new ByteReader(source, offset, guard).read(size);
    return { offset, entries: decodeDirectory(bytes, offset, revision) };
  } catch (error) {
    if (!isSsmError(error) || isOwnFailure(error, guard)) throw error;
    return undefined;
  }
}

/** Units that the directory knows and that were not found. */
function headersLost(
  entries: readonly DirectoryEntry[],
  found: readonly { readonly unit: UnitHeader | undefined; readonly offset?: number }[],
): LostUnit[] {
  const offsets = new Set(found.map(({ unit, offset }) => offset ?? unit?.offset));
  return entries
    .filter(({ offset }) => offset !== 0 && !offsets.has(offset))
    .map(({ offset, instance }) => ({
      unit: undefined,
      offset,
      failure: new SsmError('VERR_SSM_INTEGRITY_UNIT', 'the directory leads here, but there is no unit header', {
        offset,
        instance,
      }),
    }));
}

/** Whether the units end where the directory begins, without an END unit, as in files of the standalone writer. */
export function isStandalone({ end, directory, whole, lost, gaps }: Survey): boolean {
  return !end && directory !== undefined && lost.length === 0 && gaps.length === 0 && whole.length > 0;
}
