import * as cbor from 'cbor-x';
import { loop } from '../../measure.js';
import type { Peer, Properties } from './peer.js';

// Exported, but its types do not know it.
const { REUSE_BUFFER_MODE } = cbor as unknown as { REUSE_BUFFER_MODE: number };

/** cbor-x with shared structures, encoding into its own buffer again and again. */
export const cborX: Peer = {
  name: 'cbor-x',
  row(_subject, object) {
    const encoder = new cbor.Encoder({ structures: [], tagUint8Array: false });
    const record: Properties = { ...object };
    encoder.encode(record);
    const bytes = Buffer.from(encoder.encode(record));
    return {
      put: loop('encoder.encode(record, mode)', { encoder, record, mode: REUSE_BUFFER_MODE }),
      get: loop('encoder.decode(bytes)', { encoder, bytes }),
    };
  },
};
