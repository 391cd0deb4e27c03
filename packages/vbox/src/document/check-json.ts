import { SsmError } from '@ssmkit/runtime';
import * as t from 'io-ts';

/** Decodes a part of a document. @param path what messages call it. @throws SsmError VERR_INVALID_PARAMETER with the place. */
export function decoded<A>(codec: t.Type<A, unknown, unknown>, value: unknown, path: string): A {
  const result = codec.decode(value);
  if (result._tag === 'Right') return result.right;
  const [{ context, value: found }] = result.left as [t.ValidationError];
  // Parts of intersections and unions have numbers for keys, which are no keys of the document.
  const keys = context.slice(1).filter(({ type }, i) => !isPartOf(context[i]?.type) && type !== undefined);
  const place = keys.map(({ key }) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
  const expected = context.at(-1)?.type.name ?? codec.name;
  const was = found === undefined ? 'nothing' : (JSON.stringify(found) ?? 'nothing').slice(0, 60);
  throw wrong(`${path}${place}`, `expected ${expected}, found ${was}`);
}

function isPartOf(type: t.Decoder<unknown, unknown> | undefined): boolean {
  return type instanceof t.IntersectionType || type instanceof t.UnionType;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a document, and where. */
export function wrong(path: string, problem: string, cause?: Error): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `${path}: ${problem}`, {}, { cause });
}
