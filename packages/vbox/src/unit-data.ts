import { isSsmError, type OpenUnit } from '@ssmkit/runtime';

const PIECE = 65536;

/**
 * The data of a unit piece by piece, in bounded memory; a piece is valid until the next is asked for.
 *
 * @throws SsmError for damaged records, after the pieces in front of them.
 */
export async function* unitPieces({
  stream,
  measure,
}: Pick<OpenUnit, 'stream' | 'measure'>): AsyncGenerator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(PIECE);
  for (;;) {
    await stream.ensure(PIECE);
    if (stream.buffered === 0) break;
    while (stream.buffered > 0) yield stream.getMem(piece.subarray(0, Math.min(stream.buffered, PIECE)));
  }
  try {
    // A get tells what ends the data: a damaged record, or else the end of the unit, which is then checked.
    stream.getU8();
  } catch (error) {
    if (!isSsmError(error) || error.status !== 'VERR_SSM_LOADED_TOO_MUCH') throw error;
  }
  await measure();
}

/** Bytes in one piece of memory. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Cuts pieces anew, into ones of `size` bytes, the last as long as it comes. Of no bytes there is one empty piece. */
export async function* cut(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held = new Uint8Array(size);
  let count = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (count === size) {
        yield held;
        held = new Uint8Array(size);
        count = 0;
      }
      const part = piece.subarray(at, at + size - count);
      held.set(part, count);
      count += part.length;
      at += part.length;
    }
  }
  yield held.subarray(0, count);
}
