import type { Descriptor } from '../descriptor.js';
import { fieldTable, type TableRow } from '../field-table.js';
import { abiKey, type HostProfile } from '../host.js';
import { newImage, readImage, writeImage } from '../image.js';
import { layoutOf } from '../layout.js';
import type { RoundTripEngine, TableCallbacks } from './engine.js';

/*
 * The third opinion
 *
 * The same structure as C has it: its memory on a host, and its SSMFIELD table. What the table engine makes of them
 * must be what the class's functions make of the object. With the entries that an older version did not have taken
 * out of the table, it also writes what that version wrote.
 */

type Properties = Record<string, unknown>;

/** How a structure is put by its table. */
export interface TableRun {
  readonly descriptor: Descriptor;
  readonly host: HostProfile;
  readonly flags: number;
  readonly simple: boolean;
}

const tables = new WeakMap<Descriptor, Map<string, readonly TableRow[]>>();

/** {@link fieldTable}, made once. */
export function tableOf(descriptor: Descriptor, host: HostProfile): readonly TableRow[] {
  let byAbi = tables.get(descriptor);
  if (byAbi === undefined) {
    byAbi = new Map();
    tables.set(descriptor, byAbi);
  }
  let table = byAbi.get(abiKey(host));
  if (table === undefined) {
    table = fieldTable(descriptor, host);
    byAbi.set(abiKey(host), table);
  }
  return table;
}

/** What a class's C structure becomes; with a version, as the code of that version wrote it. */
export function putAsTable(engine: RoundTripEngine, object: object, run: TableRun, version?: number): Uint8Array {
  const { descriptor, host, flags, simple } = run;
  const image = newImage(descriptor, host);
  writeImage(descriptor, host, object, image);
  const whole = tableOf(descriptor, host);
  const table = version === undefined ? whole : whole.filter(({ firstVer }) => firstVer <= version);
  return engine.putTable(image, {
    table,
    host,
    flags,
    simple,
    callbacks: callbacksOf(descriptor, host, object, 'put'),
  });
}

/**
 * Loads what a structure was saved as into memory, and from there into `object`.
 *
 * @param scratch an object of the class, whose callbacks are called.
 * @returns the number of bytes left over.
 */
export function getAsTable(
  engine: RoundTripEngine,
  bytes: Uint8Array,
  object: object,
  scratch: object,
  run: TableRun & { readonly saved: HostProfile; readonly version: number },
): number {
  const { descriptor, host } = run;
  const image = newImage(descriptor, host).fill(0xcc);
  const left = engine.getTable(bytes, image, {
    ...run,
    table: tableOf(descriptor, host),
    callbacks: callbacksOf(descriptor, host, scratch, 'get'),
  });
  readImage(descriptor, host, object, image);
  return left;
}

/** The callbacks of a table: the methods of the object, or of the object inside it, whose entry it is. */
function callbacksOf(
  descriptor: Descriptor,
  host: HostProfile,
  object: object,
  direction: 'put' | 'get',
): TableCallbacks {
  const rows = tableOf(descriptor, host).filter(({ field }) => field[direction] !== undefined);
  return Object.fromEntries(
    rows.map(({ name, field }) => [
      name,
      (stream: never, _member: Uint8Array, flags: number) => {
        const owner = ownerOf(object, name);
        (owner[field[direction]!] as (stream: never, flags: number) => void)(stream, flags);
      },
    ]),
  );
}

/** The object that an entry such as `Pit::channels[1].mode` belongs to. */
function ownerOf(root: object, entry: string): Properties & Record<string, CallableFunction> {
  const steps = entry
    .slice(entry.indexOf('::') + 2)
    .split(/[.[\]]+/)
    .slice(0, -1);
  return steps.reduce<unknown>((owner, step) => (owner as Properties)[step], root) as never;
}

/** Whether members of a structure share bytes, as those of a union do. */
export function hasOverlap(descriptor: Descriptor, host: HostProfile): boolean {
  let end = 0;
  for (const { field, offset, size } of layoutOf(descriptor, host).members) {
    if (offset < end) return true;
    end = Math.max(end, offset + size);
    if (field?.class !== undefined && hasOverlap(field.class.descriptor(), host)) return true;
  }
  return false;
}

/** Makes members that share bytes agree. */
export function throughMemory(descriptor: Descriptor, host: HostProfile, object: object): void {
  const image = newImage(descriptor, host);
  writeImage(descriptor, host, object, image);
  readImage(descriptor, host, object, image);
}
