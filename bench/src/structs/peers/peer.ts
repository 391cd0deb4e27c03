import type { Subject } from '../subjects.js';

/** An object's properties, without its class: what serializers for plain data like best. */
export type Properties = Record<string, unknown>;

/** Another serializer with its fastest calls for a structure. */
export interface PeerRow {
  /** Encodes the object a number of times. */
  readonly put: (times: number) => unknown;
  /** Decodes what was encoded a number of times; returns the object that came out last. */
  readonly get: (times: number) => unknown;
}

/** Another serializer. */
export interface Peer {
  readonly name: string;
  /** Its calls are not what its documentation tells to do: reported, but no target is held against them. */
  readonly undocumented?: boolean;
  /** Prepares it for a structure; a reason where it cannot represent its values. */
  row(subject: Subject, object: Properties): PeerRow | string;
}

/** The name of a measured class, as the peers' schemas have it. */
export function messageName(subject: Subject): string {
  return subject.create.name;
}

/** A copy in which arrays of numbers are plain arrays, and bytes what `bytes` makes of them. */
export function plain(object: Properties, bytes: (data: Uint8Array) => unknown = (data) => data): Properties {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, bytes(value)];
      return [name, value instanceof Uint32Array ? [...value] : value];
    }),
  );
}

/** The properties of `object` that came back with another value. */
export function differences(object: Properties, back: Properties): string[] {
  const flat = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    return Array.from(value as ArrayLike<unknown>).join();
  };
  return Object.keys(object).filter((name) => flat(object[name]) !== flat(back[name]));
}
