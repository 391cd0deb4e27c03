import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { contendersFor, own } from './contenders.js';
import { bebopSchema, flatbuffersSchema, protobufSchema } from './peers/schemas.js';
import { subjects } from './subjects.js';

describe('the contenders of the structure benchmark', () => {
  for (const subject of subjects) {
    it(`agree on the values of ${subject.create.name}`, () => {
      // Preparing compares what comes back from each; here the loops run as well.
      const { put, get, absent } = contendersFor(subject);
      for (const { run } of [...put, ...get]) run(2);
      const names = put.map(({ name }) => name);
      expect(names).to.include.members(Object.values(own));
      expect(names.length + Object.keys(absent).length).to.equal(12);
    });
  }

  for (const [file, text] of Object.entries({
    'bench.proto': protobufSchema(),
    'bench.bop': bebopSchema(),
    'bench.fbs': flatbuffersSchema(),
  })) {
    it(`write what ${file} describes`, () => {
      expect(readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8')).to.equal(text);
    });
  }
});
