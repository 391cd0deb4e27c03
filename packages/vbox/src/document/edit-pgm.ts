import { type OpenState, type OpenUnit, SsmError } from '@ssmkit/runtime';
import type { Json } from '@ssmkit/schema';
import { GuestMemory } from '../guest-memory.js';
import type { PgmChanges } from '../pgm/copy.js';
import { PageReader } from '../pgm/get-pages.js';
import { checkedPgmHeader, getPgmHeader, type PgmHeader, partsOf } from '../pgm/header-parts.js';
import { OldMemoryReader, OldPageType } from '../pgm/old-memory.js';
import { hasPageRecords, PAGE_SIZE, PageType, PGM, PgmVersion } from '../pgm/records.js';
import { setField } from './field-path.js';
import { pgmHeaderJson, pgmHeaderOf, pgmPartClass } from './pgm-json.js';

/** Other bytes for guest-physical memory. */
export interface Poke {
  readonly address: number;
  readonly data: Uint8Array;
}

/** How the unit of a pass is copied with its changes. */
export interface PgmEdit {
  readonly afterLive: boolean;
  readonly changes: PgmChanges;
}

/** A field of the header to be given another value. */
export interface PgmSet {
  readonly path: string;
  readonly text: string;
}

/**
 * What is to become of the units of guest memory, by their offsets; all that can be refused is refused here.
 *
 * A poke changes the last record of a page, which is the one that counts; a page of RAM that has none gets one at the end.
 *
 * @param sets changes of headers by the offsets of units.
 * @throws SsmError VERR_INVALID_PARAMETER for fields and values that the unit cannot have, and for pages that would be in no
 * range any more; VERR_OUT_OF_RANGE where there is no RAM.
 */
export async function editPgm(
  state: OpenState,
  sets: ReadonlyMap<number, readonly PgmSet[]>,
  pokes: readonly Poke[],
): Promise<Map<number, PgmEdit>> {
  const poked = new Set(pokes.flatMap(pagesOf));
  const survey = new Survey(poked);
  const headers = new Map<number, PgmHeader>();
  for await (const unit of state.units()) {
    if (unit.name !== PGM.name || unit.instance !== PGM.instance) continue;
    const wanted = sets.get(unit.offset);
    const header = await survey.header(unit);
    if (wanted !== undefined) headers.set(unit.offset, await changedHeader(unit, header, survey.afterLive, wanted));
    await survey.add(unit, header);
  }
  // Also a look at whether all pages still have their places.
  const memory = await GuestMemory.open(state, { headers });
  for (const poke of pokes) checkPoke(memory, poke);
  return survey.edits(headers, pokes);
}

async function changedHeader(
  { version, pass, stream, name, instance }: OpenUnit,
  header: PgmHeader,
  afterLive: boolean,
  sets: readonly PgmSet[],
): Promise<PgmHeader> {
  const where = { unit: name, instance, pass };
  const json = pgmHeaderJson(header);
  const parts = partsOf(version, pass, afterLive);
  for (const { path, text } of sets) setPart(json, path, text, (part) => pgmPartClass(part, parts));
  const changed = pgmHeaderOf(json, { version, pass }, afterLive, 'header');
  try {
    await checkedPgmHeader(changed, { host: stream.saved, version, pass, afterLive });
  } catch (error) {
    throw error instanceof SsmError ? new SsmError('VERR_INVALID_PARAMETER', error.detail, where) : error;
  }
  return changed;
}

function setPart(
  json: Record<string, Json>,
  path: string,
  text: string,
  classOf: (part: string) => Parameters<typeof setField>[0] | undefined,
): void {
  const [, name = '', index, field = ''] = /^(\w+)(?:\[(0x[0-9a-f]+|\d+)\])?(?:\.(.+))?$/i.exec(path) ?? [];
  const part = Object.hasOwn(json, name) ? json[name] : undefined;
  const target = classOf(name);
  if (part === undefined || target === undefined) {
    throw wrong(
      `'${path}': this pass of guest memory has no '${name || path}'; there is ${Object.keys(json).join(', ') || 'nothing'}`,
    );
  }
  if (Array.isArray(part) !== (index !== undefined)) {
    throw wrong(`'${name}' is ${Array.isArray(part) ? 'an array: say which element, [0] for the first' : 'no array'}`);
  }
  if (field === '') throw wrong(`'${path}': say which field of it, as 'ssm dump' shows them`);
  const object = Array.isArray(part) ? part[Number(index)] : part;
  if (object === undefined) throw wrong(`'${name}' has ${(part as Json[]).length} elements`);
  setField(target, object, field, text);
}

function pagesOf({ address, data }: Poke): number[] {
  const first = Math.floor(address / PAGE_SIZE);
  const end = Math.ceil((address + data.length) / PAGE_SIZE);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

function checkPoke(memory: GuestMemory, { address, data }: Poke): void {
  if (data.length === 0) throw wrong(`no bytes for ${hex(address)}`);
  for (let at = address; at < address + data.length; ) {
    const segment = memory.segmentAt(at);
    if (segment?.kind !== 'ram') {
      const what = segment === undefined ? 'is no memory' : `is ROM (${segment.description}), which cannot be changed`;
      throw new SsmError('VERR_OUT_OF_RANGE', `at ${hex(at)} ${what}`);
    }
    at = segment.address + segment.size;
  }
}

/** What goes into a page. */
function apply(pokes: readonly Poke[], number: number, page: Uint8Array): void {
  const start = number * PAGE_SIZE;
  for (const { address, data } of pokes) {
    const from = Math.max(start, address);
    const to = Math.min(start + PAGE_SIZE, address + data.length);
    if (from < to) page.set(data.subarray(from - address, to - address), from - start);
  }
}

/** Where the records of some pages are. */
class Survey {
  /** The lists of ranges have been in a pass before. */
  afterLive = false;
  readonly #wanted: ReadonlySet<number>;
  /** The last record of a page: which unit, and which of its records. */
  readonly #last = new Map<number, { unit: number; record: number; ballooned: boolean; rom: boolean }>();
  readonly #units: { offset: number; afterLive: boolean; version: number }[] = [];

  constructor(wanted: ReadonlySet<number>) {
    this.#wanted = wanted;
  }

  header({ stream, version }: OpenUnit): Promise<PgmHeader> {
    return getPgmHeader(stream, version, this.afterLive);
  }

  async add({ stream, version, offset }: OpenUnit, { ranges }: PgmHeader): Promise<void> {
    this.#units.push({ offset, afterLive: this.afterLive, version });
    this.afterLive ||= ranges !== undefined;
    if (this.#wanted.size === 0) return;
    if (!hasPageRecords(version)) {
      await this.#addOld(new OldMemoryReader(stream, version), offset);
      return;
    }
    const reader = new PageReader(stream);
    for (let record = 0; await reader.next(); record++) {
      const { type, page } = reader;
      const isRam = type === PageType.ramRaw || type === PageType.ramZero || type === PageType.ramBallooned;
      if (!isRam || !this.#wanted.has(page)) continue;
      const before = this.#last.get(page);
      // A ballooned page stays one (`PGMR3SavedState.cpp`, PGM_SAVED_STATE_VERSION_BALLOON_BROKEN).
      const stays = type === PageType.ramZero && version <= PgmVersion.balloon && before?.ballooned === true;
      const ballooned = type === PageType.ramBallooned || stays;
      this.#last.set(page, { unit: offset, record, ballooned, rom: false });
    }
  }

  async #addOld(reader: OldMemoryReader, unit: number): Promise<void> {
    for (let record = 0; ; ) {
      const range = await reader.nextRange();
      if (range === undefined) return;
      const first = Number(range.address) / PAGE_SIZE;
      for (; await reader.nextPage(); record++) {
        const page = first + reader.page;
        if (reader.hidden || !this.#wanted.has(page)) continue;
        const rom = reader.type === OldPageType.rom || reader.type === OldPageType.romShadow;
        this.#last.set(page, { unit, record, ballooned: false, rom });
      }
    }
  }

  /** What is to become of each unit. */
  edits(headers: ReadonlyMap<number, PgmHeader>, pokes: readonly Poke[]): Map<number, PgmEdit> {
    const edits = new Map<number, PgmEdit>();
    for (const { offset, afterLive, version } of this.#units) {
      const header = headers.get(offset);
      const pages = this.#pages(offset, pokes);
      const added = this.#units.at(-1)?.offset === offset ? this.#added(version, pokes) : new Map();
      if (header === undefined && pages.size === 0 && added.size === 0) continue;
      edits.set(offset, { afterLive, changes: { pages, added, ...(header && { header: () => header }) } });
    }
    return edits;
  }

  #pages(offset: number, pokes: readonly Poke[]): Map<number, (page: Uint8Array) => void> {
    const pages = new Map<number, (page: Uint8Array) => void>();
    for (const [number, { unit, record, ballooned, rom }] of this.#last) {
      const place = `the page at ${hex(number * PAGE_SIZE)}`;
      if (ballooned) throw new SsmError('VERR_OUT_OF_RANGE', `the guest has given ${place} to the balloon`);
      if (rom) throw new SsmError('VERR_OUT_OF_RANGE', `${place} is ROM, which cannot be changed`);
      if (unit === offset) pages.set(record, (page) => apply(pokes, number, page));
    }
    return pages;
  }

  /** Pages of RAM that were never saved. */
  #added(version: number, pokes: readonly Poke[]): Map<number, Uint8Array> {
    const added = new Map<number, Uint8Array>();
    for (const number of [...this.#wanted].sort((a, b) => a - b)) {
      if (this.#last.has(number)) continue;
      if (!hasPageRecords(version)) {
        throw new SsmError('VERR_OUT_OF_RANGE', `the page at ${hex(number * PAGE_SIZE)} is not in the state`);
      }
      const page = new Uint8Array(PAGE_SIZE);
      apply(pokes, number, page);
      added.set(number, page);
    }
    return added;
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

function wrong(detail: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', detail);
}
