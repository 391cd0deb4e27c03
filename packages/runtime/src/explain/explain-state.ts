import type { Format } from '../containers/formats.js';
import type { StateHeader } from '../containers/state.js';
import { type OpenUnit, openState } from '../engine/open.js';
import { type Verdict, verifyState } from '../engine/verify.js';
import { isSsmError, type SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { explainStatus, type StatusExplanation } from './explain-status.js';
import { endsWithZeros, looksLike } from './looks-like.js';

/** What is wrong with a saved state, if anything, for somebody who has it. */
export interface StateExplanation {
  readonly verdict: Verdict;
  /** The first failure; `undefined` for a sound state. A sound one of format V1.0 fails in every VirtualBox since 3.1. */
  readonly failure: SsmError | undefined;
  /** Of the first failure; `undefined` for a sound state. */
  readonly explanation: StatusExplanation | undefined;
  readonly format: Format | undefined;
  readonly header: StateHeader | undefined;
  /** Who can load it; `undefined` for a damaged one. */
  readonly loadedBy: string | undefined;
  /** Units, every pass of one counted, that can be read: all of a sound state, those in front of the damage else. */
  readonly units: number;
  /** What else was noticed, in whole sentences. */
  readonly findings: readonly string[];
}

/** Who loads a sound state of each format. */
const loaders: Readonly<Record<Format, string>> = {
  '2.0': 'VirtualBox 3.1 and later',
  '1.2': 'VirtualBox 2.1 and later',
  '1.1': 'VirtualBox 1.5 and later',
  '1.0': 'VirtualBox up to 3.0; nothing is damaged, but newer ones refuse it',
};

/** Bytes of a unit that are decoded at a time. */
const PIECE = 65536;

/** The unit that live saves have since VirtualBox 4.0; older versions do not know it. */
const LIVE_CONTROL = 'SSMLiveControl';

/**
 * Goes through a saved state as `verifyState` does, and explains what comes of it.
 *
 * @param source a file: it is read several times.
 * @throws whatever the source throws that is no `SsmError`; damage is told, not thrown.
 */
export async function explainState(source: Source): Promise<StateExplanation> {
  const verdict = await verifyState(source);
  const survey = await surveyOf(source);
  const { format, header, units } = survey;
  // Of V1.0 there are two verdicts, and what is damaged the older one tells.
  const failure = verdict.before31?.failure ?? verdict.failure;
  const sound = failure === undefined || (verdict.before31 !== undefined && verdict.before31.failure === undefined);
  return {
    verdict,
    failure,
    explanation: failure && explainStatus(failure.status)[0],
    format,
    header,
    loadedBy: sound && format && header ? loadersOf(format, header, survey.liveControl) : undefined,
    units,
    findings: [
      ...aboutHeader(format, header),
      ...(failure === undefined || sound ? [] : await aboutDamage(failure, source, survey)),
    ],
  };
}

interface Survey {
  readonly format?: Format;
  readonly header?: StateHeader;
  readonly units: number;
  readonly liveControl: boolean;
  /** All units are sound, and only what comes behind or in front of them is not. */
  readonly unitsSound: boolean;
}

/** What can be seen of a state, however damaged it is. A loader would not go on behind a footer that is wrong. */
async function surveyOf(source: Source): Promise<Survey> {
  const asStream: Source = { read: (into, position) => source.read(into, position) };
  // Format V1.x, whose checksum is at the front, can be read in spite of it; V2.0 as far as it goes.
  const state =
    (await attempt(() => openState(source))) ??
    (await attempt(() => openState(source, { damaged: true }))) ??
    (await attempt(() => openState(asStream)));
  if (state === undefined) return { units: 0, liveControl: false, unitsSound: false };
  let units = 0;
  let liveControl = false;
  const unitsSound = await attempt(async () => {
    for await (const unit of state.units()) {
      await readThrough(unit);
      units++;
      liveControl ||= unit.name === LIVE_CONTROL;
    }
    return true;
  });
  return { format: state.format, header: state.header, units, liveControl, unitsSound: unitsSound === true };
}

/** Decodes all of a unit, as a device that loads does. Measuring it would not look into packed data. */
async function readThrough(unit: OpenUnit): Promise<void> {
  const { stream } = unit;
  for (;;) {
    await stream.ensure(PIECE);
    if (stream.buffered === 0) break;
    stream.skip(stream.buffered);
  }
  try {
    // A get tells what ends the data: damage, or else the end of the unit, which is then checked.
    stream.getU8();
  } catch (error) {
    if (!isSsmError(error) || error.status !== 'VERR_SSM_LOADED_TOO_MUCH') throw error;
  }
  await unit.measure();
}

/** What a step gives; `undefined` where it fails. */
async function attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return undefined;
  }
}

function loadersOf(format: Format, { compression }: StateHeader, liveControl: boolean): string {
  if (compression === 'lz4') return "only ssmkit, until it is converted ('ssm convert FILE NEW --compression lzf')";
  return liveControl ? 'VirtualBox 4.0 and later' : loaders[format];
}

function aboutHeader(format: Format | undefined, header: StateHeader | undefined): string[] {
  if (format === undefined || header === undefined) return [];
  const { product, revision } = header;
  const by =
    product === undefined
      ? 'an old VirtualBox, of which the file does not tell the version'
      : `VirtualBox ${product.major}.${product.minor}.${product.build} (revision ${revision})`;
  return [
    `It was saved by ${by}, in format V${format}${header.live ? ', while the machine was running' : ''}.`,
    ...(header.checksum ? [] : ['It carries no checksums: damage inside of its units may not be noticed.']),
    ...(product === undefined
      ? []
      : ['Its units have the layout of that version: an older VirtualBox may refuse them.']),
  ];
}

async function aboutDamage(
  failure: SsmError,
  source: Source,
  { header, units, unitsSound }: Survey,
): Promise<string[]> {
  const findings: string[] = [];
  const kind = header === undefined ? await looksLike(source) : undefined;
  if (kind !== undefined) findings.push(`The file looks like this: ${kind}.`);
  if (header !== undefined && (await endsWithZeros(source))) {
    findings.push('The file ends with zeros: its last part never came to the disk.');
  }
  if (unitsSound) findings.push(`Units that are sound by themselves: ${units}, which is all of them.`);
  else if (units > 0) findings.push(`Units in front of the damage, which can be read: ${units}.`);
  if (unitsSound && failure.status === 'VERR_SSM_INTEGRITY_UNIT_MAGIC') {
    findings.push('It has no END unit: it was written unit by unit, to be read so, and is no state of a machine.');
  }
  return findings;
}
