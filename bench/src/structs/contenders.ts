import { type Contender, loop } from '../measure.js';
import { differences, type Properties, peers } from './peers/index.js';
import { bytesOfPut, getStream, putStream } from './streams.js';
import { filled, type Subject } from './subjects.js';

/** Everything that is measured for a structure, in both directions. */
export interface Contenders {
  readonly put: readonly Contender[];
  readonly get: readonly Contender[];
  /** Names of the peers that are there without being counted. */
  readonly uncounted: readonly string[];
  /** Peers that are not there, and why. */
  readonly absent: Readonly<Record<string, string>>;
}

/** Names of this project's own contenders. */
export const own = { byHand: 'by hand', generated: 'generated', markers: 'with markers' };

/** Prepares all contenders for a structure. @throws Error where one gives other values than it was given. */
export function contendersFor(subject: Subject): Contenders {
  const { put, get } = ownContenders(subject);
  const object = { ...filled(subject.create) } as Properties;
  const uncounted = peers.filter(({ undocumented }) => undocumented).map(({ name }) => name);
  const absent: Record<string, string> = {};
  for (const peer of peers) {
    const row = peer.row(subject, object);
    if (typeof row === 'string') {
      absent[peer.name] = row;
      continue;
    }
    expectSame(subject, peer.name, object, row.get(1) as Properties);
    put.push({ name: peer.name, run: row.put });
    get.push({ name: peer.name, run: row.get });
  }
  return { put, get, uncounted, absent };
}

/** Hand-written and generated functions on a stream, and the stream's own calls with the structure's markers. */
export function ownContenders(subject: Subject): { put: Contender[]; get: Contender[] } {
  const { byHand, generated, create } = subject;
  const object = filled(create);
  const bare = bytesOfPut((stream) => byHand.put(stream, object));
  const marked = bytesOfPut((stream) => stream.putStruct(object));
  const target = () => new create();
  const rows = {
    byHand: { put: byHand.put, get: byHand.get, bytes: bare, call: '(s, o), o' },
    generated: { put: generated.put, get: generated.get, bytes: bare, call: '(s, o, 0), o' },
  };
  const put: Contender[] = [];
  const get: Contender[] = [];
  for (const [name, row] of Object.entries(rows)) {
    const label = own[name as keyof typeof rows];
    put.push({ name: label, run: loop(`(put${row.call})`, { put: row.put, s: putStream(), o: object }) });
    get.push({ name: label, run: loop(`(get${row.call})`, { get: row.get, s: getStream(row.bytes), o: target() }) });
  }
  put.push({ name: own.markers, run: loop('s.putStruct(o)', { s: putStream(), o: object }) });
  get.push({ name: own.markers, run: loop('s.getStruct(o)', { s: getStream(marked), o: target() }) });
  for (const { name, run } of get) expectSame(subject, name, object as Properties, run(3) as Properties);
  return { put, get };
}

function expectSame(subject: Subject, name: string, object: Properties, back: Properties): void {
  const changed = differences(object, back);
  if (changed.length > 0) throw new Error(`${name} changes ${subject.create.name}.${changed.join(', ')}`);
}
