import { type GetStream, isSsmError, type OpenUnit, putInto, type SsmError } from '@ssmkit/runtime';
import { type Json, JsonError } from '@ssmkit/schema';
import { PageReader } from '../pgm/get-pages.js';
import { getPgmHeader, HEADER_MAX, type PgmHeader, putPgmHeader } from '../pgm/header-parts.js';
import { OldMemoryReader, type OldPage, type OldRange } from '../pgm/old-memory.js';
import { PageSequence } from '../pgm/page-sequence.js';
import { hasPageRecords, PAGE_SIZE, PgmVersion, pageTypes } from '../pgm/records.js';
import { unitPieces } from '../unit-data.js';
import { toBase64 } from './base64.js';
import { type Line, lineOf, lineWithData } from './line.js';
import {
  type OldRunJson,
  oldTypeName,
  type PageRunJson,
  pageTypeName,
  pgmHeaderJson,
  pgmHeaderOf,
  RUNS_MAX,
} from './pgm-json.js';
import { RAW_LINE } from './state-json.js';

/** More than a page record takes, or the head of a range up to version 9. */
const RECORD_MOST = 2 * PAGE_SIZE;

/** The same of version 6, with the flags of all pages of a range. */
const FLAGS_MOST = 2 ** 25 + RECORD_MOST;

/** What of a unit comes next in a document. */
export type PgmPart =
  | { readonly kind: 'header'; readonly header: PgmHeader; readonly json: Record<string, Json> }
  | { readonly kind: 'line'; readonly line: Line }
  /** Data that is not what its version promises: all that is left of the unit. */
  | { readonly kind: 'rest'; readonly reason: string; readonly pieces: AsyncIterable<Uint8Array> };

/**
 * Takes a unit of guest memory apart, in bounded memory: its header, if that can be written without loss, lines of pages,
 * and what is left if there is anything.
 *
 * @param unit of which nothing was read. @param afterLive the state has had the lists of ranges before this pass.
 * @throws SsmError for damaged records, after the parts in front of them.
 */
export async function* pgmParts(unit: OpenUnit, afterLive: boolean): AsyncGenerator<PgmPart, void, undefined> {
  const { stream, version } = unit;
  const steps = new Steps(stream);
  const { offset } = stream;
  const header = await steps.take(HEADER_MAX, () => getPgmHeader(stream, version, afterLive));
  if (header === undefined) {
    yield steps.rest(unit);
    return;
  }
  const size = stream.offset - offset;
  const found = steps.held.slice(0, size);
  const json = reversible(header, found, unit, afterLive);
  if (json === undefined) {
    yield { kind: 'rest', reason: 'its header cannot be written as JSON without loss', pieces: rest(found, unit) };
    return;
  }
  yield { kind: 'header', header, json };
  if (hasPageRecords(version)) yield* pageLines(unit, steps);
  else yield* oldLines(unit, steps);
}

/** The header as JSON; `undefined` where that would not give the same bytes again. */
function reversible(
  header: PgmHeader,
  found: Uint8Array,
  { stream, version, pass }: OpenUnit,
  afterLive: boolean,
): Record<string, Json> | undefined {
  try {
    const json = pgmHeaderJson(header);
    const again = pgmHeaderOf(json, { version, pass }, afterLive, 'header');
    return isSame(
      putInto((put) => putPgmHeader(put, again), { host: stream.saved, version }),
      found,
    )
      ? json
      : undefined;
  } catch (error) {
    if (error instanceof JsonError || isSsmError(error)) return undefined;
    throw error;
  }
}

async function* pageLines(unit: OpenUnit, steps: Steps): AsyncGenerator<PgmPart, void, undefined> {
  const reader = new PageReader(unit.stream);
  const sequence = new PageSequence();
  const lines = new RunLine<PageRunJson>();
  const step = async () => {
    const more = await reader.next();
    if (more && reader.hasData) await reader.read(lines.room());
    return more;
  };
  let current: Readonly<Record<'type' | 'protection', number>> | undefined;
  for (;;) {
    const more = await steps.take(RECORD_MOST, step);
    if (!more) break;
    const { type, range, page, protection, addressed } = reader;
    const follows = sequence.follows(reader);
    const row = pageTypes[type] as (typeof pageTypes)[number];
    const isSame = current?.type === type && current.protection === protection && follows && !addressed;
    if (!isSame || lines.isEmpty) {
      current = { type, protection };
      lines.begin({
        type: pageTypeName(type),
        ...(row.memory === 'ram' ? { address: page * PAGE_SIZE } : { range, page }),
        ...(row.hasProtection && { protection }),
        ...(addressed === follows && { addressed }),
      });
    }
    lines.add(row.hasData);
    sequence.add(reader);
    if (lines.isFull) yield lines.take();
  }
  if (!lines.isEmpty) yield lines.take();
  if (steps.failure !== undefined) yield steps.rest(unit);
}

async function* oldLines(unit: OpenUnit, steps: Steps): AsyncGenerator<PgmPart, void, undefined> {
  const { stream, version } = unit;
  const reader = new OldMemoryReader(stream, version);
  const lines = new RunLine<OldRunJson>();
  const step = async () => {
    const more = await reader.nextPage();
    if (more && reader.hasData) await reader.read(lines.room());
    return more;
  };
  const nextRange = async () => {
    const range = await reader.nextRange();
    if (range === undefined) await stream.ready(1);
    if (range === undefined && stream.buffered > 0) {
      throw stream.refuse('VERR_SSM_LOADED_TOO_LITTLE', 'data behind the last range');
    }
    return range;
  };
  const most = version < PgmVersion.described ? FLAGS_MOST : RECORD_MOST;
  for (;;) {
    const range = await steps.take(most, nextRange);
    if (range === undefined) break;
    yield { kind: 'line', line: lineOf({ range: rangeJson(range) }) };
    let last: OldPage | undefined;
    while (await steps.take(RECORD_MOST, step)) {
      const { page, type, protection, hidden, hasData } = reader;
      const isSame =
        last?.type === type && last.protection === protection && last.hasData === hasData && !hidden && !last.hidden;
      if (!isSame || lines.isEmpty) {
        lines.begin({
          type: oldTypeName(type),
          page,
          ...(protection > 0 && { protection }),
          ...(hidden && { hidden }),
        });
      }
      last = { page, type, protection, hidden, hasData };
      lines.add(hasData);
      if (lines.isFull) yield lines.take();
    }
    if (!lines.isEmpty) yield lines.take();
    if (steps.failure !== undefined) break;
  }
  if (steps.failure !== undefined) yield steps.rest(unit);
}

function rangeJson({ address, last, size, hasBits, description, flags }: OldRange) {
  const bytes = flags && new Uint8Array(flags.length * 2);
  flags?.forEach((value, i) => {
    new DataView(bytes?.buffer as ArrayBuffer).setUint16(2 * i, value, true);
  });
  return {
    address: Number(address),
    last: Number(last),
    size: Number(size),
    hasBits,
    description,
    ...(bytes && { flags: toBase64(bytes) }),
  };
}

/** Runs of pages until they are enough for a line. */
class RunLine<T extends { readonly count: number; readonly data?: string }> {
  readonly #data = new Uint8Array(RAW_LINE);
  #runs: Line[] = [];
  #head: Omit<T, 'count' | 'data'> | undefined;
  #count = 0;
  #start = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#head === undefined;
  }

  get isFull(): boolean {
    return this.#end === this.#data.length || this.#runs.length >= RUNS_MAX;
  }

  /** Where the data of the next page goes. */
  room(): Uint8Array {
    return this.#data.subarray(this.#end, this.#end + PAGE_SIZE);
  }

  /** Begins a run. */
  begin(head: Omit<T, 'count' | 'data'>): void {
    this.#close();
    this.#head = head;
  }

  /** Adds a page to the run. @param hasData its data is in {@link room}. */
  add(hasData: boolean): void {
    this.#count++;
    if (hasData) this.#end += PAGE_SIZE;
  }

  #close(): void {
    if (this.#head === undefined) return;
    const data = this.#data.subarray(this.#start, this.#end);
    const run = { ...this.#head, count: this.#count };
    this.#runs.push(data.length > 0 ? lineWithData(run, 'data', data) : lineOf(run));
    this.#head = undefined;
    this.#count = 0;
    this.#start = this.#end;
  }

  take(): PgmPart {
    this.#close();
    const runs = this.#runs.flatMap((run, i) => (i === 0 ? run : [',', ...run]));
    this.#runs = [];
    this.#start = 0;
    this.#end = 0;
    return { kind: 'line', line: ['{"pages":[', ...runs, ']}'] };
  }
}

/**
 * Steps of reading that can be taken back: what a failed one has consumed is still there as bytes, for data that is not
 * what it should be is to be shown all the same.
 */
class Steps {
  readonly #stream: GetStream;
  /** What lay in front of the last step, valid until the next. */
  held: Uint8Array = new Uint8Array(0);
  failure: SsmError | undefined;

  constructor(stream: GetStream) {
    this.#stream = stream;
  }

  /** @param most more bytes than the step consumes. @returns `undefined` where it failed. */
  async take<T>(most: number, step: () => Promise<T>): Promise<T | undefined> {
    const stream = this.#stream;
    const arriving = stream.ready(most);
    if (arriving !== undefined) await arriving;
    const { bytes, pos, limit } = stream;
    // At the end of the unit the step looks for more, and the buffer may move.
    this.held = limit - pos < most ? bytes.slice(pos, limit) : bytes.subarray(pos, limit);
    try {
      return await step();
    } catch (error) {
      if (!isSsmError(error)) throw error;
      this.failure = error;
      return undefined;
    }
  }

  /** All that is left from the step on that failed. */
  rest(unit: OpenUnit): PgmPart {
    const held = this.held.slice();
    this.#stream.reset();
    return {
      kind: 'rest',
      reason: `it does not have the layout of its version: ${this.failure?.detail}`,
      pieces: rest(held, unit),
    };
  }
}

async function* rest(held: Uint8Array, unit: OpenUnit): AsyncGenerator<Uint8Array, void, undefined> {
  yield held;
  yield* unitPieces(unit);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
