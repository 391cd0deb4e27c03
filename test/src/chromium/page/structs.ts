import { crc32 } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, type StateClass } from '@ssmkit/schema';
import { arbitraryOf, checkRoundTrip } from '@ssmkit/schema/testing';
import fc from 'fast-check';
import { savers, testClasses } from '../../support/classes.js';
import { written } from '../../support/struct-stream.js';

function classOf(name: string): StateClass {
  const found = testClasses.find(({ target }) => target.name === name);
  if (found === undefined) throw new Error(`there is no class ${name}`);
  return found.target;
}

/** Checks that objects of a class survive saving and loading, by all engines alike; throws where they do not. */
export function check(name: string, numRuns: number): void {
  const target = classOf(name);
  const writer = savers.get(target);
  checkRoundTrip(target, { numRuns, seed: 1, ...(writer !== undefined && { writer }) });
}

/** Sizes and CRCs of what some objects of a class are put as, the same objects wherever this runs. */
export function putSome(name: string, count: number): { size: number; crc: number }[] {
  const target = savers.get(classOf(name)) ?? classOf(name);
  const { shape } = descriptorFor(target);
  return fc.sample(arbitraryOf(target), { numRuns: count, seed: 1 }).map((object) => {
    const bytes = written(defaultHost, (stream) =>
      shape === 'struct' ? stream.putStructEx(object) : stream.put(object),
    );
    return { size: bytes.length, crc: crc32(bytes) };
  });
}
