import avro from 'avsc';
import { loop } from '../../measure.js';
import { messageName, type Peer, plain } from './peer.js';

/** 64-bit values as bigint, by avsc's own way for other integers. */
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigUInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
} as never);

/** avsc with the schema compiled, encoding into one buffer and decoding from it. */
export const avsc: Peer = {
  name: 'avsc',
  row(subject, object) {
    const record = plain(object, (data) => Buffer.from(data));
    const isBigint = subject.wide === 'bigint';
    const schema = {
      type: 'record',
      name: messageName(subject),
      fields: Object.entries(record).map(([name, value]) => ({ name, type: typeOf(name, value, isBigint) })),
    };
    const type = avro.Type.forSchema(schema as never, isBigint ? { registry: { long } } : {});
    const buffer = Buffer.alloc(4096);
    const length = type.encode(record, buffer);
    const bytes = Buffer.from(buffer.subarray(0, length));
    return {
      put: loop('type.encode(record, buffer, 0)', { type, record, buffer }),
      get: loop('type.fromBuffer(bytes, undefined, true)', { type, bytes }),
    };
  },
};

/** Avro has no unsigned integers: 32 bits need a long, or an int where bigints take the long. */
function typeOf(name: string, value: unknown, isBigint: boolean): unknown {
  if (Buffer.isBuffer(value)) return { type: 'fixed', name: `${name}Bytes`, size: value.length };
  if (typeof value === 'bigint') return 'long';
  const number = isBigint ? 'int' : 'long';
  return Array.isArray(value) ? { type: 'array', items: number } : number;
}
