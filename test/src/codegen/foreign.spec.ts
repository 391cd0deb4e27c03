import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CodegenError, run, scan } from '@ssmkit/codegen';
import { expect } from 'chai';

/** An installed package: what it declares. There are no sources. */
const installed: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: '@acme/parts',
    type: 'module',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  }),
  // Says only what kind of module lies there.
  'dist/package.json': JSON.stringify({ type: 'module' }),
  'dist/index.js': '',
  'dist/index.d.ts': `
    export * from './limits.js';
    import { Inner as Kept } from './limits.js';
    declare const hidden: 9;
    declare class Timer { state: number; }
    export { Timer, hidden as SHOWN, Kept as Held };
    export default Timer;
    export { FAR } from '@acme/far';
  `,
  'dist/limits.d.ts': `
    export declare const DEPTH = 3;
    export declare const TYPED: 4;
    export declare const MINUS: -5;
    export declare const WIDE: 4294967297n;
    export declare const NAME = "count";
    export declare const limits: { readonly queue: 16; readonly deep: { readonly all: readonly [1, 2] } };
    export declare enum Mode { Off = 0, OneShot = 2 }
    export declare const enum Speed { Slow = 7 }
    export declare const DEFAULT_MODE = Mode.OneShot;
    export declare const modes: { readonly first: Mode.OneShot; readonly depth: typeof DEPTH; };
    export declare const SAME: typeof limits.queue;
    export declare const ALL: typeof limits.deep.all;
    export declare const anyMode: Mode;
    export declare enum Inner { Only = 1 }
    export declare const computed: number;
    export declare const either: 1 | 2;
    export declare let changing: 5;
    export declare enum Late { When }
    export declare function make(): number;
  `,
};
const far = {
  'package.json': JSON.stringify({ name: '@acme/far', type: 'module', types: './far.d.ts', main: './far.js' }),
  'far.js': '',
  'far.d.ts': 'export declare const FAR: 11;',
};

describe('what a source has from packages', () => {
  let folder: string;
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmgen-'));
    write('package.json', JSON.stringify({ name: 'own', type: 'module' }));
    for (const [name, text] of Object.entries(installed)) write(`node_modules/@acme/parts/${name}`, text);
    for (const [name, text] of Object.entries(far)) write(`node_modules/@acme/far/${name}`, text);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const decorators = `import { Nested, SsmStream, SsmStruct, Struct, S64, U8 } from '@ssmkit/schema';`;
  /** A stream class with one property of this text. */
  const stream = (imports: string, property: string) =>
    `${decorators}\n${imports}\n@SsmStream() export class Own {\n  @U8() count = 0;\n  ${property}\n}\n`;
  const fieldOf = (source: string) =>
    scan([write('own.ts', source)])[0]!
      .classes.at(-1)!
      .descriptor.fields.at(-1)!;
  const failure = (source: string): CodegenError => {
    try {
      scan([write('own.ts', source)]);
    } catch (error) {
      return error as CodegenError;
    }
    return expect.fail('it must fail');
  };
  /** The generated file, without its head. */
  const generated = async (name = 'own'): Promise<string> => {
    await run({ roots: [folder] });
    return readFileSync(join(folder, `${name}.ssm.ts`), 'utf8');
  };

  describe('constants, by the declarations', () => {
    const values: readonly [expression: string, value: unknown][] = [
      ['DEPTH', 3],
      ['TYPED', 4],
      ['MINUS', -5],
      ['WIDE', 4294967297n],
      ['limits.queue', 16],
      ['limits.deep.all[1]', 2],
      ['limits["queue"]', 16],
      ['Mode.OneShot', 2],
      ['Speed.Slow', 7],
      ['DEFAULT_MODE', 2],
      ['modes.first', 2],
      ['modes.depth', 3],
      ['SAME', 16],
      ['ALL[1]', 2],
      ['SHOWN', 9],
      ['Inner.Only', 1],
      ['Held.Only', 1],
      ['FAR', 11],
      ['DEPTH * 2 + 1', 7],
    ];
    for (const [expression, value] of values) {
      it(`${expression} is ${value}`, () => {
        const name = /^\w+/.exec(expression)![0];
        const imports = `import { ${name} } from '@acme/parts';`;
        // A domain takes any whole number, of either type.
        const field = fieldOf(stream(imports, `@S64({ values: [${expression}] }) a = 0n;`));
        expect(field.domain!.values).to.deep.equal([value]);
      });
    }

    it('an enum as the values of a number', () => {
      const field = fieldOf(stream(`import { Mode } from '@acme/parts';`, '@U8({ values: Mode }) a = 0;'));
      expect(field.domain!.values).to.deep.equal([0, 2]);
    });

    it('under another name, and through a namespace', () => {
      const renamed = `import { DEPTH as LEVELS } from '@acme/parts';`;
      expect(fieldOf(stream(renamed, '@U8({ max: LEVELS }) a = 0;')).domain).to.deep.equal({ max: 3 });
      const all = `import * as acme from '@acme/parts';`;
      expect(fieldOf(stream(all, '@U8({ max: acme.limits.queue }) a = 0;')).domain).to.deep.equal({ max: 16 });
    });

    it('through a file of the project', () => {
      write('constants.ts', `export { DEPTH } from '@acme/parts';\nexport * as nothing from './none.js';\n`);
      write('more.ts', `export * from './constants.js';\nexport * from '@acme/far';\n`);
      const imports = `import { DEPTH, FAR } from './more.js';`;
      expect(fieldOf(stream(imports, '@U8({ max: DEPTH * FAR }) a = 0;')).domain).to.deep.equal({ max: 33 });
    });
  });

  const troubles: readonly [what: string, imports: string, property: string, problem: RegExp][] = [
    [
      'a constant whose declaration has a type only',
      `import { computed } from '@acme/parts';`,
      '@U8({ max: computed }) a = 0;',
      /Own\.a: 'computed' cannot be .*'@acme\/parts' say 'number', not its value; .*'as const' there, or a const of/,
    ],
    [
      'a constant with several possible values',
      `import { either } from '@acme/parts';`,
      '@U8({ max: either }) a = 0;',
      /Own\.a: 'either' .* say '1 \| 2', not its value/,
    ],
    [
      'a constant with any value of an enum',
      `import { anyMode } from '@acme/parts';`,
      '@U8({ values: anyMode }) a = 0;',
      /Own\.a: 'anyMode' .* say 'Mode', not its value/,
    ],
    [
      'a variable',
      `import { changing } from '@acme/parts';`,
      '@U8({ max: changing }) a = 0;',
      /Own\.a: 'changing' .* say '5', not its value/,
    ],
    [
      'an enum that is computed',
      `import { Late } from '@acme/parts';`,
      '@U8({ max: Late.When }) a = 0;',
      /Own\.a: 'Late' .*'@acme\/parts' do not tell its value/,
    ],
    [
      'a member that is not there',
      `import { limits } from '@acme/parts';`,
      '@U8({ max: limits.queues }) a = 0;',
      /Own\.a: 'limits\.queues' .* there is no 'queues' in it/,
    ],
    [
      'a name that the package does not export',
      `import { NONE } from '@acme/parts';`,
      '@U8({ max: NONE }) a = 0;',
      /Own\.a: 'NONE' .*\(\.d\.ts\) of '@acme\/parts' are not there, or have no 'NONE'/,
    ],
    [
      'a function of a package',
      `import { make } from '@acme/parts';`,
      '@U8({ max: make() }) a = 0;',
      /Own\.a: 'make\(\)' cannot be evaluated without running the code: use a literal, a const or an enum/,
    ],
    [
      'a package that is not installed',
      `import { DEPTH } from '@acme/none';`,
      '@U8({ max: DEPTH }) a = 0;',
      /Own\.a: 'DEPTH' .*\(\.d\.ts\) of '@acme\/none' are not there/,
    ],
    [
      'a static member of a class',
      `import { Timer } from '@acme/parts';`,
      '@U8({ max: Timer.MAX }) a = 0;',
      /Own\.a: 'Timer\.MAX' .* static members of classes are not read/,
    ],
    [
      'a module that is not there',
      `import { Timer } from './none.js';`,
      '@Nested(Timer) a: unknown;',
      /no module '\.\/none\.js'/,
    ],
    [
      'a name that a file of the project does not export',
      `import { LIMIT } from './limits.js';`,
      '@U8({ max: LIMIT }) a = 0;',
      /Own\.a: 'LIMIT' .* '\.\/limits\.js' exports no const, enum or class 'LIMIT'/,
    ],
    [
      'a name that files which export each other do not have',
      `import { LIMIT } from './around.js';`,
      '@U8({ max: LIMIT }) a = 0;',
      /'\.\/around\.js' exports no const, enum or class 'LIMIT'/,
    ],
    ['a name from nowhere', '', '@U8({ max: LIMIT }) a = 0;', /Own\.a: 'LIMIT' .* neither imported nor a const/],
    ['a variable of the file', 'let limit = 3;', '@U8({ max: limit }) a = 0;', /Own\.a: 'limit' .* make it a const/],
    [
      'a count that does not exist, of a foreign class',
      `import { Timer } from '@acme/parts';`,
      `@Nested(Timer, { count: 'n', max: 3 }) a: Timer[] = [];`,
      /Own\.a: the count 'n' is no earlier field/,
    ],
    [
      'an end that names no fields, of a foreign class',
      `import { Timer } from '@acme/parts';`,
      '@Nested(Timer, { end: 0, max: 3 }) a: Timer[] = [];',
      /Own\.a: the 'end' of objects names their leading fields/,
    ],
  ];
  for (const [what, imports, property, problem] of troubles) {
    it(`${what} is an error at its place`, () => {
      write('limits.ts', 'export const other = 3;\n');
      write('around.ts', `export * from './again.js';\n`);
      write('again.ts', `export * from './around.js';\n`);
      const { name, file, line, message } = failure(stream(imports, property));
      expect([name, file, line]).to.deep.equal(['CodegenError', join(folder, 'own.ts'), 5]);
      expect(message).to.match(problem);
    });
  }

  it('paddings cannot be added around a structure whose layout is not seen', () => {
    const source = `${decorators}\nimport { Timer } from '@acme/parts';\n@SsmStruct({ autoPad: true }) export class Own {\n  @Struct(Timer) a = new Timer();\n}\n`;
    expect(failure(source).message).to.match(/own\.ts:3:1: Own: autoPad needs the layout .* \(@PadHCAuto\) instead/);
  });

  describe('classes', () => {
    const imports: readonly [what: string, source: string, nested: string, lines: readonly string[]][] = [
      [
        'by name, although the package is not there',
        `import { Thing } from '@acme/none';`,
        'Thing',
        [`import { Thing } from '@acme/none';`, 'const thingPart = ssm.structClassOf(Thing);'],
      ],
      [
        'under another name',
        `import { Timer as Clock } from '@acme/parts';`,
        'Clock',
        [`import { Timer } from '@acme/parts';`, 'const timerPart = ssm.structClassOf(Timer);'],
      ],
      [
        'by a function',
        `import { Timer } from '@acme/parts';`,
        '() => Timer',
        [`import { Timer } from '@acme/parts';`, 'class: ssm.classRef(() => Timer)'],
      ],
      [
        'through a namespace',
        `import * as acme from '@acme/parts';`,
        'acme.Timer',
        [`import { Timer } from '@acme/parts';`],
      ],
      [
        'the one that a package exports without a name',
        `import Clock from '@acme/parts';`,
        'Clock',
        [`import { default as Clock } from '@acme/parts';`],
      ],
      [
        'with the name of a class of the file',
        `import { Timer as Far } from '@acme/parts';\n@SsmStream() export class Timer { @U8() a = 0; }`,
        'Far',
        [
          `import { Timer as Timer2 } from '@acme/parts';`,
          'const timer2Part = ssm.structClassOf(Timer2);',
          'class: ssm.classRef(() => Timer2)',
          'o.part ??= new Timer2();',
        ],
      ],
      [
        'with the name of a helper',
        `import { ssm } from '@acme/parts';`,
        'ssm',
        [`import { ssm as ssm2 } from '@acme/parts';`, 'ssm.structClassOf(ssm2)'],
      ],
      [
        'of a file without a source',
        `import { Timer } from './lib/timer.js';`,
        'Timer',
        [`import { Timer } from './lib/timer.js';`],
      ],
      [
        'through a file of the project',
        `import { Timer } from './lib/index.js';`,
        'Timer',
        [`import { Timer } from './lib/index.js';`],
      ],
    ];
    for (const [what, source, nested, lines] of imports) {
      it(`${what}: the generated file has them from the same module`, async () => {
        write('lib/timer.js', '');
        write('lib/index.ts', `export { Timer } from '@acme/parts';\n`);
        write('own.ts', stream(source, `@Nested(${nested}) part: any;`));
        const text = await generated();
        for (const line of lines) expect(text).to.include(line);
        expect(text).to.include('part: ssm.Json;');
        expect(text).to.include('late: true,');
        expect(text).not.to.match(/import '.*';/);
      });
    }

    it('of a base class in another folder are found from there', async () => {
      write('lib/timer.js', '');
      write(
        'lib/base.ts',
        `${decorators}\nimport { Timer } from './timer.js';\n@SsmStream() export class Base { @Nested(Timer) a: any; }`,
      );
      write(
        'own.ts',
        `${decorators}\nimport { Base } from './lib/base.js';\n@SsmStream() export class Own extends Base { @U8() b = 0; }`,
      );
      expect(await generated()).to.include(`import { Timer } from './lib/timer.js';`);
    });

    it('of the project, through a namespace, are no foreign ones', async () => {
      write('inner.ts', `${decorators}\n@SsmStream() export class Inner { @U8() a = 0; }`);
      write('own.ts', stream(`import * as inner from './inner.js';`, '@Nested(inner.Inner) a: any;'));
      const text = await generated();
      expect(text).to.include(`import { Inner } from './inner.js';`);
      expect(text).to.include('a: InnerJson;');
      expect(text).not.to.include('late:');
    });

    it('of one name, from two files of the project', async () => {
      for (const name of ['a', 'b'])
        write(`${name}.ts`, `${decorators}\n@SsmStream() export class Inner { @U8() ${name} = 0; }`);
      const both = `import { Inner } from './a.js';\nimport { Inner as Other } from './b.js';`;
      write('own.ts', stream(both, '@Nested(Inner) a: any;\n  @Nested(Other) b: any;'));
      const text = await generated();
      expect(text).to.include(`import { Inner as Inner2 } from './b.js';`);
      expect(text).to.include(`import type { InnerJson as Inner2Json } from './b.ssm.js';`);
      expect(text).to.match(/a: InnerJson;\n {2}b: Inner2Json;/);
      expect(text).not.to.include('late:');
    });

    it('that are bases: what they have is looked at when the class is used', async () => {
      write(
        'own.ts',
        `${decorators}\nimport { Timer } from '@acme/parts';\n@SsmStream() export class Own extends Timer { @U8() a = 0; }`,
      );
      expect(await generated()).to.include('late: true,');
    });

    it('leave the file as it is when they change', async () => {
      write('own.ts', stream(`import { Timer } from '@acme/parts';`, '@Nested(Timer) a = new Timer();'));
      await run({ roots: [folder] });
      write('node_modules/@acme/parts/dist/index.d.ts', `export declare class Timer { other: string; }`);
      for (const options of [{}, { check: true }, { force: true }]) {
        expect((await run({ roots: [folder], ...options })).map(({ result }) => result)).to.deep.equal(['current']);
      }
    });
  });

  it('the file is generated again when a constant changes', async () => {
    write('src/own.ts', stream(`import { DEPTH } from '@acme/parts';`, '@U8({ max: DEPTH }) a = 0;'));
    const results = async (options = {}) => (await run({ roots: [folder], ...options })).map(({ result }) => result);
    expect(await results()).to.deep.equal(['written']);
    const text = readFileSync(join(folder, 'src/own.ssm.ts'), 'utf8');
    expect(text.split('\n')[1]).to.match(/^\/\/ ssmgen \d+ [0-9a-f]{32} npm:@acme\/parts\/dist\/limits\.d\.ts$/);
    expect(await results()).to.deep.equal(['current']);
    write('node_modules/@acme/parts/dist/limits.d.ts', 'export declare const DEPTH = 4;');
    expect(await results({ check: true })).to.deep.equal(['stale']);
    expect(await results()).to.deep.equal(['written']);
    expect(readFileSync(join(folder, 'src/own.ssm.ts'), 'utf8')).to.include('max: 4');
  });

  it('what a package has from a package of its own is not in the head', async () => {
    rmSync(join(folder, 'node_modules/@acme/far'), { recursive: true });
    for (const [name, text] of Object.entries(far))
      write(`node_modules/@acme/parts/node_modules/@acme/far/${name}`, text);
    write('own.ts', stream(`import { FAR } from '@acme/parts';`, '@U8({ max: FAR }) a = 0;'));
    expect((await generated()).split('\n')[1]).to.match(/^\/\/ ssmgen \d+ [0-9a-f]{32}$/);
    expect((await run({ roots: [folder] })).map(({ result }) => result)).to.deep.equal(['current']);
  });
});
