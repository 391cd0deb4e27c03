import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { loop } from '../../measure.js';
import * as generated from './generated/protobuf-es.js';
import { messageName, type Peer, plain } from './peer.js';

/** protobuf-es (@bufbuild/protobuf) with a generated schema. */
export const protobufEs: Peer = {
  name: 'protobuf-es',
  row(subject, object) {
    const schema = (generated as unknown as Record<string, DescMessage>)[`${messageName(subject)}Schema`]!;
    const record = create(schema, plain(object));
    const bytes = toBinary(schema, record);
    return {
      put: loop('toBinary(schema, record)', { toBinary, schema, record }),
      get: loop('fromBinary(schema, bytes)', { fromBinary, schema, bytes }),
    };
  },
};
