import type { ConfigNode } from './node.js';
import { isMissing, type MaybeNode, type QueryKind, type QueryResults, query } from './query.js';
import { validateConfig } from './validate.js';

/*
 * A device's settings in one go
 *
 *     const settings = readConfig(node, {
 *       irq: ['Irq', 'u8', 0],
 *       base: ['IOBase', 'port', 0x40],
 *       path: ['Path', 'string'],                 // must be there
 *       uuid: ['UUID', 'bytes', undefined],       // may be missing
 *     }, { who: 'i8254', instance: 0 });
 *     settings.irq   // number
 *
 * The shape is also the list of names that may be there: everything else in the node is refused.
 */

/** Name of a value, the kind it is asked for as, and its default; without one it must be there. */
export type ConfigKey = {
  [K in QueryKind]:
    | readonly [name: string, kind: K]
    | readonly [name: string, kind: K, byDefault: QueryResults[K] | undefined];
}[QueryKind];

/** Properties, and the values they come from. */
export interface ConfigShape {
  readonly [property: string]: ConfigKey;
}

/** What {@link readConfig} gives for a shape. */
export type ConfigSettings<S extends ConfigShape> = {
  -readonly [P in keyof S]: S[P] extends readonly [string, infer K extends QueryKind, infer D]
    ? QueryResults[K] | Extract<D, undefined>
    : S[P] extends readonly [string, infer K extends QueryKind]
      ? QueryResults[K]
      : never;
};

/** For whom a configuration is read. */
export interface ConfigReader {
  /** Name of the device or driver. */
  readonly who: string;
  /** Its instance. */
  readonly instance: number;
  /** How messages name the node, with a slash at the end; default `/`. */
  readonly path?: string;
  /** Simple patterns between `|` of child nodes that may be there; default none. */
  readonly nodes?: string;
  /** Simple patterns between `|` of values that may be there besides those of the shape; default none. */
  readonly values?: string;
}

/**
 * Reads the values of a shape from a node; with a reader, after checking that there are no others.
 *
 * @throws SsmError as {@link query} and {@link validateConfig}.
 */
export function readConfig<const S extends ConfigShape>(
  node: MaybeNode,
  shape: S,
  reader?: ConfigReader,
): ConfigSettings<S> {
  const keys = Object.entries<ConfigKey>(shape);
  if (reader !== undefined) {
    const { who, instance, path = '/', nodes = '', values = '' } = reader;
    const known = [...keys.map(([, [name]]) => name), ...(values === '' ? [] : [values])].join('|');
    validateConfig(node, { who, instance, path, nodes, values: known });
  }
  const settings = keys.map(([property, key]) => [property, settingOf(node, key)]);
  return Object.fromEntries(settings) as ConfigSettings<S>;
}

function settingOf(node: MaybeNode, [name, kind, ...byDefault]: ConfigKey): unknown {
  if (byDefault.length > 0 && isMissing(node, name)) return byDefault[0];
  return query(node as ConfigNode, name, kind);
}
