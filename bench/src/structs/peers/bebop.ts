import { type BebopRecord, BebopView } from 'bebop';
import { loop } from '../../measure.js';
import type { Subject } from '../subjects.js';
import * as generated from './generated/bebop.js';
import { messageName, type Peer, type Properties, plain } from './peer.js';

interface Struct {
  encode(record: Properties): Uint8Array;
  encodeInto(record: Properties, view: BebopView): void;
  readFrom(view: BebopView): Properties & BebopRecord;
}

/** bebop, by its generated `encode` and `readFrom`; `decode` copies and freezes what `readFrom` returns. */
export const bebop: Peer = {
  name: 'bebop',
  row(subject, object) {
    const { struct, record } = prepare(subject, object);
    const bytes = struct.encode(record).slice();
    const view = BebopView.getInstance();
    return {
      put: loop('struct.encode(record)', { struct, record }),
      get: loop('(view.startReading(bytes), struct.readFrom(view))', { struct, bytes, view }),
    };
  },
};

/**
 * bebop with a trick: its view forgets a buffer that has grown past 256 bytes whenever it starts writing; setting its
 * length back instead keeps the buffer. Its documentation knows nothing of that.
 */
export const bebopKept: Peer = {
  name: 'bebop, buffer kept *',
  undocumented: true,
  row(subject, object) {
    const { struct, record } = prepare(subject, object);
    const bytes = struct.encode(record).slice();
    // There is one view for all; a second one reads, so that the first keeps its buffer.
    const writer = BebopView.getInstance();
    const reader = Object.assign(Object.create(BebopView.prototype), writer) as BebopView;
    return {
      put: loop('(writer.length = 0, struct.encodeInto(record, writer))', { struct, record, writer }),
      get: loop('(reader.startReading(bytes), struct.readFrom(reader))', { struct, bytes, reader }),
    };
  },
};

function prepare(subject: Subject, object: Properties): { struct: Struct; record: Properties } {
  return { struct: (generated as unknown as Record<string, Struct>)[messageName(subject)]!, record: plain(object) };
}
