import type { GetStream, PutStream } from '@ssmkit/runtime';
import { PageReader } from './get-pages.js';
import { getPgmHeader, type PgmHeader, putPgmHeader } from './header-parts.js';
import { CHUNK_PAGES, OldMemoryReader, OldMemoryWriter } from './old-memory.js';
import { isZeroPage } from './page-bytes.js';
import { PageWriter } from './put-pages.js';
import { hasPageRecords, PAGE_SIZE } from './records.js';

/** What is changed on the way. */
export interface PgmChanges {
  /** Gives what stands in front of the pages other values. */
  readonly header?: (header: PgmHeader) => PgmHeader;
  /**
   * Changes pages of RAM, by the number of their record in the pass, from 0: is given the page, zeros where it had no data.
   * One that comes to be zero is written as such.
   */
  readonly pages?: ReadonlyMap<number, (page: Uint8Array) => void>;
  /** Pages of RAM that have no record, to be put behind the others: by guest-physical address / 4096. */
  readonly added?: ReadonlyMap<number, Uint8Array>;
}

/**
 * Writes the data of a unit `pgm` again, record by record in bounded memory: the same bytes, unless something is changed.
 *
 * @param from stands at the unit's beginning. @param to the stream of a unit of the same version and pass.
 * @param afterLive the state has had a live pass 0 before this one.
 * @throws SsmError as {@link getPgmHeader} and the readers of pages.
 */
export async function copyPgm(
  from: GetStream,
  to: PutStream,
  version: number,
  afterLive: boolean,
  changes: PgmChanges = {},
): Promise<void> {
  const header = await getPgmHeader(from, version, afterLive);
  putPgmHeader(to, changes.header?.(header) ?? header);
  if (hasPageRecords(version)) await copyPages(from, to, changes);
  else await copyOldMemory(from, to, version, changes);
}

async function copyPages(from: GetStream, to: PutStream, { pages, added }: PgmChanges): Promise<void> {
  const reader = new PageReader(from);
  const writer = new PageWriter(to);
  const page = new Uint8Array(PAGE_SIZE);
  for (let number = 0; await reader.next(); number++) {
    const data = reader.hasData ? await reader.read(page) : undefined;
    const change = pages?.get(number);
    if (change === undefined) writer.put(reader, data);
    else writer.putRam(reader.page, changed(page, data, change));
    await to.drain();
  }
  for (const [number, data] of added ?? []) writer.putRam(number, data);
  writer.end();
}

async function copyOldMemory(from: GetStream, to: PutStream, version: number, { pages }: PgmChanges): Promise<void> {
  const reader = new OldMemoryReader(from, version);
  const writer = new OldMemoryWriter(to, version);
  const page = new Uint8Array(PAGE_SIZE);
  for (let number = 0; ; ) {
    const range = await reader.nextRange();
    if (range === undefined) break;
    writer.beginRange(range);
    // A chunk of version 6 has data as a whole.
    let isFilled = false;
    for (; await reader.nextPage(); number++) {
      const data = reader.hasData ? await reader.read(page) : undefined;
      const change = pages?.get(number);
      if (reader.isChunk && reader.page % CHUNK_PAGES === 0) isFilled = hasAny(pages, number, CHUNK_PAGES);
      const content = change !== undefined || isFilled ? changed(page, data, change) : data;
      const mayBeZero = change !== undefined && !reader.isChunk && reader.type > 0;
      writer.put(reader, mayBeZero && content !== undefined && isZeroPage(content) ? undefined : content);
      await to.drain();
    }
  }
  writer.end();
}

/** A page with its changes. @param page memory for it, which has the data if there is any. */
function changed(page: Uint8Array, data: Uint8Array | undefined, change: ((page: Uint8Array) => void) | undefined) {
  if (data === undefined) page.fill(0);
  change?.(page);
  return page;
}

function hasAny(pages: PgmChanges['pages'], from: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (pages?.has(from + i)) return true;
  return false;
}
