import { type Contender, loop } from '../measure.js';
import { differences, type Properties } from '../structs/peers/index.js';
import { bytesOfPut, getStream, putStream } from '../structs/streams.js';
import { filled } from '../structs/subjects.js';
import type { ViewSubject } from './subjects.js';

/** What is measured, each with objects and with views: the functions alone, and the calls with markers. */
export const actions = ['put', 'put, with markers', 'get', 'get, with markers', 'read', 'write'] as const;

export type Action = (typeof actions)[number];

/** An object's work and a view's. @throws Error where they differ in what they put or get. */
export function viewContenders(subject: ViewSubject): Record<Action, readonly [Contender, Contender]> {
  const { create, plain, view: views, scalar } = subject;
  const object = filled(create);
  const view = views.from(object);
  const bare = bytesOfPut((stream) => plain.put(stream, object, 0));
  const marked = bytesOfPut((stream) => stream.putStruct(object));
  expectEqual(
    bare,
    bytesOfPut((stream) => views.put(stream, view, 0)),
  );
  expectEqual(
    marked,
    bytesOfPut((stream) => stream.putStruct(view)),
  );
  const value = (object as Properties)[scalar];
  const put = '(put(s, o, 0), o)';
  const both = (make: (side: 'plain' | 'view') => (times: number) => unknown): readonly [Contender, Contender] => [
    { name: 'object', run: make('plain') },
    { name: 'view', run: make('view') },
  ];
  const functions = { plain, view: views };
  const of = { plain: object, view };
  const target = () => ({ plain: new create(), view: new views() });
  const rows: Record<Action, readonly [Contender, Contender]> = {
    put: both((side) => loop(put, { put: functions[side].put, s: putStream(), o: of[side] })),
    'put, with markers': both((side) => loop('(s.putStruct(o), o)', { s: putStream(), o: of[side] })),
    get: both((side) => loop(put, { put: functions[side].get, s: getStream(bare), o: target()[side] })),
    'get, with markers': both((side) => loop('s.getStruct(o)', { s: getStream(marked), o: target()[side] })),
    read: both((side) => loop(`o.${scalar}`, { o: of[side] })),
    write: both((side) => loop(`o.${scalar} = x`, { o: of[side], x: value })),
  };
  for (const action of ['get', 'get, with markers'] as const) {
    for (const { name, run } of rows[action]) {
      const changed = differences(object as Properties, run(3) as Properties);
      if (changed.length > 0) throw new Error(`${name}: ${action} changes ${create.name}.${changed.join(', ')}`);
    }
  }
  return rows;
}

function expectEqual(a: Uint8Array, b: Uint8Array): void {
  if (a.length !== b.length || a.some((byte, i) => byte !== b[i])) throw new Error('the view puts other bytes');
}
