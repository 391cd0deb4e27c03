import { Packr, REUSE_BUFFER_MODE } from 'msgpackr';
import { loop } from '../../measure.js';
import { type Peer, type Properties, plain } from './peer.js';

/** msgpackr with shared structures, encoding into its own buffer again and again. */
export const msgpackr: Peer = {
  name: 'msgpackr',
  row(_subject, object) {
    const packr = new Packr({ structures: [], int64AsType: 'bigint' });
    const record: Properties = plain(object, (data) => Buffer.from(data));
    // The first one tells the structure, later ones refer to it.
    packr.pack(record);
    const bytes = Buffer.from(packr.pack(record));
    return {
      put: loop('packr.pack(record, mode)', { packr, record, mode: REUSE_BUFFER_MODE }),
      get: loop('packr.unpack(bytes)', { packr, bytes }),
    };
  },
};
