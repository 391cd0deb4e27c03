import { PASS_FINAL, SsmError } from '../error.js';
import type { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';
import type { SelfDescription } from './handle.js';
import type { UnitRegistration } from './unit.js';

/*
 * The units that SSM has for itself
 *
 * "SSM" is the first unit of every saved state and tells what the header has no room for: pairs of strings, ended by two
 * empty ones. Of them only "Host OS" has an effect on load: C structures of 32-bit Windows are padded differently.
 *
 * "SSMLiveControl" is strewn between the units of live saves and carries the progress of the saving side.
 */

const OSE: readonly [name: string, value: string] = ['OSE', 'true'];
const VERSION = 1;
/** Longest name and value the original reads, in bytes (`VirtualBox 7.2 SSMR3.cpp, ssmR3SelfLoadExec`). */
const NAME_MAX = 127;
const VALUE_MAX = 1023;
/** Longest "Host OS" that the original keeps. */
const HOST_OS_MAX = 31;

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** Puts the content of the unit "SSM". */
export function putSelfDescription(stream: PutStream, description: SelfDescription): void {
  const pairs: readonly (readonly [name: string, value: string])[] = [
    ['Build Type', description.buildType],
    ['Host OS', description.hostOs],
    ...(description.ose ? [OSE] : []),
    ['', ''],
  ];
  for (const [name, value] of pairs) {
    stream.putStrZ(name);
    stream.putStrZ(value);
  }
}

/** Gets the content of the unit "SSM": values by name. */
export async function getSelfDescription(stream: GetStream): Promise<Map<string, string>> {
  const pairs = new Map<string, string>();
  for (;;) {
    const name = await getText(stream, NAME_MAX);
    const value = await getText(stream, VALUE_MAX);
    if (name === '' && value === '') return pairs;
    pairs.set(name, value);
  }
}

/** A string as C sees it: to its first NUL, in whatever encoding. */
async function getText(stream: GetStream, max: number): Promise<string> {
  await stream.ensure(4 + max);
  const text = latin1(stream.getStrZBytes(max));
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** What the values say of the host that saved. */
export function hostOf(pairs: ReadonlyMap<string, string>): { name: string; msc32: boolean } | undefined {
  const value = pairs.get('Host OS');
  return value === undefined ? undefined : { name: value.slice(0, HOST_OS_MAX), msc32: value === 'win.x86' };
}

function expectVersion(unit: string, version: number): void {
  if (version !== VERSION) {
    throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${unit}', not ${VERSION}`);
  }
}

/** The unit "SSM". */
export const selfUnit: UnitRegistration = {
  name: 'SSM',
  version: VERSION,
  guess: 64,
  liveExec(stream, pass, handle) {
    if (pass !== 0) return 'VERR_SSM_UNEXPECTED_PASS';
    putSelfDescription(stream, handle.description);
    return 'VINF_SSM_DONT_CALL_AGAIN';
  },
  saveExec(stream, handle) {
    putSelfDescription(stream, handle.description);
  },
  async loadExec(stream, version, pass, handle) {
    expectVersion('SSM', version);
    if (pass !== 0 && pass !== PASS_FINAL) return;
    const host = hostOf(await getSelfDescription(stream));
    if (host === undefined) return;
    handle.saved = { ...handle.saved, ...host };
    stream.saved = handle.saved;
  },
};

/** Percentages are told to the other side in this unit: 98 / 100 of a percent (`SSMR3.cpp, ssmR3LiveControlEmit`). */
const LIVE_PERCENT = 98;

/** What "SSMLiveControl" holds: how far the saving side is. */
export function putLivePercent(stream: PutStream, percent: number): void {
  stream.putU16(Math.trunc(percent * LIVE_PERCENT));
}

/** The unit "SSMLiveControl": never saved in its turn, loaded wherever it turns up. */
export const liveControlUnit: UnitRegistration = {
  name: 'SSMLiveControl',
  version: VERSION,
  guess: 1,
  loadExec(stream, version, _pass, handle) {
    expectVersion('SSMLiveControl', version);
    handle.liveProgress(stream.getU16());
  },
};
