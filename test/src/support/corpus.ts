import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const shared = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url));

/** Whether the whole collection of real files lies beside the checkout. */
export const hasSharedCorpus = existsSync(shared);

/** Path of a file of the collection, from the fixtures or from beside the checkout; `undefined` where it is absent. */
export function corpusPath(name: string): string | undefined {
  return [fixtures, shared].map((folder) => folder + name).find((path) => existsSync(path));
}

/** Bytes of a file of the collection. Skips the running test where it is absent. */
export function corpusBytes(test: Mocha.Context, name: string): Uint8Array {
  const path = corpusPath(name);
  if (path === undefined) test.skip();
  return new Uint8Array(readFileSync(path));
}

/** A manifest of the collection. Skips the running test where it is absent. */
export function corpusJson<T>(test: Mocha.Context, name: string): T {
  return JSON.parse(new TextDecoder().decode(corpusBytes(test, name))) as T;
}
