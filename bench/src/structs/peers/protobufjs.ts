import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { loop } from '../../measure.js';
import { messageName, type Peer, plain } from './peer.js';

/** protobufjs by reflection, which compiles an encoder and a decoder for each type. */
export const protobufjs: Peer = {
  name: 'protobufjs',
  row(subject, object) {
    if (subject.wide === 'bigint') return 'reads 64-bit values as Long objects, not as bigint';
    const schema = readFileSync(new URL('../../../schemas/bench.proto', import.meta.url), 'utf8');
    const type = protobuf.parse(schema, { keepCase: true }).root.lookupType(`bench.${messageName(subject)}`);
    const record = type.create(plain(object, (data) => Buffer.from(data)));
    type.setup();
    const bytes = type.encode(record).finish();
    return {
      put: loop('type.encode(record).finish()', { type, record }),
      get: loop('type.decode(bytes)', { type, bytes }),
    };
  },
};
