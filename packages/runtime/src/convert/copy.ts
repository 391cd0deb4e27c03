import type { StateReader } from '../containers/state.js';
import { BLOCK } from '../containers/v2/records.js';
import type { PutStream } from '../streams/put-stream.js';
import { NeedMore, RECORD_MAX } from '../streams/record-source.js';

/** Largest record that is put in one piece; what is larger comes in pieces of whole blocks. */
const WHOLE_MAX = 65536;

/**
 * Puts what is left of the unit in which the records stand.
 *
 * Records mean nothing to a reader of the copy, but where they were cut says where the saving side put large items. What
 * one record held is therefore put as one item: a page that was one block becomes one block again, whatever small items
 * stand in front of it.
 *
 * @throws SsmError for a damaged record; the failure of the stream's sink.
 */
export async function copyData({ records }: Pick<StateReader, 'records'>, stream: PutStream): Promise<void> {
  const buffer = new Uint8Array(WHOLE_MAX + RECORD_MAX);
  let decoded = records.totals.data;
  let held = 0;
  const put = async (count: number) => {
    stream.putMem(buffer.subarray(0, count));
    buffer.copyWithin(0, count, held);
    held -= count;
    await stream.drain();
  };
  for (;;) {
    let count: number;
    try {
      count = records.fill(buffer, held);
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
      await records.more();
      continue;
    }
    if (count < 0) break;
    held += count;
    decoded += count;
    // The totals count a record as a whole as soon as it is begun.
    if (records.totals.data <= decoded) await put(held);
    else if (held >= WHOLE_MAX) await put(held - (held % BLOCK));
  }
  if (held > 0) await put(held);
}
