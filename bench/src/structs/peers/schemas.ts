import { descriptorFor, type Field } from '@ssmkit/schema';
import { subjects } from '../subjects.js';

/*
 * The peers' schemas
 *
 * They are printed from the classes that are measured, so that everybody writes the same fields in the same order; the
 * files in bench/schemas are these texts, and what is in `generated` was made from them by the peers' own compilers
 * (see bench/schemas/README.md).
 */

/** A property of a measured object, as the peers' schemas know it. */
interface Property {
  readonly name: string;
  readonly type: 'u8' | 'u16' | 'u32' | 'u64' | 'u32s' | 'bytes';
}

interface Message {
  readonly name: string;
  readonly properties: readonly Property[];
}

const messages: readonly Message[] = subjects.map(({ create }) => {
  const { name, fields } = descriptorFor(create);
  return { name, properties: fields.flatMap(propertiesOf) };
});

/** 64-bit values as pairs are two properties. */
function propertiesOf({ name, kind, hi, count }: Field): Property[] {
  if (kind === 'mem') return [{ name, type: 'bytes' }];
  if (count !== undefined) return [{ name, type: 'u32s' }];
  if (hi !== undefined)
    return [
      { name, type: 'u32' },
      { name: hi, type: 'u32' },
    ];
  return [{ name, type: kind as Property['type'] }];
}

const header = '// Printed from the classes by bench/src/structs/peers/schemas.ts.\n';

/** The schema of protobufjs and protobuf-es: fixed widths where values fill them, varints where they are small. */
export function protobufSchema(): string {
  const types = {
    u8: 'uint32',
    u16: 'uint32',
    u32: 'uint32',
    u64: 'fixed64',
    u32s: 'repeated fixed32',
    bytes: 'bytes',
  };
  return `${header}syntax = "proto3";\npackage bench;\n${messages
    .map(({ name, properties }) => {
      const lines = properties.map((property, i) => `  ${types[property.type]} ${property.name} = ${i + 1};`);
      return `\nmessage ${name} {\n${lines.join('\n')}\n}\n`;
    })
    .join('')}`;
}

/** bebop's schema. */
export function bebopSchema(): string {
  const types = { u8: 'byte', u16: 'uint16', u32: 'uint32', u64: 'uint64', u32s: 'uint32[]', bytes: 'byte[]' };
  return `${header}${messages
    .map(({ name, properties }) => {
      const lines = properties.map((property) => `  ${types[property.type]} ${property.name};`);
      return `\nstruct ${name} {\n${lines.join('\n')}\n}\n`;
    })
    .join('')}`;
}

/** FlatBuffers' schema: all scalars in a struct, which is its fastest form, and arrays as vectors of the table. */
export function flatbuffersSchema(): string {
  const types = { u8: 'uint8', u16: 'uint16', u32: 'uint32', u64: 'uint64', u32s: '[uint32]', bytes: '[ubyte]' };
  const print = (properties: readonly Property[]) =>
    properties.map((property) => `  ${property.name}:${types[property.type]};`).join('\n');
  return `${header}${messages
    .map(({ name, properties }) => {
      const isVector = ({ type }: Property) => type === 'u32s' || type === 'bytes';
      const scalars = properties.filter((property) => !isVector(property));
      const vectors = properties.filter(isVector);
      const table = [`  scalars:${name}Scalars;`, ...(vectors.length === 0 ? [] : [print(vectors)])].join('\n');
      return `\nstruct ${name}Scalars {\n${print(scalars)}\n}\n\ntable ${name} {\n${table}\n}\n`;
    })
    .join('')}`;
}
