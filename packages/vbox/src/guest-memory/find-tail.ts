import { isSsmError, type OpenState, type RecordMark, type SsmError, type UnitHeader } from '@ssmkit/runtime';
import { PageReader } from '../pgm/get-pages.js';
import { PAGE_SIZE, pageTypes } from '../pgm/records.js';
import type { AddressRange } from './ram-layout.js';

/*
 * Pages behind a record that does not say where the next one is
 *
 * Records have no mark by which they could be found, and pages that follow each other no address. But the final pass of a
 * state that was not saved live has every page of RAM once, in ascending order, and nothing behind them: so pages can be
 * counted from the end. A place is taken for the beginning of a record where everything from there on can be read as page
 * records, up to the one that ends them, all addresses that there are agree with the count, and it ends with the last page.
 */

/** Where pages go on behind damage. */
export interface Tail {
  /** The first record. */
  readonly mark: RecordMark;
  /** Bytes of it that are the rest of a page. */
  readonly skip: number;
  /** Number of the first page of RAM. */
  readonly firstPage: number;
}

/** What is known of the damage. */
export interface Damage {
  /** Offset in the file of the pass's first record. */
  readonly start: number;
  /** Offset in the file from which on to look. */
  readonly from: number;
  /** Where there is RAM, ascending. */
  readonly ram: readonly AddressRange[];
  /** Page of RAM that was read last; -1 where none was. */
  readonly lastPage: number;
}

/** Bytes behind damage in which the next record is looked for: disks lose blocks of up to 64 KiB. */
const REACH = 2 ** 17;

/** Whoever can read so many bytes of records has found their beginning, though there may be more damage behind them. */
const FAR = REACH;

/** Bytes that are read in vain, at most: a file can be made in which every byte looks like a record. */
const VAIN_MAX = 2 ** 28;

/** Places from which on everything can be read, though it does not agree with the RAM, after which others will not, either. */
const DISAGREEING = 8;

/** Pages whose number is not known yet are counted from here on, where no page of RAM is. */
const UNKNOWN = 2 ** 39;

/** What the first byte of a record is (see records.ts of the runtime): RAW, LZF, ZERO, LZ4. */
const isRecord = (byte: number) => (byte & 0xe0) === 0x80 && [2, 3, 4, 6].includes(byte & 0x0f);

/** Looks for the pages behind damage. */
export async function findTail(state: OpenState, unit: UnitHeader, damage: Damage): Promise<Tail | undefined> {
  let disagreeing = 0;
  let vain = 0;
  search: for (let { from } = damage; ; ) {
    const bytes = await bytesAt(state, unit, damage.start, from);
    for (const [i, byte] of bytes.entries()) {
      if (!isRecord(byte)) continue;
      const mark = { start: damage.start, position: from + i, rest: 0 };
      // A record begins with a page record, or is a page.
      for (const skip of [0, PAGE_SIZE]) {
        const run = await tryRun(state, unit, mark, skip);
        if (run.failedAt < 0) {
          const firstPage = countedFromEnd(run, damage);
          if (firstPage !== undefined) return { mark, skip, firstPage };
          if (++disagreeing === DISAGREEING) return undefined;
          continue;
        }
        if (run.failedAt - mark.position >= FAR) {
          // There is more damage.
          from = run.failedAt;
          continue search;
        }
        vain += Math.max(0, run.failedAt - mark.position);
        if (vain > VAIN_MAX) return undefined;
      }
    }
    return undefined;
  }
}

/** Bytes of the file: what is left of a RAW record is such. */
async function bytesAt(state: OpenState, unit: UnitHeader, start: number, position: number): Promise<Uint8Array> {
  const stream = await state.resume(unit, { start, position, rest: REACH });
  await stream.ready(REACH);
  return stream.getMem(new Uint8Array(Math.min(stream.buffered, REACH)));
}

/** What page records tell of pages of RAM. */
interface Run {
  /** Offset in the file where they are no longer such; -1 where they are to the end. */
  readonly failedAt: number;
  /** Pages in front of the first with an address. */
  readonly unknown: number;
  /** Pages that follow each other, by address; the last is the last page. */
  readonly stretches: readonly { readonly from: number; readonly to: number }[];
}

async function tryRun(state: OpenState, unit: UnitHeader, mark: RecordMark, skip: number): Promise<Run> {
  let unknown = 0;
  const stretches: { from: number; to: number }[] = [];
  const run = (failedAt: number) => ({ failedAt, unknown, stretches });
  try {
    const stream = await state.resume(unit, mark);
    await stream.skipReady(skip);
    const pages = new PageReader(stream, UNKNOWN);
    for (;;) {
      const more = pages.next();
      if (typeof more === 'boolean' ? !more : !(await more)) return run(-1);
      const { type, page } = pages;
      if (pageTypes[type]?.memory !== 'ram') continue;
      if (page >= UNKNOWN) unknown++;
      else if (stretches.at(-1)?.to === page) (stretches.at(-1) as { to: number }).to++;
      else stretches.push({ from: page, to: page + 1 });
    }
  } catch (error) {
    if (!isSsmError(error) || isOwn(error)) throw error;
    return run(error.where.offset ?? 0);
  }
}

/** A failure that says nothing of what is read. */
function isOwn({ status }: SsmError): boolean {
  return status === 'VERR_SSM_CANCELLED' || status === 'VERR_TOO_MUCH_DATA';
}

/** The number of a run's first page; `undefined` where its addresses do not agree with where there is RAM. */
function countedFromEnd({ unknown, stretches }: Run, { ram, lastPage }: Damage): number | undefined {
  const ranges = joined(
    ram.map(({ address, size }) => ({ from: address / PAGE_SIZE, to: (address + size) / PAGE_SIZE })),
  );
  const behind = ranges.splice(ranges.length - stretches.length);
  if (!stretches.every(({ from, to }, i) => from === behind[i]?.from && to === behind[i]?.to)) return undefined;
  const last = ranges.at(-1);
  const first = unknown === 0 ? stretches[0]?.from : last && last.to - unknown;
  if (first === undefined || first <= lastPage) return undefined;
  return unknown === 0 || first >= (last as { from: number }).from ? first : undefined;
}

/** Ranges that touch each other are one. */
function joined(ranges: readonly { from: number; to: number }[]): { from: number; to: number }[] {
  const joined: { from: number; to: number }[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.to === range.from) last.to = range.to;
    else joined.push({ ...range });
  }
  return joined;
}
