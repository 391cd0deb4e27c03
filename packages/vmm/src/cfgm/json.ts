import { fromBase64, type Json, JsonError, toBase64 } from '@ssmkit/schema';
import * as t from 'io-ts';
import { isCString } from '../iprt/name-order.js';
import { walk } from './copy.js';
import { ConfigNode, type ConfigTreeOptions } from './node.js';
import { type ConfigData, Password } from './value.js';

/*
 * Trees as JSON
 *
 *     { "values": { "Name": "pit", "IOBase": 64, "Big": { "integer": "18446744073709551615" },
 *                   "UUID": { "bytes": "RDMiEQ==" }, "Secret": { "password": null } },
 *       "nodes": { "Config": { "restrictedRoot": true } } }
 *
 * Every member may be missing. Strings are strings; integers are numbers where a number holds them exactly, else decimal
 * text; bytes are base64. A password has no text in JSON that is written. JSON that is read may give it as text, or as
 * null where the program supplies it (`passwordOf`).
 */

/** A value as JSON. */
export type ConfigValueJson =
  | string
  | number
  | { readonly integer: string }
  | { readonly bytes: string }
  | { readonly password: string | null };

/** A node as JSON. */
export interface ConfigJson {
  readonly values?: { readonly [name: string]: ConfigValueJson };
  readonly nodes?: { readonly [name: string]: ConfigJson };
  readonly restrictedRoot?: true;
}

/** Options for reading a tree from JSON. */
export interface ConfigJsonOptions extends ConfigTreeOptions {
  /** The text of the password of a node's path (`/Devices/x/0/Config/`) and value name, where JSON gives none. */
  readonly passwordOf?: (path: string, name: string) => string | undefined;
}

/** Levels of nodes in each other, beyond which JSON is refused before the call stack is used up. */
const MAX_DEPTH = 1000;
const MAX_U64 = (1n << 64n) - 1n;

const NumberInteger = new t.Type<bigint, number, unknown>(
  'integer',
  (value): value is bigint => typeof value === 'bigint',
  (json, context) =>
    Number.isSafeInteger(json) && (json as number) >= 0
      ? t.success(BigInt(json as number))
      : t.failure(json, context, `expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}; larger ones as text`),
  Number,
);

/** One member whose name says what the value is. */
const tagged: Readonly<Record<string, (json: unknown) => ConfigData | undefined>> = {
  integer: (json) => {
    if (typeof json !== 'string' || !/^(\d{1,20}|0x[\da-f]{1,16})$/i.test(json)) return undefined;
    const integer = BigInt(json);
    return integer <= MAX_U64 ? integer : undefined;
  },
  bytes: (json) => (typeof json === 'string' ? fromBase64(json) : undefined),
  password: (json) => (isCString(json) ? new Password(json) : undefined),
};

const expectations: Readonly<Record<string, string>> = {
  integer: 'expected a decimal or 0x text of at most 64 bits',
  bytes: 'expected base64',
  password: 'expected text, or null and a program that knows the password',
};

type Passwords = (path: string, name: string) => string | undefined;

function decodeValue(
  json: unknown,
  context: t.Context,
  knownPassword: () => string | undefined,
): t.Validation<ConfigData> {
  if (typeof json === 'string') {
    return isCString(json) ? t.success(json) : t.failure(json, context, 'has a character that no string of C has');
  }
  if (typeof json !== 'object') return NumberInteger.validate(json, context);
  const entries = json === null || Array.isArray(json) ? [] : Object.entries(json);
  const [tag, inner] = entries[0] ?? [];
  if (entries.length !== 1 || !Object.hasOwn(tagged, tag!)) {
    return t.failure(undefined, context, 'expected a string, an integer, or an object with integer, bytes or password');
  }
  const data = tagged[tag!]!(tag === 'password' && inner === null ? knownPassword() : inner);
  // What was found stays out of it: it may be half a password.
  return data === undefined ? t.failure(undefined, context, expectations[tag!]!) : t.success(data);
}

type Members = readonly (readonly [name: string, json: unknown])[];

const MemberMap = new t.Type<Members, Json, unknown>(
  'object',
  (value): value is Members => Array.isArray(value),
  (json, context) =>
    typeof json === 'object' && json !== null && !Array.isArray(json)
      ? t.success(Object.entries(json))
      : t.failure(json, context, 'expected an object'),
  (members) => Object.fromEntries(members) as Json,
);

/** A member that is not there is an empty one; null is none. */
const memberOf = (members: ReadonlyMap<string, unknown>, name: string) => (members.has(name) ? members.get(name) : {});

const NODE_MEMBERS = ['values', 'nodes', 'restrictedRoot'];

/** Reads a node's JSON into a node; what is wrong is added to the errors. */
function decodeNode(json: unknown, node: ConfigNode, context: t.Context, errors: t.Errors, passwords: Passwords): void {
  const report = (at: t.Context, value: unknown, message: string) => errors.push({ value, context: at, message });
  const membersOf = (value: unknown, at: t.Context): Members => {
    const result = MemberMap.validate(value, at);
    if (result._tag === 'Left') errors.push(...result.left);
    return result._tag === 'Right' ? result.right : [];
  };
  const members = new Map(membersOf(json, context).filter(([, value]) => value !== undefined));
  for (const [name, value] of members) {
    if (!NODE_MEMBERS.includes(name))
      report(t.appendContext(context, name, t.never), value, 'no such member of a node');
  }
  const restricted = members.get('restrictedRoot');
  if (restricted === true) node.setRestrictedRoot();
  else if (restricted !== undefined && restricted !== false) {
    report(t.appendContext(context, 'restrictedRoot', t.boolean), restricted, 'expected true or false');
  }
  const inValues = t.appendContext(context, 'values', MemberMap);
  for (const [name, value] of membersOf(memberOf(members, 'values'), inValues)) {
    const at = t.appendContext(inValues, name, t.unknown);
    if (name === '' || !isCString(name)) report(at, value, 'no name of a value');
    else {
      const result = decodeValue(value, at, () => passwords(node.path, name));
      if (result._tag === 'Left') errors.push(...result.left);
      else node.insert(name, result.right);
    }
  }
  const inNodes = t.appendContext(context, 'nodes', MemberMap);
  for (const [name, value] of membersOf(memberOf(members, 'nodes'), inNodes)) {
    const at = t.appendContext(inNodes, name, t.unknown);
    if (name === '' || name.includes('/') || !isCString(name)) report(at, value, 'no name of a node');
    else if (at.length > 2 * MAX_DEPTH) report(at, value, 'nested too deeply');
    else decodeNode(value, node.insertNode(name), at, errors, passwords);
  }
}

function encodeValue(data: ConfigData): ConfigValueJson {
  if (typeof data === 'string') return data;
  if (data instanceof Password) return { password: null };
  if (data instanceof Uint8Array) return { bytes: toBase64(data) };
  return data <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(data) : { integer: String(data) };
}

function encodeConfig(root: ConfigNode): ConfigJson {
  type Writable = { values?: ConfigJson['values']; nodes?: Record<string, ConfigJson>; restrictedRoot?: true };
  const path: Writable[] = [];
  for (const [node, level] of walk(root)) {
    const json: Writable = {};
    const values = node.values;
    if (values.length > 0) json.values = Object.fromEntries(values.map(({ name, data }) => [name, encodeValue(data)]));
    if (node.isRestrictedRoot) json.restrictedRoot = true;
    path[level] = json;
    if (level === 0) continue;
    const parent = path[level - 1]!;
    parent.nodes ??= {};
    // Not by assignment, for a node may be named `__proto__`.
    Object.defineProperty(parent.nodes, node.name, { value: json, enumerable: true, configurable: true });
  }
  return path[0] as ConfigJson;
}

/** The io-ts codec of a configuration tree. */
export function configCodec(options: ConfigJsonOptions = {}): t.Type<ConfigNode, ConfigJson, unknown> {
  return new t.Type<ConfigNode, ConfigJson, unknown>(
    'Config',
    (value): value is ConfigNode => value instanceof ConfigNode,
    (json, context) => {
      const root = ConfigNode.createTree(options);
      const errors: t.Errors = [];
      decodeNode(json, root, context, errors, options.passwordOf ?? (() => undefined));
      return errors.length === 0 ? t.success(root) : t.failures(errors);
    },
    encodeConfig,
  );
}

/** A node and all below it as JSON; passwords come without their text. */
export function configToJson(node: ConfigNode): ConfigJson {
  return encodeConfig(node);
}

/** A new tree from JSON. @throws JsonError with all problems and their paths. */
export function configFromJson(json: unknown, options: ConfigJsonOptions = {}): ConfigNode {
  const result = configCodec(options).decode(json);
  if (result._tag === 'Right') return result.right;
  throw new JsonError(
    result.left.map(({ context, message = 'not as expected' }) => ({
      path: ['Config', ...context.slice(1).map(({ key }) => key)].join('.'),
      problem: message,
    })),
  );
}
