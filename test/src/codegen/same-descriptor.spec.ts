import { fileURLToPath } from 'node:url';
import { scan } from '@ssmkit/codegen';
import { structClassOf } from '@ssmkit/runtime';
import { type Descriptor, descriptorFor, type Field, kinds, signatures } from '@ssmkit/schema';
import { expect } from 'chai';
import { testClasses } from '../support/classes.js';

/** The source file of test classes. */
const sourceOf = (file: string) => fileURLToPath(new URL(`../../src/classes/${file}.ts`, import.meta.url));

/** A descriptor as plain data: references to classes become their names. */
function plain(descriptor: Descriptor): unknown {
  const fields = descriptor.fields.map((field: Field) =>
    field.class === undefined ? field : { ...field, class: field.class.name },
  );
  return { ...descriptor, fields };
}

describe('one descriptor, from the source and from the decorators at run time', () => {
  for (const file of new Set(testClasses.map((entry) => entry.file))) {
    describe(`${file}.ts`, () => {
      const [scanned] = scan([sourceOf(file)]);
      for (const { target } of testClasses.filter((entry) => entry.file === file)) {
        it(`${target.name}: what the scanner reads is what reflect-metadata knows`, () => {
          const fromSource = scanned!.classes.find(({ descriptor }) => descriptor.name === target.name)!.descriptor;
          expect(plain(fromSource)).to.deep.equal(plain(descriptorFor(target)));
        });

        it(`${target.name}: the descriptor in the generated file is the same`, () => {
          expect(plain(structClassOf(target).generated!.descriptor)).to.deep.equal(plain(descriptorFor(target)));
        });
      }
    });
  }

  const fields = testClasses.flatMap(({ target }) => descriptorFor(target).fields);

  it('covers every kind', () => {
    expect([...new Set(fields.map(({ kind }) => kind))].sort()).to.deep.equal(Object.keys(kinds).sort());
  });

  it('covers every option', () => {
    const options = new Set([...signatures.values()].flatMap((signature) => signature.options));
    // These become other names in a field.
    const renamed: Record<string, string> = { max: 'limit', min: 'domain', values: 'domain', each: 'domain' };
    const used = new Set(fields.flatMap((field) => Object.keys(field)));
    expect([...options].filter((option) => !used.has(renamed[option] ?? option))).to.deep.equal([]);
  });
});
