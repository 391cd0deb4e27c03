import type { GetStream, PutStream } from '@ssmkit/runtime';
import { PageReader } from './get-pages.js';
import { getPgmHeader, type PgmHeader, putPgmHeader } from './header-parts.js';
import { OldMemoryReader, OldMemoryWriter } from './old-memory.js';
import { PageWriter } from './put-pages.js';
import { hasPageRecords, PAGE_SIZE } from './records.js';

/** What is changed on the way. */
export interface PgmChanges {
  /** Changes what stands in front of the pages. */
  readonly header?: (header: PgmHeader) => void;
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
  changes.header?.(header);
  putPgmHeader(to, header);
  if (hasPageRecords(version)) await copyPages(from, to);
  else await copyOldMemory(from, to, version);
}

async function copyPages(from: GetStream, to: PutStream): Promise<void> {
  const reader = new PageReader(from);
  const writer = new PageWriter(to);
  const page = new Uint8Array(PAGE_SIZE);
  while (await reader.next()) {
    writer.put(reader, reader.hasData ? await reader.read(page) : undefined);
    await to.drain();
  }
  writer.end();
}

async function copyOldMemory(from: GetStream, to: PutStream, version: number): Promise<void> {
  const reader = new OldMemoryReader(from, version);
  const writer = new OldMemoryWriter(to, version);
  const page = new Uint8Array(PAGE_SIZE);
  for (;;) {
    const range = await reader.nextRange();
    if (range === undefined) break;
    writer.beginRange(range);
    while (await reader.nextPage()) {
      writer.put(reader, reader.hasData ? await reader.read(page) : undefined);
      await to.drain();
    }
  }
  writer.end();
}
