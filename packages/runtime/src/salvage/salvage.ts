import { defaultHost } from '@ssmkit/schema';
import { crc32 } from '../codecs/crc32.js';
import { ByteReader } from '../containers/byte-reader.js';
import { type Limits, ReadGuard } from '../containers/guard.js';
import type { StateWriter, UnitHeader, UnitRecords } from '../containers/state.js';
import { nameBytes } from '../containers/unit-name.js';
import { V1Reader } from '../containers/v1/reader.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { V2Writer } from '../containers/v2/writer.js';
import { copyData } from '../convert/copy.js';
import { peekFormat } from '../engine/open-reader.js';
import { openWriter } from '../engine/open-writer.js';
import { isSsmError, SsmError } from '../error.js';
import type { Sink, Source } from '../io/sink-source.js';
import { readHeader } from './header.js';
import type { Survey } from './survey.js';
import { placeAt as placeAtV1, surveyV1 } from './survey-v1.js';
import { isStandalone, placeAt as placeAtV2, surveyV2 } from './survey-v2.js';

/** How a damaged state is gone through. */
export interface SalvageOptions {
  /** What to take on at most. */
  limits?: Partial<Limits> | undefined;
  /** Ends the work: VERR_SSM_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** What was saved of a damaged state. */
export interface SalvageResult extends Survey {
  /** Size of the new state in bytes. */
  readonly bytes: number;
}

/**
 * Finds every unit of a damaged or truncated file that is whole, wherever it is.
 *
 * @throws SsmError what is wrong with a file header that is too damaged to go by; VERR_NOT_SUPPORTED for a stream, and for
 * formats V1.1 and V1.0.
 */
export function surveyState(source: Source, options: SalvageOptions = {}): Promise<Survey> {
  return guarded(options, (guard) => survey(source, guard));
}

/**
 * Writes a new, valid state with every unit of a damaged or truncated one that is whole, in their order; nothing of the
 * others. Memory stays bounded.
 *
 * A machine that lacks units does not start as it was: what the new state is good for is for its user to say.
 *
 * @throws SsmError as {@link surveyState}; the sink has been closed as aborted then.
 */
export function salvageState(source: Source, sink: Sink, options: SalvageOptions = {}): Promise<SalvageResult> {
  return guarded(options, async (guard) => {
    let writer: StateWriter | undefined;
    let closed = false;
    try {
      const found = await survey(source, guard);
      writer = openWriter(sink, found.header as FileHeader, {
        format: found.format,
        compression: undefined,
        host: defaultHost,
        interrupt: guard.interrupt,
      });
      await copyUnits(source, found, writer, guard);
      closed = true;
      await writer.close(false);
      return { ...found, bytes: writer.position };
    } catch (error) {
      if (!closed) await (writer ?? sink).close(true, isSsmError(error) ? error : undefined);
      throw error;
    }
  });
}

async function guarded<T>({ limits, signal }: SalvageOptions, work: (guard: ReadGuard) => Promise<T>): Promise<T> {
  const guard = new ReadGuard(limits);
  const release = guard.interrupt.cancelOn(signal);
  guard.startClock();
  try {
    return await work(guard);
  } finally {
    guard.stopClock();
    release();
  }
}

async function survey(source: Source, guard: ReadGuard): Promise<Survey> {
  if (source.size === undefined) {
    throw new SsmError('VERR_NOT_SUPPORTED', 'behind damage only a file can be searched, not a stream');
  }
  guard.reached(source.size);
  const header = await readHeader(source, guard);
  if (header !== undefined) return surveyV2(source, header, guard);
  const input = new ByteReader(source, 0, guard);
  const format = await peekFormat(input);
  if (format === '2.0') throw new SsmError('VERR_SSM_INTEGRITY', 'the file has changed meanwhile');
  return surveyV1(source, await V1Reader.open(format, source, input, false), guard);
}

async function copyUnits(source: Source, found: Survey, writer: StateWriter, guard: ReadGuard): Promise<void> {
  for (const { unit } of found.whole) {
    const { name, instance, version, pass } = unit;
    const records = await recordsOf(source, found, unit, guard);
    await writer.settle();
    await copyData({ records }, writer.beginUnit({ name, instance, version, pass }));
    writer.endUnit();
  }
  const order = orderOf(found);
  if (writer instanceof V2Writer && isStandalone(found)) {
    writer.writeDirectory(order.flatMap(({ name, instance }) => writer.entryOf(name, instance) ?? []));
    writer.writeFooter();
  } else writer.finish(order);
}

async function recordsOf(
  source: Source,
  { format, header }: Survey,
  unit: UnitHeader,
  guard: ReadGuard,
): Promise<UnitRecords> {
  const place =
    format === '2.0'
      ? await placeAtV2(source, unit.offset, header as FileHeader, guard)
      : await placeAtV1(source, unit.offset, guard);
  if (place === undefined || place === 'END') {
    throw new SsmError('VERR_SSM_INTEGRITY_UNIT', 'the file has changed meanwhile', { offset: unit.offset });
  }
  return place.records;
}

/** The units of the directory: in its order where it is known, then the others as they first appear. */
function orderOf({ whole, directory = [] }: Survey): UnitHeader[] {
  const keyOf = ({ nameCrc, instance }: { nameCrc: number; instance: number }) => `${nameCrc}/${instance}`;
  const units = new Map<string, UnitHeader>();
  for (const { unit } of whole) {
    const key = keyOf({ nameCrc: crc32(nameBytes(unit.name)), instance: unit.instance });
    if (!units.has(key)) units.set(key, unit);
  }
  const keys = new Set([...directory.map(keyOf).filter((key) => units.has(key)), ...units.keys()]);
  return [...keys].map((key) => units.get(key) as UnitHeader);
}
