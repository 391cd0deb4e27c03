import { deserialize, serialize } from 'node:v8';
import { loop } from '../../measure.js';
import type { Peer } from './peer.js';

/** Node's own structured clone serializer. */
export const v8: Peer = {
  name: 'v8',
  row(_subject, object) {
    const record = { ...object };
    const bytes = serialize(record);
    return {
      put: loop('serialize(record)', { serialize, record }),
      get: loop('deserialize(bytes)', { deserialize, bytes }),
    };
  },
};
