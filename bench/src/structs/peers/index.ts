import { avsc } from './avsc.js';
import { bebop, bebopKept } from './bebop.js';
import { cborX } from './cbor-x.js';
import { flatbuffers } from './flatbuffers.js';
import { msgpackr } from './msgpackr.js';
import type { Peer } from './peer.js';
import { protobufEs } from './protobuf-es.js';
import { protobufjs } from './protobufjs.js';
import { v8 } from './v8.js';

export { differences, type Peer, type PeerRow, type Properties } from './peer.js';

/** The serializers that are compared. */
export const peers: readonly Peer[] = [
  bebop,
  bebopKept,
  msgpackr,
  cborX,
  avsc,
  protobufjs,
  protobufEs,
  flatbuffers,
  v8,
];
