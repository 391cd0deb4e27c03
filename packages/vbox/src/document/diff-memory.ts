import { encodeJson, type StateClass } from '@ssmkit/schema';
import type { MemorySpace } from '../guest-memory/space.js';
import type { GuestMemory, Mmio2Region } from '../guest-memory.js';
import { isSamePage, isZeroPage } from '../pgm/page-bytes.js';
import { PAGE_SIZE } from '../pgm/records.js';
import { diffFields } from './diff-fields.js';
import { type FieldChange, type MemoryDifference, RangeList } from './differences.js';

/** A page that is not known to be zero. Its data is valid until the next is asked for. */
interface SavedPage {
  readonly address: number;
  readonly data: Uint8Array;
}

/** In what pages the guest's memory and that of its devices differ. Memory that is not there is as good as zeros. */
export async function diffMemory(a: GuestMemory, b: GuestMemory): Promise<MemoryDifference[]> {
  const differences = [await diffPages('RAM and ROM', guestPages(a), guestPages(b))];
  const regions = new Map<string, [Mmio2Region | undefined, Mmio2Region | undefined]>();
  [a, b].forEach((memory, side) => {
    for (const region of memory.mmio2Regions()) {
      const pair = regions.get(nameOf(region)) ?? [undefined, undefined];
      pair[side] = region;
      regions.set(nameOf(region), pair);
    }
  });
  for (const [name, [first, second]] of regions) {
    differences.push(await diffPages(name, spacePages(first?.space, 0), spacePages(second?.space, 0)));
  }
  return differences.filter(({ pages }) => pages > 0);
}

function nameOf({ device, instance, description }: Mmio2Region): string {
  return `${device}#${instance} ${description}`;
}

async function diffPages(
  what: string,
  a: AsyncGenerator<SavedPage, void, undefined>,
  b: AsyncGenerator<SavedPage, void, undefined>,
): Promise<MemoryDifference> {
  const changed = new RangeList();
  let pages = 0;
  let first = await a.next();
  let second = await b.next();
  while (!first.done || !second.done) {
    const at = Math.min(
      first.value?.address ?? Number.POSITIVE_INFINITY,
      second.value?.address ?? Number.POSITIVE_INFINITY,
    );
    const one = first.value?.address === at ? first.value.data : undefined;
    const other = second.value?.address === at ? second.value.data : undefined;
    if (!isSame(one, other)) {
      changed.add(at, PAGE_SIZE);
      pages++;
    }
    if (one !== undefined) first = await a.next();
    if (other !== undefined) second = await b.next();
  }
  return { what, pages, changed };
}

/** Whether two pages are the same; one that is not there is zero. */
function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a !== undefined && b !== undefined) return isSamePage(a, b);
  const page = a ?? b;
  return page === undefined || isZeroPage(page);
}

async function* guestPages(memory: GuestMemory): AsyncGenerator<SavedPage, void, undefined> {
  for (const { address, space } of memory.segments()) yield* spacePages(space, address);
}

async function* spacePages(
  space: MemorySpace | undefined,
  address: number,
): AsyncGenerator<SavedPage, void, undefined> {
  if (space === undefined) return;
  for await (const { offset, data } of space.pieces()) {
    for (let at = 0; at < data.length; at += PAGE_SIZE) {
      yield { address: address + offset + at, data: data.subarray(at, at + PAGE_SIZE) };
    }
  }
}

/** In what the unit differs besides its pages. */
export function diffMemoryHeader({ header: a }: GuestMemory, { header: b }: GuestMemory): FieldChange[] {
  const changes: FieldChange[] = [];
  const diff = (path: string, first: object | undefined, second: object | undefined) => {
    if (first === undefined || second === undefined || first.constructor !== second.constructor) {
      if (first !== second) changes.push({ path, from: jsonOf(first), to: jsonOf(second) });
      return;
    }
    const target = first.constructor as StateClass;
    for (const change of diffFields(target, encodeJson(target, first), encodeJson(target, second))) {
      changes.push({ ...change, path: `${path}.${change.path}` });
    }
  };
  for (const part of ['single', 'global', 'mappings', 'ramConfig', 'ranges'] as const) diff(part, a[part], b[part]);
  for (let i = 0; i < Math.max(a.cpus.length, b.cpus.length); i++) diff(`cpus[${i}]`, a.cpus[i], b.cpus[i]);
  return changes;
}

function jsonOf(part: object | undefined) {
  return part === undefined ? undefined : encodeJson(part.constructor as StateClass, part);
}
