import { crc32 } from '../codecs/crc32.js';
import { ByteReader } from '../containers/byte-reader.js';
import { viewOf } from '../containers/fields.js';
import { formatOf, MAGIC_SIZE } from '../containers/formats.js';
import type { ReadGuard } from '../containers/guard.js';
import { checkHeaderValues, decodeFileHeader, FILE_HEADER_SIZE, type FileHeader } from '../containers/v2/headers.js';
import { isSsmError, SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';

/** A file header that can be relied on. */
export interface ReadableHeader {
  readonly header: FileHeader;
  /** Offset of the one byte that was wrong; `undefined` where none was. */
  readonly repaired: number | undefined;
}

/**
 * The file header of a state of format V2.0, also where one of its bytes is wrong: its CRC then leaves no doubt which, and
 * what it was.
 *
 * @returns `undefined` for another format. @throws SsmError what is wrong with a header that cannot be repaired.
 */
export async function readHeader(source: Source, guard: ReadGuard): Promise<ReadableHeader | undefined> {
  const bytes = await new ByteReader(source, 0, guard).read(Math.min(FILE_HEADER_SIZE, source.size ?? 0));
  if (bytes.length < MAGIC_SIZE) throw new SsmError('VERR_EOF', 'too short for a saved state', { offset: 0 });
  let wrong: SsmError;
  try {
    if (formatOf(bytes, 0) !== '2.0') return undefined;
    return { header: checked(bytes), repaired: undefined };
  } catch (error) {
    if (!isSsmError(error)) throw error;
    wrong = error;
  }
  const repairs = bytes.length === FILE_HEADER_SIZE ? [...repairsOf(bytes)] : [];
  const [repair] = repairs;
  if (repair === undefined || repairs.length > 1) throw wrong;
  return repair;
}

function checked(bytes: Uint8Array): FileHeader {
  if (bytes.length < FILE_HEADER_SIZE) throw new SsmError('VERR_EOF', 'the saved state ends inside of its header');
  const header = decodeFileHeader(bytes);
  checkHeaderValues(header);
  return header;
}

const CRC_AT = 60;

/** Every valid header that differs in one byte. */
function* repairsOf(damaged: Uint8Array): Generator<ReadableHeader> {
  const bytes = damaged.slice();
  const view = viewOf(bytes);
  const stored = view.getUint32(CRC_AT, true);
  for (let at = 0; at < CRC_AT; at++) {
    const was = bytes[at] as number;
    for (let value = 0; value < 0x100; value++) {
      bytes[at] = value;
      view.setUint32(CRC_AT, 0, true);
      const matches = value !== was && crc32(bytes) === stored;
      view.setUint32(CRC_AT, stored, true);
      if (matches) yield* valid(bytes, at);
    }
    bytes[at] = was;
  }
  // Where the CRC itself is damaged, the rest of it is as it should be.
  view.setUint32(CRC_AT, 0, true);
  view.setUint32(CRC_AT, crc32(bytes), true);
  const differing = [0, 1, 2, 3].map((i) => CRC_AT + i).filter((at) => bytes[at] !== damaged[at]);
  if (differing.length === 1) yield* valid(bytes, differing[0] as number);
}

function* valid(bytes: Uint8Array, repaired: number): Generator<ReadableHeader> {
  try {
    if (formatOf(bytes, 0) === '2.0') yield { header: checked(bytes), repaired };
  } catch (error) {
    if (!isSsmError(error)) throw error;
  }
}
