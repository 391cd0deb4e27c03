import { Builder, ByteBuffer } from 'flatbuffers';
import { loop } from '../../measure.js';
import * as generated from './generated/flatbuffers/bench.js';
import { messageName, type Peer } from './peer.js';

/**
 * FlatBuffers: all scalars in one struct, arrays as vectors, one builder for all. Reading fills an existing object with
 * every value, as the others do; who needs few of them gets away with less.
 */
export const flatbuffers: Peer = {
  name: 'flatbuffers',
  row(subject, object) {
    const name = messageName(subject);
    const classes = generated as unknown as Record<string, new () => object>;
    const [Table, Scalars] = [classes[name]!, classes[`${name}Scalars`]!];
    const names = Object.keys(object);
    const isVector = (property: string) => typeof object[property] === 'object';
    const vectors = names.filter(isVector);
    const scalars = names.filter((property) => !isVector(property));

    const builder = new Builder(4096);
    const create = (property: string) =>
      object[property] instanceof Uint8Array
        ? `builder.createByteVector(o.${property})`
        : `Table.create${upper(property)}Vector(builder, o.${property})`;
    const put = loop(
      `(builder.clear(), ${vectors.map((property) => `at.${property} = ${create(property)},`).join(' ')}
      Table.start${name}(builder), ${vectors.map((property) => `Table.add${upper(property)}(builder, at.${property}),`).join(' ')}
      Table.addScalars(builder, Scalars.create${name}Scalars(builder, ${scalars.map((property) => `o.${property}`).join(', ')})),
      builder.finish(Table.end${name}(builder)))`,
      { builder, Table, Scalars, o: object, at: Object.fromEntries(vectors.map((property) => [property, 0])) },
    );
    put(1);
    const buffer = new ByteBuffer(builder.asUint8Array().slice());
    const get = loop(
      `(Table.getRootAs${name}(buffer, table), table.scalars(struct),
      ${vectors.map((property) => `target.${property}.set(table.${property}Array()),`).join(' ')}
      ${scalars.map((property) => `target.${property} = struct.${property}()`).join(', ')}, target)`,
      { Table, buffer, table: new Table(), struct: new Scalars(), target: new subject.create() },
    );
    return { put, get };
  },
};

function upper(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
