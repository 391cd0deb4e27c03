import { isSsmError, type PutStream, type SavedHost } from '@ssmkit/runtime';
import { checkedPgmHeader, type PgmHeader } from '../pgm/header-parts.js';
import { OldMemoryWriter, type OldRange } from '../pgm/old-memory.js';
import { PageWriter } from '../pgm/put-pages.js';
import { hasPageRecords, PAGE_SIZE, PageType, pageTypes, pgmVersions } from '../pgm/records.js';
import { fromBase64 } from './base64.js';
import { decoded, wrong } from './check-json.js';
import {
  checkRunData,
  OldRunJson,
  oldTypeOf,
  PageRunJson,
  PagesJson,
  type PgmUnitJson,
  pgmHeaderOf,
  RangeJson,
} from './pgm-json.js';

/** Pages that are put before what takes them is waited for. */
const DRAIN_PAGES = 64;

/** A unit of guest memory that is being built: what `pgmParts` takes apart. */
export class PgmBuilder {
  readonly #stream: PutStream;
  readonly #pages: PageWriter | undefined;
  readonly #old: OldMemoryWriter | undefined;
  #isRaw = false;

  private constructor(stream: PutStream, version: number) {
    this.#stream = stream;
    if (hasPageRecords(version)) this.#pages = new PageWriter(stream);
    else this.#old = new OldMemoryWriter(stream, version);
  }

  /**
   * Begins a unit with its header.
   *
   * @param begin begins the unit, once the header is known to be right. @param path what messages call the unit.
   * @throws SsmError VERR_INVALID_PARAMETER with the place.
   */
  static async begin(
    unit: PgmUnitJson,
    begin: () => PutStream,
    { saved, afterLive, path }: { saved: SavedHost; afterLive: boolean; path: string },
  ): Promise<{ builder: PgmBuilder; header: PgmHeader }> {
    const { version, pass } = unit;
    if (!pgmVersions.includes(version))
      throw wrong(`${path}.version`, `guest memory of version ${version} is not known`);
    const header = pgmHeaderOf(unit.header, unit, afterLive, `${path}.header`);
    const bytes = await placed(`${path}.header`, () =>
      checkedPgmHeader(header, { host: saved, version, pass, afterLive }),
    );
    const stream = begin();
    stream.putMem(bytes);
    return { builder: new PgmBuilder(stream, version), header };
  }

  /** Data that is no pages follows, up to the end. */
  beginRaw(): void {
    this.#isRaw = true;
  }

  /** Puts the head of a range. */
  async range(value: unknown, path: string): Promise<void> {
    const old = this.#old;
    if (this.#isRaw || old === undefined) throw wrong(path, 'there is no unit in front of it that could have ranges');
    const { range } = decoded(RangeJson, value, path);
    const { address, last, size, flags, ...rest } = range;
    const head: OldRange = { ...rest, address: BigInt(address), last: BigInt(last), size: BigInt(size) };
    const words = flags === undefined ? {} : { flags: wordsOf(flags, `${path}.range.flags`) };
    await placed(`${path}.range`, () => old.beginRange({ ...head, ...words }));
    await this.#stream.drain();
  }

  /** Puts runs of pages. */
  async pages(value: unknown, path: string): Promise<void> {
    if (this.#isRaw) throw wrong(path, 'there is no unit in front of it that could have pages');
    const { pages } = decoded(PagesJson, value, path);
    for (const [i, run] of pages.entries()) {
      const place = `${path}.pages[${i}]`;
      if (this.#pages === undefined) await this.#oldRun(this.#old as OldMemoryWriter, run, place);
      else await this.#run(this.#pages, run, place);
    }
  }

  async #run(writer: PageWriter, value: unknown, path: string): Promise<void> {
    const run = decoded(PageRunJson, value, path);
    const { addressed, count } = run;
    const type = PageType[run.type];
    const row = pageTypes[type] as (typeof pageTypes)[number];
    const isRam = row.memory === 'ram';
    const wanted = { address: isRam, range: !isRam, page: !isRam, protection: row.hasProtection, data: row.hasData };
    for (const [key, needed] of Object.entries(wanted) as [keyof typeof wanted, boolean][]) {
      if (needed === (run[key] !== undefined)) continue;
      throw wrong(
        `${path}.${key}`,
        needed ? `missing in pages of type ${run.type}` : `pages of type ${run.type} have none`,
      );
    }
    const { address = 0, range = 0, protection = 0 } = run;
    if (address % PAGE_SIZE !== 0) throw wrong(`${path}.address`, `expected that of a page, found ${address}`);
    const first = isRam ? address / PAGE_SIZE : (run.page as number);
    const last = first + count - 1;
    if (last > (isRam ? RAM_PAGE_MAX : RANGE_PAGE_MAX))
      throw wrong(`${path}.count`, `${count} pages are too many there`);
    const data = row.hasData ? dataOf(run.data as string, count, path) : undefined;
    for (let i = 0; i < count; i++) {
      const record = { type, range, page: first + i, protection };
      const forced = i === 0 && addressed !== undefined ? { addressed } : {};
      writer.put({ ...record, ...forced }, data?.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE));
      if (i % DRAIN_PAGES === 0) await this.#stream.drain();
    }
  }

  async #oldRun(writer: OldMemoryWriter, value: unknown, path: string): Promise<void> {
    const { type: name, page, count, protection = 0, hidden = false, data: text } = decoded(OldRunJson, value, path);
    const type = oldTypeOf(name);
    const data = text === undefined ? undefined : dataOf(text, count, path);
    for (let i = 0; i < count; i++) {
      const record = { page: page + i, type, protection, hidden };
      await placed(path, () => writer.put(record, data?.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE)));
      if (i % DRAIN_PAGES === 0) await this.#stream.drain();
    }
  }

  /** Ends the list of pages, unless the unit ended otherwise. @throws SsmError where pages are missing. */
  async end(path: string): Promise<void> {
    if (!this.#isRaw) await placed(path, () => (this.#pages ?? (this.#old as OldMemoryWriter)).end());
  }
}

/** Last page of RAM that there can be, and of a range. */
const RAM_PAGE_MAX = 2 ** 40 - 1;
const RANGE_PAGE_MAX = 2 ** 33;

function dataOf(text: string, count: number, path: string): Uint8Array {
  const data = fromBase64(text);
  if (data === undefined) throw wrong(`${path}.data`, 'expected base64');
  return checkRunData(data, count, path);
}

function wordsOf(text: string, path: string): Uint16Array {
  const bytes = fromBase64(text);
  if (bytes === undefined || bytes.length % 2 !== 0) throw wrong(path, 'expected base64 of 16-bit numbers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}

/** Says where in the document what is refused is. */
async function placed<T>(path: string, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw isSsmError(error) ? wrong(path, error.detail, error) : error;
  }
}
