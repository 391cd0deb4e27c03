import { type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { holdsOf, newTypedArray, type TypedArray, valueTypeOf } from './holds.js';
import type { HostProfile } from './host.js';
import { layoutOf, memberShape } from './layout.js';
import { viewOrNew } from './slot.js';

/*
 * C images
 *
 * The bytes that a structure has in a host's memory, from and to an object: what C copies for a member that is itself
 * a structure, and what a debugger or a core file shows. Gaps and members without values are left as they are in the
 * image. A host pointer that the class keeps as "not NULL" is written as 1.
 */

type Properties = Record<string, unknown>;

/** Writes an object's members into an image of its C structure at `base`. */
export function writeImage(
  descriptor: Descriptor,
  host: HostProfile,
  object: object,
  image: Uint8Array,
  base = 0,
): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (const { field, offset, size } of layoutOf(descriptor, host).members) {
    if (field !== undefined) writeMember(field, host, object as Properties, view, base + offset, size);
  }
}

function writeMember(
  field: Field,
  host: HostProfile,
  object: Properties,
  view: DataView,
  at: number,
  size: number,
): void {
  const holds = holdsOf(field);
  const value = object[field.name];
  const count = typeof field.count === 'number' ? field.count : 1;
  switch (holds.what) {
    case 'nothing':
    case 'string':
      return;
    case 'object':
    case 'objects': {
      const items = (holds.what === 'object' ? [value] : value) as readonly object[];
      checkLength(field, items.length, count);
      const image = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      for (const [i, item] of items.entries()) {
        writeImage(field.class!.descriptor(), host, item, image, at + (i * size) / count);
      }
      return;
    }
    case 'bytes':
    case 'typed':
    case 'list': {
      const items = value as ArrayLike<number | bigint | boolean>;
      checkLength(field, items.length, count);
      for (let i = 0; i < count; i++) writeInteger(view, at + (i * size) / count, size / count, BigInt(items[i]!));
      return;
    }
    case 'pair':
      view.setUint32(at, value as number, true);
      // A guest address of the V1.x era may have a low half only.
      if (size === 8) view.setUint32(at + 4, object[holds.hi] as number, true);
      return;
    default:
      writeInteger(view, at, size, BigInt(value as number | bigint | boolean));
  }
}

function checkLength(field: Field, length: number, count: number): void {
  if (length !== count)
    throw new DescriptorError('', field.name, `${length} elements where the structure has ${count}`);
}

/** Reads the members of a C structure's image at `base` into an object. */
export function readImage(
  descriptor: Descriptor,
  host: HostProfile,
  object: object,
  image: Uint8Array,
  base = 0,
): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (const { field, offset, size } of layoutOf(descriptor, host).members) {
    if (field !== undefined) readMember(field, host, object as Properties, view, base + offset, size);
  }
}

function readMember(
  field: Field,
  host: HostProfile,
  object: Properties,
  view: DataView,
  at: number,
  size: number,
): void {
  const holds = holdsOf(field);
  const count = typeof field.count === 'number' ? field.count : 1;
  const { signed = false } = valueTypeOf(field) ?? {};
  const element = (i: number) => readInteger(view, at + (i * size) / count, size / count, signed);
  switch (holds.what) {
    case 'nothing':
    case 'string':
      return;
    case 'object':
    case 'objects': {
      const image = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      const target = field.class!.target!();
      const before = (holds.what === 'object' ? [object[field.name]] : object[field.name]) as unknown[] | undefined;
      const items = Array.from({ length: count }, (_, i) => {
        const item = viewOrNew(target, before, i);
        readImage(field.class!.descriptor(), host, item, image, at + (i * size) / count);
        return item;
      });
      object[field.name] = holds.what === 'object' ? items[0] : items;
      return;
    }
    case 'bytes': {
      const bytes = new Uint8Array(count);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, count));
      object[field.name] = bytes;
      return;
    }
    case 'typed': {
      const array: TypedArray = newTypedArray(holds.array, count);
      for (let i = 0; i < count; i++) array[i] = convert(element(i), holds.element) as never;
      object[field.name] = array;
      return;
    }
    case 'list':
      object[field.name] = Array.from({ length: count }, (_, i) => convert(element(i), holds.element));
      return;
    case 'pair':
      object[field.name] = view.getUint32(at, true);
      object[holds.hi] = size === 8 ? view.getUint32(at + 4, true) : 0;
      return;
    default:
      object[field.name] = convert(element(0), holds.what);
  }
}

function convert(value: bigint, to: 'number' | 'bigint' | 'boolean'): number | bigint | boolean {
  return to === 'bigint' ? value : to === 'number' ? Number(value) : value !== 0n;
}

/** Writes the low bytes of an integer, little-endian. */
function writeInteger(view: DataView, at: number, size: number, value: bigint): void {
  for (let i = 0; i < size; i++) view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn));
}

function readInteger(view: DataView, at: number, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(at + i));
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

/** Bytes of the C structure of a descriptor on a host, all zero. */
export function newImage(descriptor: Descriptor, host: HostProfile): Uint8Array {
  return new Uint8Array(layoutOf(descriptor, host).size);
}

/** Whether a field's member has the same bytes on two hosts. */
export function sameMember(field: Field, a: HostProfile, b: HostProfile): boolean {
  const [x, y] = [memberShape(field, a), memberShape(field, b)];
  if (x?.size !== y?.size) return false;
  if (field.class === undefined) return true;
  const nested = field.class.descriptor();
  const [p, q] = [layoutOf(nested, a).offsets, layoutOf(nested, b).offsets];
  return nested.fields.every((inner) => p.get(inner.name) === q.get(inner.name) && sameMember(inner, a, b));
}
