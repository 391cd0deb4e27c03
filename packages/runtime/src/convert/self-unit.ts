import type { StateReader, UnitHeader } from '../containers/state.js';
import { PASS_FINAL, SsmError } from '../error.js';
import { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';

/*
 * "Host OS" in the unit "SSM"
 *
 * The unit is a list of pairs of strings, ended by two empty ones. It is rewritten pair by pair, as bytes: names that
 * nobody knows, in whatever encoding, are kept.
 */

export const SELF_NAME = 'SSM';
export const SELF_VERSION = 1;

const HOST_OS = 'Host OS';
/** VirtualBox writes "Host OS" behind it. */
const BUILD_TYPE = 'Build Type';

/** Longest name and value that VirtualBox reads, in bytes (`VirtualBox 7.2 SSMR3.cpp, ssmR3SelfLoadExec`). */
const NAME_MAX = 127;
const VALUE_MAX = 1023;
/** Far more than anybody writes. */
const PAIRS_MAX = 1000;

type Pair = readonly [name: Uint8Array, value: Uint8Array];

const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** Whether a unit is the unit "SSM", in a pass in which it has something to say. */
export function isSelfUnit({ name, instance, pass }: UnitHeader): boolean {
  return name === SELF_NAME && instance === 0 && (pass === 0 || pass === PASS_FINAL);
}

/**
 * Reads the pairs of the unit "SSM" in front of which `reader` stands, to its end.
 *
 * @throws SsmError VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION; VERR_TOO_MUCH_DATA, VERR_SSM_LOADED_TOO_MUCH,
 * VERR_SSM_LOADED_TOO_LITTLE where the pairs are not what VirtualBox would read; what is wrong with the records.
 */
export async function readPairs(reader: StateReader, { version }: UnitHeader): Promise<Pair[]> {
  if (version !== SELF_VERSION) {
    throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${SELF_NAME}'`);
  }
  const stream = new GetStream(reader.records);
  const text = async (max: number) => {
    await stream.ensure(4 + max);
    return stream.getStrZBytes(max);
  };
  const pairs: Pair[] = [];
  for (;;) {
    const name = await text(NAME_MAX);
    const value = await text(VALUE_MAX);
    if (name.length === 0 && value.length === 0) break;
    if (pairs.push([name, value]) > PAIRS_MAX) {
      throw new SsmError('VERR_TOO_MUCH_DATA', `more than ${PAIRS_MAX} pairs in the unit '${SELF_NAME}'`);
    }
  }
  await reader.input.run(() => reader.records.finish(stream.buffered));
  return pairs;
}

/** The host that the pairs tell of. */
export function hostNameOf(pairs: readonly Pair[]): string | undefined {
  const pair = pairs.find(([name]) => latin1(name) === HOST_OS);
  return pair && latin1(pair[1]);
}

/** The pairs with another host, in the place where VirtualBox has it. */
export function withHost(pairs: readonly Pair[], host: string): Pair[] {
  const pair: Pair = [utf8.encode(HOST_OS), utf8.encode(host)];
  if (hostNameOf(pairs) !== undefined) return pairs.map((old) => (latin1(old[0]) === HOST_OS ? pair : old));
  const at = pairs.findIndex(([name]) => latin1(name) === BUILD_TYPE) + 1;
  return [...pairs.slice(0, at), pair, ...pairs.slice(at)];
}

/** Puts pairs, and what ends them. */
export function putPairs(stream: PutStream, pairs: readonly Pair[]): void {
  for (const bytes of [...pairs, [utf8.encode(''), utf8.encode('')] as const].flat()) {
    stream.putU32(bytes.length);
    stream.putMem(bytes);
  }
}
