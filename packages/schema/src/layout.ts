import type { Descriptor, Field, Offset } from './descriptor.js';
import { DescriptorError } from './descriptor.js';
import { abiKey, type HostProfile, pointerBytes } from './host.js';
import { type CTypeName, hostPointer, kinds, type PrimitiveName, primitives } from './kinds/index.js';

/*
 * C layout
 *
 * Where a C compiler for a host puts the members of a structure: each at the next multiple of its alignment, the
 * structure as large as a multiple of its largest alignment. gcc for i386 differs from the others in one thing that
 * matters here: it aligns 64-bit members of structures to 4.
 */

/** A member of a structure, or a gap that the compiler left. */
export interface LayoutMember {
  /** Name of the member; `undefined` for a gap. */
  readonly name: string | undefined;
  readonly field: Field | undefined;
  readonly offset: number;
  readonly size: number;
}

/** Where a C compiler puts the members of a structure. */
export interface Layout {
  /** sizeof. */
  readonly size: number;
  readonly align: number;
  /** Members in order, with the gaps between and after them. Covers the structure unless offsets are explicit. */
  readonly members: readonly LayoutMember[];
  /** Offset of a member. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** Size and alignment of a C member. */
export interface Shape {
  readonly size: number;
  readonly align: number;
}

const layouts = new WeakMap<Descriptor, Map<string, Layout>>();

/** The layout of a `@SsmStruct` class on a host. */
export function layoutOf(descriptor: Descriptor, host: HostProfile): Layout {
  let byAbi = layouts.get(descriptor);
  if (byAbi === undefined) {
    byAbi = new Map();
    layouts.set(descriptor, byAbi);
  }
  const key = abiKey(host);
  let layout = byAbi.get(key);
  if (layout === undefined) {
    layout = computeLayout(descriptor, host);
    byAbi.set(key, layout);
  }
  return layout;
}

/** Size and alignment of one element of a C type. */
export function typeShape(type: CTypeName, host: HostProfile): Shape {
  const row = type === 'hcptr' ? hostPointer : primitives[type as PrimitiveName];
  return { size: row.size(host), align: row.align(host) };
}

/** Size and alignment of a field's member on a host; `undefined` where the host's structure has no such member. */
export function memberShape(field: Field, host: HostProfile): Shape | undefined {
  const kind = kinds[field.kind];
  const count = typeof field.count === 'number' ? field.count : 1;
  const times = (shape: Shape): Shape => ({ size: shape.size * count, align: field.align ?? shape.align });
  switch (kind.family) {
    case 'old':
      return undefined;
    case 'pad':
      return padShape(field, host);
    case 'class': {
      const { size, align } = layoutOf(field.class!.descriptor(), host);
      return times({ size, align });
    }
    case 'noentry':
    case 'callback':
      return times(typeShape(field.type!, host));
    case 'ignore':
      return times(
        field.kind === 'ignore' ? typeShape(field.type!, host) : { size: kind.size(host), align: kind.align(host) },
      );
    default:
      return times({ size: kind.size(host), align: kind.align(host) });
  }
}

/** Members that the C source has only for some hosts; automatic paddings are no members. */
function padShape(field: Field, host: HostProfile): Shape | undefined {
  const wide = pointerBytes(host) === 8;
  const align = field.align ?? 1;
  switch (field.kind) {
    case 'pad_hc':
      return { size: (wide ? field.cb64 : field.cb32) as number, align };
    case 'pad_hc32':
      return wide ? undefined : { size: field.cb as number, align };
    case 'pad_hc64':
      return wide ? { size: field.cb as number, align } : undefined;
    default:
      return undefined;
  }
}

/** The number that an offset stands for on a host. */
export function resolveOffset(
  className: string,
  property: string,
  offset: Offset,
  host: HostProfile,
  offsets: ReadonlyMap<string, number>,
): number {
  if (typeof offset === 'number') return offset;
  if ('of' in offset) {
    const base = offsets.get(offset.of);
    if (base === undefined)
      throw new DescriptorError(className, property, `offset of '${offset.of}', which is no earlier member`);
    return base + (offset.add ?? 0);
  }
  return host.bits === 64 ? offset.bits64 : offset.bits32;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function computeLayout(descriptor: Descriptor, host: HostProfile): Layout {
  const members: LayoutMember[] = [];
  const offsets = new Map<string, number>();
  let end = 0;
  let align = 1;
  const gap = (to: number) => {
    if (to > end) members.push({ name: undefined, field: undefined, offset: end, size: to - end });
  };
  for (const field of descriptor.fields) {
    const shape = memberShape(field, host);
    if (shape === undefined) continue;
    const alignment = descriptor.packed ? (field.align ?? 1) : shape.align;
    let offset: number;
    if (field.offset === undefined) {
      offset = alignUp(end, alignment);
      gap(offset);
      align = Math.max(align, alignment);
    } else {
      // An explicit offset may overlap or go back (a bit field, a union); it does not move what follows backwards. The
      // structure is aligned to such a member only where its alignment is given, too.
      offset = resolveOffset(descriptor.name, field.name, field.offset, host, offsets);
      gap(offset);
      align = Math.max(align, field.align ?? 1);
    }
    offsets.set(field.name, offset);
    members.push({ name: field.name, field, offset, size: shape.size });
    end = Math.max(end, offset + shape.size);
  }
  const size =
    descriptor.size === undefined
      ? alignUp(end, align)
      : resolveOffset(descriptor.name, 'size', descriptor.size, host, offsets);
  gap(size);
  return { size, align, members, offsets };
}
