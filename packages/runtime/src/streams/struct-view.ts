import { SsmError } from '../error.js';

/*
 * Views
 *
 * An object of a `@SsmStruct({ view: true })` class can also be had as a view: an object whose properties are the
 * members of a C structure in an ArrayBuffer, laid out as on 64-bit hosts and little-endian whatever the machine. Then
 * most of saving and loading is copying memory, where the stream has the bytes that the memory has. `ssmgen` writes the
 * class with its accessors; here is what all such classes have in common.
 */

/** Copies another object of the class, a view or not, into a view. For generated code. */
export const assign: unique symbol = Symbol('assign');

/** What all views are. */
export abstract class StructView<T extends object = object> {
  /** The C structure's memory. Whoever writes to it changes the properties. */
  readonly bytes: Uint8Array;

  /** @throws SsmError VERR_INVALID_PARAMETER for memory of another size. */
  constructor(bytes: Uint8Array, size: number, name: string) {
    if (bytes.length !== size) {
      const problem = `${bytes.length} bytes of memory where the structure has ${size}`;
      throw new SsmError('VERR_INVALID_PARAMETER', problem, { field: name });
    }
    this.bytes = bytes;
  }

  /** The same values in an object of the decorated class. */
  abstract toPlain(): T;

  abstract [assign](from: T): void;
}

/** The memory of the objects that a class makes: its initialisers' values, and 0 where it has none. */
export function initialMemory<T extends object>(view: StructView<T>, initial: T): Uint8Array {
  const zeros = view.toPlain() as Record<string, unknown>;
  const clear = { ...zeros, ...initial } as Record<string, unknown>;
  for (const [name, value] of Object.entries(clear)) if (value === undefined) clear[name] = zeros[name];
  view[assign](clear as T);
  return view.bytes;
}

/** Whether typed arrays have the byte order of the structures. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** What array members are, in memory of any sort. */
type MemberArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array;

/** An array member that is a typed array. */
export class ArrayMember<T extends MemberArray> {
  /** The member itself; `undefined` where a typed array cannot stand, by its address or by the machine's byte order. */
  readonly #member: T | undefined;
  readonly #bytes: Uint8Array;
  readonly #array: ArrayConstructor<T>;
  readonly #length: number;
  readonly #path: string;

  constructor(bytes: Uint8Array, offset: number, array: ArrayConstructor<T>, length: number, path: string) {
    const { BYTES_PER_ELEMENT: size } = array;
    this.#bytes = bytes.subarray(offset, offset + length * size);
    this.#array = array;
    this.#length = length;
    this.#path = path;
    const { buffer, byteOffset } = this.#bytes;
    if (byteOffset % size === 0 && (isLittleEndian || size === 1)) this.#member = new array(buffer, byteOffset, length);
  }

  get value(): T {
    if (this.#member !== undefined) return this.#member;
    const copy = new this.#array(this.#length);
    bytesOf(copy).set(inHostOrder(this.#bytes, this.#array.BYTES_PER_ELEMENT));
    return copy;
  }

  set value(value: ArrayLike<number | bigint>) {
    checkLength(value.length, this.#length, this.#path);
    if (value === (this.#member as unknown)) return;
    if (this.#member !== undefined) {
      this.#member.set(value as never);
      return;
    }
    const copy = new this.#array(this.#length);
    copy.set(value as never);
    this.#bytes.set(inHostOrder(bytesOf(copy), this.#array.BYTES_PER_ELEMENT));
  }
}

/** A typed array's constructor. */
interface ArrayConstructor<T extends MemberArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

function bytesOf(array: MemberArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The bytes of little-endian elements in the machine's order, or the other way round: a copy where they differ. */
export function inHostOrder(bytes: Uint8Array, size: number, littleEndian = isLittleEndian): Uint8Array {
  if (littleEndian || size === 1) return bytes;
  return bytes.map((_, i) => bytes[i - (i % size) + size - 1 - (i % size)] as number);
}

/** Refuses an array of another length than the member's. */
function checkLength(found: number, expected: number, path: string): void {
  if (found === expected) return;
  const problem = `${found} elements where there must be ${expected}`;
  throw new SsmError('VERR_INVALID_PARAMETER', problem, { field: path });
}

/** A member with 64 bits that is a number; one that is not safe is refused when it is saved. */
export function getWideNumber(view: DataView, at: number, signed: boolean): number {
  const high = signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
  return high * 0x1_0000_0000 + view.getUint32(at, true);
}

/** @throws SsmError VERR_OUT_OF_RANGE for a number that is no safe integer. */
export function setWideNumber(view: DataView, at: number, value: number, path: string): void {
  if (!Number.isSafeInteger(value)) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${value} is no safe integer`, { field: path });
  }
  view.setUint32(at, value, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** A member with 128 bits. */
export function getWide(view: DataView, at: number, signed: boolean): bigint {
  const high = signed ? view.getBigInt64(at + 8, true) : view.getBigUint64(at + 8, true);
  return view.getBigUint64(at, true) | (high << 64n);
}

export function setWide(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value, true);
  view.setBigUint64(at + 8, value >> 64n, true);
}

/** Whether a pointer, or a boolean of `size` bytes, is not zero. */
export function isSet(view: DataView, at: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (view.getUint8(at + i) !== 0) return true;
  return false;
}

function setBoolean(view: DataView, at: number, size: number, value: boolean): void {
  view.setUint8(at, value ? 1 : 0);
  for (let i = 1; i < size; i++) view.setUint8(at + i, 0);
}

/** Where the elements of a list lie. */
export interface ListPlace {
  readonly at: number;
  readonly count: number;
  /** Bytes of an element. */
  readonly size: number;
  readonly signed: boolean;
}

/** An array member of booleans, as a list that cannot be written to: it is a copy. */
export function getBooleans(view: DataView, { at, count, size }: ListPlace): boolean[] {
  const list = Array.from({ length: count }, (_, i) => isSet(view, at + i * size, size));
  return Object.freeze(list) as boolean[];
}

export function setBooleans(view: DataView, place: ListPlace, value: readonly boolean[], path: string): void {
  const { at, count, size } = place;
  checkLength(value.length, count, path);
  for (let i = 0; i < count; i++) setBoolean(view, at + i * size, size, value[i] as boolean);
}

/** An array member of pointers or 128-bit values, as a list that cannot be written to: it is a copy. */
export function getBigints(view: DataView, { at, count, size, signed }: ListPlace): bigint[] {
  const list = Array.from({ length: count }, (_, i) =>
    size === 16 ? getWide(view, at + i * size, signed) : view.getBigUint64(at + i * size, true),
  );
  return Object.freeze(list) as bigint[];
}

export function setBigints(view: DataView, place: ListPlace, value: readonly bigint[], path: string): void {
  const { at, count, size } = place;
  checkLength(value.length, count, path);
  for (let i = 0; i < count; i++) {
    if (size === 16) setWide(view, at + i * size, value[i] as bigint);
    else view.setBigUint64(at + i * size, value[i] as bigint, true);
  }
}

/** The views of an array member of structures, as a list that cannot be written to: its views can. */
export function viewsOf<V>(bytes: Uint8Array, { at, count, size }: ListPlace, make: (bytes: Uint8Array) => V): V[] {
  const list = Array.from({ length: count }, (_, i) => make(bytes.subarray(at + i * size, at + (i + 1) * size)));
  return Object.freeze(list) as V[];
}

/** Copies objects into the views of an array member. */
export function assignAll<T extends object>(views: readonly StructView<T>[], value: readonly T[], path: string): void {
  if (value === (views as unknown)) return;
  checkLength(value.length, views.length, path);
  if (value.every((item, i) => item === (views[i] as unknown))) return;
  // Some may be views of this very array, in another order.
  const copies = value.map((item) => (item instanceof StructView ? (item.toPlain() as T) : item));
  for (const [i, view] of views.entries()) view[assign](copies[i] as T);
}

/** Makes loaded booleans 0 or 1, as C has them. */
export function normalizeBooleans(view: DataView, at: number, count: number): void {
  for (let i = at; i < at + count; i++) if (view.getUint8(i) > 1) view.setUint8(i, 1);
}

/** Puts whether the pointers of an array member are not NULL, a byte each. */
export function putIndicators(view: DataView, at: number, count: number, bytes: Uint8Array, to: number): void {
  for (let i = 0; i < count; i++) bytes[to + i] = isSet(view, at + i * 8, 8) ? 1 : 0;
}

/** Sets pointers to 1 or 0: of as many values with `size` bytes each, those that are not zero. */
export function getPointers(
  view: DataView,
  at: number,
  count: number,
  from: DataView,
  fromAt: number,
  size: 1 | 8,
): void {
  for (let i = 0; i < count; i++) setBoolean(view, at + i * 8, 8, isSet(from, fromAt + i * size, size));
}
