import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodegenError, scan } from '@ssmkit/codegen';
import { expect } from 'chai';

/** Wrong use, the line it stands in (from 1, after the import), and what is said of it. */
const mistakes: readonly [what: string, source: string, line: number, problem: RegExp][] = [
  [
    'a property without a kind',
    `@SsmStruct() export class Pit {\n  @U8() a = 0;\n  b = 0;\n}`,
    3,
    /Pit\.b: has no kind/,
  ],
  [
    'two kinds on a property',
    `@SsmStruct() export class Pit {\n  @U8() @U16() a = 0;\n}`,
    2,
    /Pit\.a: two kinds, @U\d+ and @U\d+/,
  ],
  ['a class without fields', `@SsmStruct()\nexport class Pit {}`, 1, /Pit: no property has a kind/],
  [
    'two class decorators',
    `@SsmStruct() @SsmStream() export class Pit { @U8() a = 0; }`,
    1,
    /Pit: has two class decorators/,
  ],
  ['a class that is not exported', `@SsmStruct() class Pit { @U8() a = 0; }`, 1, /Pit: must be exported/],
  [
    'a padding without sizes',
    `@SsmStruct() export class Pit {\n  @U8() a = 0;\n  @PadHC() declare b: never;\n}`,
    3,
    /Pit\.b: @PadHC: wants \(cb32, cb64, options\?\)/,
  ],
  [
    'a padding of size 0',
    `@SsmStruct() export class Pit {\n  @PadHC64(0) declare b: never;\n}`,
    2,
    /Pit\.b: the size cb must be/,
  ],
  [
    'a count that does not exist',
    `@SsmStream() export class Pit {\n  @U8({ count: 'n', max: 3 }) a = new Uint8Array(0);\n}`,
    2,
    /Pit\.a: the count 'n' is no earlier field/,
  ],
  [
    'a count that comes later',
    `@SsmStream() export class Pit {\n  @U8({ count: 'n', max: 3 }) a = new Uint8Array(0);\n  @U8() n = 0;\n}`,
    2,
    /Pit\.a: the count 'n' is no earlier field/,
  ],
  [
    'a count without a maximum',
    `@SsmStream() export class Pit {\n  @U8() n = 0;\n  @U8({ count: 'n' }) a = new Uint8Array(0);\n}`,
    3,
    /Pit\.a: 'max'.* is mandatory/,
  ],
  [
    'a condition that does not exist',
    `@SsmStream() export class Pit {\n  @U8({ when: 'on' }) a = 0;\n}`,
    2,
    /Pit\.a: the condition 'on'/,
  ],
  [
    'an unknown option',
    `@SsmStruct() export class Pit {\n  @U8({ sinse: 3 }) a = 0;\n}`,
    2,
    /Pit\.a: @U8: no option 'sinse'/,
  ],
  [
    'a value that only running the code could tell',
    `@SsmStruct() export class Pit {\n  @U8({ count: Math.random() }) a = 0;\n}`,
    2,
    /Pit\.a: 'Math\.random\(\)' cannot be evaluated/,
  ],
  [
    'a decorator that is not called',
    `@SsmStruct() export class Pit {\n  @U8 a = 0;\n}`,
    2,
    /Pit\.a: @U8 must be called/,
  ],
  [
    'a nested class without decorators',
    `class Inner {}\n@SsmStruct() export class Pit {\n  @Struct(Inner) a = new Inner();\n}`,
    3,
    /Pit\.a: @Struct: wants a decorated class/,
  ],
  [
    'a high half that does not exist',
    `@SsmStruct() export class Pit {\n  @U64({ hi: 'aHi' }) a = 0;\n}`,
    2,
    /Pit\.a: there is no property 'aHi'/,
  ],
  [
    'a stream kind in a structure',
    `@SsmStruct() export class Pit {\n  @StrZ() a = '';\n}`,
    2,
    /Pit\.a: @StrZ is for @SsmStream/,
  ],
  [
    'a structure kind in a stream',
    `@SsmStream() export class Pit {\n  @HCPtrNI() a = false;\n}`,
    2,
    /Pit\.a: @HCPtrNI is for @SsmStruct/,
  ],
  [
    'a view whose parts have none',
    `@SsmStruct() export class Part { @U8() a = 0; }\n@SsmStruct({ view: true }) export class Pit {\n  @Struct(Part) a = new Part();\n}`,
    3,
    /Pit\.a: no view: Part must be a @SsmStruct\({ view: true }\), too/,
  ],
  [
    'a view with a part from another package',
    `import { Part } from '@acme/parts';\n@SsmStruct({ view: true }) export class Pit {\n  @Struct(Part) a = new Part();\n}`,
    3,
    /Pit\.a: no view: Part comes from another package/,
  ],
  [
    'a view with a part that derives from a class of another package',
    `import { Base } from '@acme/parts';\n@SsmStruct() export class Part extends Base { @U8() a = 0; }\n@SsmStruct({ view: true }) export class Pit {\n  @Struct(Part) a = new Part();\n}`,
    4,
    /Pit\.a: no view: Part comes from another package or derives from a class that does/,
  ],
  [
    'paddings around a part that derives from a class of another package',
    `import { Base } from '@acme/parts';\n@SsmStruct() export class Part extends Base { @U8() a = 0; }\n@SsmStruct({ autoPad: true })\nexport class Pit {\n  @Struct(Part) a = new Part();\n}`,
    3,
    /Pit: autoPad needs the layout of every member, which a class .* that derives from it, only has at run time/,
  ],
  [
    'another value for what a base class of another package may have',
    `import { Base } from '@acme/parts';\n@SsmStruct() export class Pit extends Base {\n  @U8() a = 0;\n  mode = 3;\n}`,
    4,
    /Pit\.mode: has no kind .*, or set it in the constructor where it is one of the base class/,
  ],
  [
    'a view of a class that derives from one of another package',
    `import { Part } from '@acme/parts';\n@SsmStruct({ view: true })\nexport class Pit extends Part {\n  @U8() a = 0;\n}`,
    2,
    /Pit: a view needs the layout of every member/,
  ],
  [
    'a view of a class that derives from one without',
    `@SsmStruct() export class Part { @U8() a = 0; }\nclass Between extends Part {}\n@SsmStruct({ view: true })\nexport class Pit extends Between {\n  @U8() b = 0;\n}`,
    3,
    /Pit: a view needs one of the class above it: Part must be a @SsmStruct\({ view: true }\), too/,
  ],
  [
    'a view of a class with private members',
    `@SsmStruct({ view: true }) export class Pit {\n  @U8() a = 0;\n  #b = 0;\n}`,
    3,
    /Pit\.#b: a view has no private members of its class/,
  ],
  [
    'a view with a member that has the name of its memory',
    `@SsmStruct({ view: true }) export class Pit {\n  @U8() bytes = 0;\n}`,
    2,
    /Pit\.bytes: a view has a 'bytes' of its own/,
  ],
];

const imports = `import { HCPtrNI, PadHC, PadHC64, SsmStream, SsmStruct, StrZ, Struct, U16, U64, U8 } from '@ssmkit/schema';`;

describe('wrong use of decorators, found in the source', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmgen-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, source, line, problem] of mistakes) {
    it(`${what} is an error with file, line, class and field`, () => {
      const path = join(folder, 'pit.ts');
      writeFileSync(path, `${source}\n${imports}\n`);
      let found: unknown;
      try {
        scan([path]);
      } catch (error) {
        found = error;
      }
      expect(found).to.be.instanceOf(CodegenError);
      const { file, line: at, message } = found as CodegenError;
      expect(file).to.equal(path);
      expect(at).to.equal(line);
      expect(message).to.match(problem);
    });
  }
});
