/* Times the first pass over all classes in one of three ways, in a process that has put nothing before. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PutStream } from '@ssmkit/runtime';
import { descriptorFor } from '@ssmkit/schema';
import { putStream } from '../structs/streams.js';
import { filled } from '../structs/subjects.js';

type Device = new () => Record<string, unknown>;
type All = readonly (readonly [Device, (stream: PutStream, object: object, flags: number) => void])[];

const [folder, way] = process.argv.slice(2) as [string, string];
const { all } = (await import(pathToFileURL(join(folder, 'all.js')).href)) as { all: All };
const objects = all.map(([device]) => filled(device));
const tables = all.map(([device]) => descriptorFor(device).fields.map(({ kind, name }) => [kind, name] as const));
const stream = putStream();

/** The plainest walker there is: one loop over pairs, one call for each value. */
function walk(table: readonly (readonly [string, string])[], object: Record<string, unknown>): void {
  stream.putU32(0x19200102);
  for (let i = 0; i < table.length; i++) {
    const [kind, name] = table[i]!;
    const value = object[name];
    switch (kind) {
      case 'u8':
        stream.putU8(value as number);
        break;
      case 'bool':
        stream.putBool(value as boolean);
        break;
      case 'u16':
        stream.putU16(value as number);
        break;
      case 'u32':
      case 's32':
        stream.putU32(value as number);
        break;
      case 'u64':
        stream.putU64(value as bigint);
        break;
      default:
        throw new Error(kind);
    }
  }
  stream.putU32(0x19920406);
}

const ways: Readonly<Record<string, () => void>> = {
  'shared table walker': () => {
    for (let i = 0; i < objects.length; i++) walk(tables[i]!, objects[i]!);
  },
  putStruct: () => {
    for (let i = 0; i < objects.length; i++) stream.putStruct(objects[i]!);
  },
  'generated functions': () => {
    for (let i = 0; i < objects.length; i++) {
      stream.putU32(0x19200102);
      all[i]![1](stream, objects[i]!, 0);
      stream.putU32(0x19920406);
    }
  },
};

const pass = ways[way]!;
const start = process.hrtime.bigint();
pass();
const first = Number(process.hrtime.bigint() - start) / 1e6;
process.stdout.write(JSON.stringify({ first, bytes: stream.offset }));
