import type { Descriptor, Field } from '../descriptor.js';
import { simpleTableProblem, type TableProblem, tableProblem } from '../field-table.js';
import { abiKey, type HostProfile, hosts } from '../host.js';
import { sameMember } from '../image.js';
import { kinds } from '../kinds/index.js';
import { layoutOf } from '../layout.js';
import { tableOf } from './table-side.js';

/*
 * What fits what
 *
 * Not every class can be saved on every host, or loaded from every other one, or for every unit version by the code of
 * today. Where VirtualBox could not either, there is nothing to check.
 */

/** Every host whose compilers lay structures out, and whose builds save them, in a way of its own. */
export const distinctHosts: readonly HostProfile[] = [
  ...new Map(
    Object.values(hosts)
      .toReversed()
      .map((host) => [abiKey(host), host]),
  ).values(),
].toReversed();

/** What is wrong with a class's table on a host, for an API; `undefined` for stream classes. */
export function problemOn(
  descriptor: Descriptor,
  host: HostProfile,
  api: 'stream' | 'simple' | 'extended',
  fullStruct: boolean,
): TableProblem | undefined {
  if (descriptor.shape === 'stream') return undefined;
  const table = tableOf(descriptor, host);
  return api === 'simple'
    ? simpleTableProblem(table, host)
    : tableProblem(table, layoutOf(descriptor, host).size, host, fullStruct);
}

/** Whether what one host saved can be loaded on another: members that are copied must have the same bytes on both. */
export function canLoad(
  descriptor: Descriptor,
  saved: HostProfile,
  host: HostProfile,
  dontIgnore: boolean,
  seen: readonly Descriptor[] = [],
): boolean {
  if (seen.includes(descriptor)) return true;
  return descriptor.fields.every((field) => {
    const kind = kinds[field.kind];
    if (isPart(descriptor, field)) {
      const ignored =
        field.kind === 'struct' && descriptor.shape === 'stream' ? ((field.flags ?? 0) & 4) !== 0 : dontIgnore;
      return canLoad(field.class!.descriptor(), saved, host, ignored, [...seen, descriptor]);
    }
    if (descriptor.shape === 'stream') return true;
    if (kind.family === 'ignore') return !dontIgnore || kind.savedWidth !== undefined || sameMember(field, saved, host);
    const isCopied = kind.family === 'class' || (kind.family === 'scalar' && kind.transformer === 'NO_TRANSFORMATION');
    return !isCopied || sameMember(field, saved, host);
  });
}

/** Whether a field's class saves itself, rather than being copied as a part of a C structure. */
function isPart(descriptor: Descriptor, field: Field): boolean {
  return field.class !== undefined && (descriptor.shape === 'stream' || field.flatten === true);
}

/** Whether a class has an entry that only loads. */
export function isLoadOnly(descriptor: Descriptor, seen: readonly Descriptor[] = []): boolean {
  if (seen.includes(descriptor)) return false;
  return descriptor.fields.some(
    (field) =>
      field.kind === 'u32_zx_u64' ||
      (isPart(descriptor, field) && isLoadOnly(field.class!.descriptor(), [...seen, descriptor])),
  );
}

/**
 * The unit versions worth trying: for every version where a field comes or goes that one, the one before, one in
 * between, and the newest.
 */
export function versionsOf(descriptor: Descriptor): readonly number[] {
  const changes = [...new Set(changesOf(descriptor, []))]
    .filter((version) => version <= 0xffffffff)
    .sort((a, b) => a - b);
  const between = changes.map((version, i) => Math.floor((version + (changes[i + 1] ?? version)) / 2));
  const before = changes.filter((version) => version > 0).map((version) => version - 1);
  const all = [...new Set([...before, ...changes, ...between, 0xffffffff])].sort((a, b) => a - b);
  return all.filter((version) => isReadable(descriptor, version, []));
}

function changesOf(descriptor: Descriptor, seen: readonly Descriptor[]): number[] {
  if (seen.includes(descriptor)) return [];
  return descriptor.fields.flatMap((field) => [
    ...(field.since === undefined ? [] : [field.since]),
    ...(field.until === undefined ? [] : [field.until + 1]),
    ...(isPart(descriptor, field) ? changesOf(field.class!.descriptor(), [...seen, descriptor]) : []),
  ]);
}

/**
 * Whether the code of today writes what a load of a version reads. A structure in a stream is always written whole,
 * and read without the entries that are newer than the unit.
 */
function isReadable(descriptor: Descriptor, version: number, seen: readonly Descriptor[]): boolean {
  if (descriptor.shape === 'struct' || seen.includes(descriptor)) return true;
  return descriptor.fields.every((field) => {
    if (field.class === undefined || version < (field.since ?? 0) || version > (field.until ?? 0xffffffff)) return true;
    const nested = field.class.descriptor();
    if (nested.shape === 'struct') return changesOf(nested, []).every((since) => since <= version);
    return isReadable(nested, version, [...seen, descriptor]);
  });
}
