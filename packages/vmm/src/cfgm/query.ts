import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { sizeOfString } from '../iprt/name-order.js';
import type { ConfigNode } from './node.js';
import { type ConfigData, type ConfigValue, type ConfigValueType, type Password, sizeOfData } from './value.js';

/*
 * Queries
 *
 * Every query takes a node or nothing, as a device does not look whether there is a node before it asks. What has a
 * default gives it where the value or the node is missing, and fails as before where the value is of another type or
 * does not fit: a typing error in a configuration must not pass as "not given".
 */

/** Where to look: a node, or nothing. A node that was removed counts as nothing. */
export type MaybeNode = ConfigNode | undefined;

type Bits = 8 | 16 | 32 | 64;

const unsigned = <B extends Bits>(bits: B) => ({ bits, signed: false }) as const;
const signed = <B extends Bits>(bits: B) => ({ bits, signed: true }) as const;

/** The integers that can be asked for. All are stored as u64. */
const integerKinds = {
  u8: unsigned(8),
  u16: unsigned(16),
  u32: unsigned(32),
  u64: unsigned(64),
  s8: signed(8),
  s16: signed(16),
  s32: signed(32),
  s64: signed(64),
  port: unsigned(16),
  uint: unsigned(32),
  sint: signed(32),
  gcPtr: unsigned(64),
  gcPtrU: unsigned(64),
  gcPtrS: signed(64),
} as const;

type IntegerKinds = typeof integerKinds;

/** What the queries of each kind give: 64-bit integers are bigints, all others numbers. */
export type QueryResults = {
  [K in keyof IntegerKinds]: IntegerKinds[K]['bits'] extends 64 ? bigint : number;
} & { bool: boolean; string: string; bytes: Uint8Array; password: string };

export type QueryKind = keyof QueryResults;

/** Kinds that have a default. Bytes have none (`cfgm.h`). */
export type QueryDefKind = Exclude<QueryKind, 'bytes'>;

const wrongType: Readonly<Record<ConfigValueType, SsmFailure>> = {
  integer: 'VERR_CFGM_NOT_INTEGER',
  string: 'VERR_CFGM_NOT_STRING',
  bytes: 'VERR_CFGM_NOT_BYTES',
  password: 'VERR_CFGM_NOT_PASSWORD',
};

const articles: Readonly<Record<ConfigValueType, string>> = {
  integer: 'an integer',
  string: 'a string',
  bytes: 'bytes',
  password: 'a password',
};

type DataOf = { integer: bigint; string: string; bytes: Uint8Array; password: Password };

/** The value of a name. @throws SsmError VERR_CFGM_NO_PARENT, VERR_CFGM_VALUE_NOT_FOUND. */
function leafOf(node: MaybeNode, name: string): ConfigValue {
  const parent = existing(node, `value '${name}'`);
  const value = parent.value(name);
  if (value !== undefined) return value;
  throw new SsmError('VERR_CFGM_VALUE_NOT_FOUND', `there is no value '${name}' in ${parent.path}`);
}

function existing(node: MaybeNode, what: string): ConfigNode {
  if (node !== undefined && !node.isRemoved) return node;
  throw new SsmError('VERR_CFGM_NO_PARENT', `there is no node to look for ${what} in`);
}

function dataOf<T extends ConfigValueType>(node: MaybeNode, name: string, type: T): DataOf[T] {
  const value = leafOf(node, name);
  if (value.type === type) return value.data as ConfigData as DataOf[T];
  const detail = `value '${name}' of ${node!.path} is ${articles[value.type]}, not ${articles[type]}`;
  throw new SsmError(wrongType[type], detail);
}

function integerOf(node: MaybeNode, name: string, kind: keyof IntegerKinds): number | bigint {
  const { bits, signed } = integerKinds[kind];
  const stored = dataOf(node, name, 'integer');
  const integer = signed ? BigInt.asIntN(64, stored) : stored;
  const narrow = signed ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer);
  if (narrow !== integer) {
    const detail = `value '${name}' of ${node!.path} is ${integer}, which is no ${kind} of ${bits} bits`;
    throw new SsmError('VERR_CFGM_INTEGER_TOO_BIG', detail);
  }
  return bits === 64 ? narrow : Number(narrow);
}

/**
 * The value of a name, as one of the {@link QueryKind}s: `query(node, 'IOBase', 'port')`. An integer is a `bool` by
 * not being 0.
 *
 * @throws SsmError VERR_CFGM_NO_PARENT, VERR_CFGM_VALUE_NOT_FOUND, VERR_CFGM_NOT_INTEGER, VERR_CFGM_NOT_STRING,
 * VERR_CFGM_NOT_BYTES, VERR_CFGM_NOT_PASSWORD, VERR_CFGM_INTEGER_TOO_BIG.
 */
export function query<K extends QueryKind>(node: MaybeNode, name: string, kind: K): QueryResults[K] {
  return queryAny(node, name, kind) as QueryResults[K];
}

function queryAny(node: MaybeNode, name: string, kind: QueryKind): QueryResults[QueryKind] {
  switch (kind) {
    case 'bool':
      return dataOf(node, name, 'integer') !== 0n;
    case 'string':
    case 'bytes':
      return dataOf(node, name, kind);
    case 'password':
      return dataOf(node, name, kind).reveal();
    default:
      return integerOf(node, name, kind);
  }
}

/**
 * {@link query} with a default for a value or a node that is missing.
 *
 * @throws SsmError as `query`, except VERR_CFGM_NO_PARENT and VERR_CFGM_VALUE_NOT_FOUND.
 */
export function queryDef<K extends QueryDefKind, D extends QueryResults[K] | undefined>(
  node: MaybeNode,
  name: string,
  kind: K,
  byDefault: D,
): QueryResults[K] | D {
  return isMissing(node, name) ? byDefault : query(node, name, kind);
}

/** Whether a query with a default gives the default. */
export function isMissing(node: MaybeNode, name: string): boolean {
  return node === undefined || node.isRemoved || node.value(name) === undefined;
}

/** The value's size: bytes of a string or a password with terminator, of bytes, or the 8 of an integer. @throws as `query`. */
export function querySize(node: MaybeNode, name: string): number {
  return sizeOfData(leafOf(node, name).data);
}

/** @throws SsmError VERR_CFGM_NO_PARENT, VERR_CFGM_VALUE_NOT_FOUND. */
export function queryType(node: MaybeNode, name: string): ConfigValueType {
  return leafOf(node, name).type;
}

/**
 * The node at a path below a node.
 *
 * @throws SsmError VERR_CFGM_NO_PARENT, VERR_CFGM_INVALID_CHILD_PATH for a path without a name,
 * VERR_CFGM_CHILD_NOT_FOUND.
 */
export function resolveNode(node: MaybeNode, path: string): ConfigNode {
  const parent = existing(node, `node '${path}'`);
  const child = parent.child(path);
  if (child !== undefined) return child;
  if (/^\/*$/.test(path)) throw new SsmError('VERR_CFGM_INVALID_CHILD_PATH', `'${path}' names no node`);
  throw new SsmError('VERR_CFGM_CHILD_NOT_FOUND', `there is no node '${path}' in ${parent.path}`);
}

// Where C fills a buffer: the value must fit, with its terminator.

/** A string of at most `size` bytes with terminator. @throws SsmError VERR_CFGM_NOT_ENOUGH_SPACE, and as `query`. */
export function queryString(node: MaybeNode, name: string, size: number): string {
  return fitting(query(node, name, 'string'), size, name);
}

/** {@link queryString} with a default, which must fit as well. */
export function queryStringDef(node: MaybeNode, name: string, size: number, byDefault: string): string {
  return fitting(queryDef(node, name, 'string', byDefault), size, name);
}

/** A password of at most `size` bytes with terminator. @throws SsmError VERR_CFGM_NOT_ENOUGH_SPACE, and as `query`. */
export function queryPassword(node: MaybeNode, name: string, size: number): string {
  return fitting(query(node, name, 'password'), size, name);
}

/** {@link queryPassword} with a default, which must fit as well. */
export function queryPasswordDef(node: MaybeNode, name: string, size: number, byDefault: string): string {
  return fitting(queryDef(node, name, 'password', byDefault), size, name);
}

/** Exactly `size` bytes: zeros follow a shorter value. @throws SsmError VERR_CFGM_NOT_ENOUGH_SPACE, and as `query`. */
export function queryBytes(node: MaybeNode, name: string, size: number): Uint8Array {
  const bytes = query(node, name, 'bytes');
  if (bytes.length > size) throw tooBig(name, bytes.length, size);
  const buffer = new Uint8Array(size);
  buffer.set(bytes);
  return buffer;
}

/** The name of a node or a value, of at most `size` bytes with terminator. @throws SsmError VERR_CFGM_NOT_ENOUGH_SPACE. */
export function queryName(of: { readonly name: string }, size: number): string {
  return fitting(of.name, size, of.name);
}

function fitting(text: string, size: number, name: string): string {
  const needed = sizeOfString(text);
  if (needed > size) throw tooBig(name, needed, size);
  return text;
}

function tooBig(name: string, needed: number, size: number): SsmError {
  return new SsmError('VERR_CFGM_NOT_ENOUGH_SPACE', `'${name}' needs ${needed} bytes where ${size} are`);
}
