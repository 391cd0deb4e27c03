import { type Descriptor, descriptorFor, holdsOf, type StateClass, StructFlags, slotOf } from '@ssmkit/schema';
import type { GetRun, GetTableRun, PutRun, PutTableRun, RoundTripEngine, TableCallbacks } from '@ssmkit/schema/testing';
import { getFields } from './get-object.js';
import { GetStream } from './get-stream.js';
import { putFields } from './put-object.js';
import type { RecordSink } from './put-primitives.js';
import { PutStream } from './put-stream.js';
import type { TableOptions } from './put-table.js';
import type { RecordSource } from './record-source.js';
import { type GetFunction, type PutFunction, pick, STRUCT_BEGIN, STRUCT_END, structClassOf } from './struct-class.js';
import { assign, type StructView } from './struct-view.js';
import type { ViewConstructor } from './view-class.js';

/*
 * The streams for `checkRoundTrip`
 *
 * `@ssmkit/schema/testing` checks classes without knowing streams. It finds this engine under a symbol of the global
 * object; nothing else of it is used, so that a program without tests pays one assignment.
 */

const NO_MARKERS: number = StructFlags.NO_MARKERS;

/** Records in memory, with the sizes of the container format V2.0. */
class Records implements RecordSink, RecordSource {
  readonly capacity = 4096;
  readonly itemMax = 512;
  bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
  }

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.putBig(bytes.subarray(start, end));
  }

  putBig(data: Uint8Array): void {
    const joined = new Uint8Array(this.bytes.length + data.length);
    joined.set(this.bytes);
    joined.set(data, this.bytes.length);
    this.bytes = joined;
  }

  drain(): undefined {}

  fill(into: Uint8Array, at: number): number {
    const count = Math.min(this.bytes.length - this.#at, into.length - at);
    if (count === 0) return -1;
    into.set(this.bytes.subarray(this.#at, this.#at + count), at);
    this.#at += count;
    return count;
  }

  async more(): Promise<void> {}

  get left(): number {
    return this.bytes.length - this.#at;
  }
}

/** What a run puts or gets: markers, and between them the fields. */
function withMarkers(run: PutRun, marker: (value: number) => void, fields: () => void): void {
  const { api, flags } = run;
  const has = (other: number) => api === 'simple' || (api === 'extended' && (flags & (NO_MARKERS | other)) === 0);
  if (has(StructFlags.NO_LEAD_MARKER)) marker(STRUCT_BEGIN);
  fields();
  if (has(StructFlags.NO_TAIL_MARKER)) marker(STRUCT_END);
}

/** The generated function that a stream of this kind uses. */
function generatedOf(run: PutRun, canonical: boolean, direction: 'put' | 'get'): PutFunction | GetFunction {
  const { generated } = structClassOf(run.target);
  return pick(generated, canonical, run.flags, direction) ?? generated![direction];
}

/** A new view of an object's class. */
function newView({ target }: PutRun): StructView {
  return new (slotOf(target).view as ViewConstructor)();
}

function putView(stream: PutStream, object: object, run: PutRun): void {
  const view = newView(run);
  view[assign](object);
  structClassOf(view).putAny(stream, view, run.flags);
}

function getView(stream: GetStream, object: object, run: PutRun): void {
  const view = newView(run);
  const before = view.toPlain();
  structClassOf(view).getAny(stream, view, run.flags);
  takeOver(descriptorFor(run.target), object as Properties, before as Properties, view.toPlain() as Properties);
}

type Properties = Record<string, unknown>;

/** Gives an object what was loaded; a property that holds a mark instead of a value keeps it, if it was not loaded. */
function takeOver(descriptor: Descriptor, object: Properties, before: Properties, after: Properties): void {
  for (const field of descriptor.fields) {
    const { what } = holdsOf(field);
    if (what === 'nothing') continue;
    const { name, hi } = field;
    if (what === 'object' && field.flatten) {
      takeOver(
        field.class!.descriptor(),
        object[name] as Properties,
        before[name] as Properties,
        after[name] as Properties,
      );
      continue;
    }
    if (typeof object[name] === 'symbol' && isEqual(before[name], after[name])) continue;
    object[name] = after[name];
    if (hi !== undefined) object[hi] = after[hi];
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  return keys.every((key) => isEqual((a as Properties)[key], (b as Properties)[key]));
}

function tableOptions({ flags, simple, callbacks }: PutTableRun): TableOptions {
  return { flags, simple, callbacks: callbacks satisfies TableCallbacks };
}

const engine: RoundTripEngine = {
  hasGenerated: (target: StateClass) => structClassOf(target).generated !== undefined,
  hasView: (target: StateClass) => slotOf(target).view !== undefined,

  put(object: object, run: PutRun): Uint8Array {
    const records = new Records();
    const stream = new PutStream(records, { host: run.host, version: run.version });
    withMarkers(
      run,
      (value) => stream.putU32(value),
      () => {
        if (run.way === 'reflective') putFields(stream, object, descriptorFor(run.target), run.flags);
        else if (run.way === 'view') putView(stream, object, run);
        else (generatedOf(run, stream.canonical, 'put') as PutFunction<object>)(stream, object, run.flags);
      },
    );
    stream.flush();
    return records.bytes;
  },

  get(bytes: Uint8Array, object: object, run: GetRun): number {
    const records = new Records(bytes);
    const stream = new GetStream(records, run);
    withMarkers(
      run,
      (value) => {
        const found = stream.getU32();
        if (found !== value) throw stream.refuse('VERR_SSM_STRUCTURE_MAGIC', `0x${found.toString(16)} for a marker`);
      },
      () => {
        if (run.way === 'reflective') getFields(stream, object, descriptorFor(run.target), run.flags);
        else if (run.way === 'view') getView(stream, object, run);
        else (generatedOf(run, stream.canonical, 'get') as GetFunction<object>)(stream, object, run.flags);
      },
    );
    return records.left + stream.buffered;
  },

  putTable(memory: Uint8Array, run: PutTableRun): Uint8Array {
    const records = new Records();
    const stream = new PutStream(records, { host: run.host });
    stream.putTable(memory, run.table, tableOptions(run));
    stream.flush();
    return records.bytes;
  },

  getTable(bytes: Uint8Array, memory: Uint8Array, run: GetTableRun): number {
    const records = new Records(bytes);
    const stream = new GetStream(records, run);
    stream.getTable(memory, run.table, tableOptions(run));
    return records.left + stream.buffered;
  },
};

(globalThis as Record<symbol, unknown>)[Symbol.for('ssmkit.engine')] = engine;
