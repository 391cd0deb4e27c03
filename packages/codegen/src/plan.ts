import {
  type Descriptor,
  type Field,
  type Holds,
  type HostProfile,
  holdsOf,
  hosts,
  kinds,
  memberShape,
  sameMember,
  valueTypeOf,
  type Wire,
  wireOf,
} from '@ssmkit/schema/model';

/*
 * The plan: which fields become one run
 *
 * Neighbouring fields whose bytes have a fixed size are stored through one reservation with constant offsets. A field
 * that varies (a string, a nested object, an array whose length is read, whatever depends on the other side's host)
 * ends the run and has a statement of its own.
 */

/** A field inside a run. */
export interface Slot {
  readonly field: Field;
  /** Index of the field in the descriptor. */
  readonly index: number;
  readonly wire: Wire;
  readonly holds: Holds;
  /** Offset in the run. */
  readonly at: number;
  /** Sizes of the items that the field puts. */
  readonly items: readonly number[];
}

/** Fields of fixed sizes that follow each other. */
export interface Run {
  readonly type: 'run';
  readonly slots: readonly Slot[];
  readonly size: number;
}

/** A field with a statement of its own. */
export interface Single {
  readonly type: 'single';
  readonly field: Field;
  readonly index: number;
  readonly wire: Wire;
  readonly holds: Holds;
  /** What it puts depends on the host, in code that runs for any host. */
  readonly hostDependent: boolean;
}

/** Fields that are there under a condition. */
export interface Block {
  readonly type: 'block';
  /** A field of the block, for its condition and default. */
  readonly conditions: Pick<Field, 'since' | 'until' | 'when'>;
  readonly steps: readonly (Run | Single)[];
  readonly fields: readonly Field[];
}

export type Step = Run | Single | Block;

/** For which host and flags code is made. */
export type Mode = 'canonical' | 'ignored' | 'any';

export type Direction = 'put' | 'get';

/** What the code is for: objects with a property for each field, or views of a C structure's memory. */
export type Form = 'object' | 'view';

/** The longest run, and the largest item in one (`streams/put-primitives.ts` of the runtime). */
const RUN_MAX = 4096;
const ITEM_MAX = 512;

/** The host that generated code has constant offsets for, and others that differ in what they write. */
export const canonical = hosts['linux.amd64']!;
const others: readonly HostProfile[] = [
  hosts['win.amd64']!,
  hosts['linux.x86']!,
  hosts['win.x86']!,
  { ...hosts['linux.x86']!, gcPhysBytes: 4, gcPtrBytes: 4 },
];

/** Whether a field puts something else on other hosts, or with other flags. */
export function varies(descriptor: Descriptor, field: Field, axis: 'host' | 'flags'): boolean {
  const isNested = kinds[field.kind].family === 'class';
  if (axis === 'flags') {
    if (isNested) return field.flatten === true;
    const wire = (dontIgnore: boolean) => wireOf(descriptor.shape, field, canonical, canonical, dontIgnore);
    return !same(field, wire(false), canonical, wire(true), canonical);
  }
  if (isNested) return true;
  return [false, true].some((dontIgnore) => {
    const wire = (host: HostProfile) => wireOf(descriptor.shape, field, host, host, dontIgnore);
    const own = wire(canonical);
    return others.some((other) => !same(field, own, canonical, wire(other), other));
  });
}

/** Whether a field puts the same on two hosts. */
function same(field: Field, x: Wire, a: HostProfile, y: Wire, b: HostProfile): boolean {
  if (x.form !== y.form || ('bytes' in x && 'bytes' in y && x.bytes !== y.bytes)) return false;
  return x.form !== 'image' || sameMember(field, a, b);
}

/** Which functions a class needs beside the canonical ones. */
export function modesOf(descriptor: Descriptor): readonly Mode[] {
  const { fields, shape } = descriptor;
  const byFlags = shape === 'struct' && fields.some((field) => varies(descriptor, field, 'flags'));
  const byHost = fields.some((field) => varies(descriptor, field, 'host'));
  return ['canonical', ...(byFlags ? (['ignored'] as const) : []), ...(byHost ? (['any'] as const) : [])];
}

/** The steps of a class's put or get function. */
export function planOf(descriptor: Descriptor, mode: Mode, direction: Direction, form: Form = 'object'): Step[] {
  const steps: Step[] = [];
  let group: { key: string; conditions: Block['conditions']; fields: [Field, number][] } | undefined;
  const close = () => {
    if (group === undefined) return;
    const planned = straight(descriptor, group.fields, mode, form);
    if (group.key === '') steps.push(...planned);
    else
      steps.push({
        type: 'block',
        conditions: group.conditions,
        steps: planned,
        fields: group.fields.map(([field]) => field),
      });
    group = undefined;
  };
  for (const [index, field] of descriptor.fields.entries()) {
    const conditions = conditionsOf(descriptor, field, direction);
    const key = JSON.stringify(conditions, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
    const normal = key === '{}' ? '' : key;
    // A condition that reads a field must be looked at again after that field.
    if (group !== undefined && (group.key !== normal || (normal !== '' && field.when !== undefined))) close();
    group ??= { key: normal, conditions, fields: [] };
    group.fields.push([field, index]);
  }
  close();
  return steps;
}

function conditionsOf(descriptor: Descriptor, field: Field, direction: Direction): Block['conditions'] {
  const { since, until, when } = field;
  // In a structure a newer field is written whatever the version.
  if (descriptor.shape === 'struct') return since === undefined || since === 0 || direction === 'put' ? {} : { since };
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(when !== undefined && { when }),
  };
}

function straight(
  descriptor: Descriptor,
  fields: readonly [Field, number][],
  mode: Mode,
  form: Form,
): (Run | Single)[] {
  const steps: (Run | Single)[] = [];
  let slots: Slot[] = [];
  let at = 0;
  const close = () => {
    if (slots.length > 0) steps.push({ type: 'run', slots, size: at });
    slots = [];
    at = 0;
  };
  for (const [field, index] of fields) {
    const holds = holdsOf(field);
    const wire = wireOf(descriptor.shape, field, canonical, canonical, mode === 'ignored');
    const hostDependent = mode === 'any' && (varies(descriptor, field, 'host') || varies(descriptor, field, 'flags'));
    const items = hostDependent ? undefined : fixedItems(descriptor, field, wire, holds, form);
    if (items === undefined) {
      close();
      steps.push({ type: 'single', field, index, wire, holds, hostDependent });
      continue;
    }
    const size = items.reduce((sum, item) => sum + item, 0);
    if (size === 0) continue;
    if (at + size > RUN_MAX) close();
    slots.push({ field, index, wire, holds, at, items });
    at += size;
  }
  close();
  return steps;
}

/** Sizes of the items of a field that always puts the same number of bytes; `undefined` for others. */
function fixedItems(descriptor: Descriptor, field: Field, wire: Wire, holds: Holds, form: Form): number[] | undefined {
  const { count, end } = field;
  if (field.kind === 'u32_zx_u64' || end !== undefined || (count !== undefined && typeof count !== 'number'))
    return undefined;
  const times = count ?? 1;
  const isRaw =
    descriptor.shape === 'struct' && count !== undefined && field.kind !== 'rcptr' && field.kind !== 'hcptr_ni';
  switch (wire.form) {
    case 'zeros':
      return wire.bytes <= ITEM_MAX ? (wire.bytes === 0 ? [] : [wire.bytes]) : undefined;
    case 'bytes':
      return times <= ITEM_MAX ? [times] : undefined;
    case 'indicator':
      return times <= ITEM_MAX ? Array(times).fill(1) : undefined;
    case 'low32':
      return wire.bytes === 8 ? [4, 4] : [4];
    case 'value':
      if (wire.bytes * times > ITEM_MAX) return undefined;
      // Elements in a stream are items of their own; a large array of them has a faster way than a run.
      if (isRaw) return [wire.bytes * times];
      return times <= 16 || holds.what !== 'typed' ? Array(times).fill(wire.bytes) : undefined;
    case 'image': {
      // The memory of a view has these bytes; of an object they are made.
      if (form === 'object' || !isCopied(field, wire)) return undefined;
      const { size } = memberShape(field, canonical)!;
      return size <= ITEM_MAX ? [size] : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a member's memory on 64-bit hosts is what the stream has of it, all of it. */
export function isCopied(field: Field, wire: Wire): boolean {
  if (wire.form === 'bytes') return true;
  // Compilers for 64-bit hosts differ in how they align 128-bit values.
  if (wire.form === 'image') return sameMember(field, canonical, hosts['win.amd64']!);
  const count = typeof field.count === 'number' ? field.count : 1;
  return (
    wire.form === 'value' && field.kind !== 'u32_zx_u64' && wire.bytes * count === memberShape(field, canonical)?.size
  );
}

/** Whether a value is signed. */
export function isSigned(field: Field): boolean {
  return valueTypeOf(field)?.signed === true;
}
