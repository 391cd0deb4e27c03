import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';
import * as schema from '@ssmkit/schema';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The TypeScript blocks of a document. */
function blocksOf(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] as string);
}

/** Runs TypeScript as a module, with the compiler options that the README asks for, and returns what it exports. */
async function runModule(source: string): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      useDefineForClassFields: false,
    },
  });
  // Inside the package, so that imports of the other packages are found.
  const folder = mkdtempSync(fileURLToPath(new URL('./example-', import.meta.url)));
  try {
    const path = join(folder, 'example.mjs');
    writeFileSync(path, outputText);
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a program prints with console.log, each call made into one thing: by default its first value. */
async function printed(
  run: () => Promise<unknown>,
  make: (...values: unknown[]) => unknown = (value) => value,
): Promise<unknown[]> {
  const lines: unknown[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => void lines.push(make(...values));
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines;
}

describe('the examples in the documents', () => {
  it('README: the example runs and prints what it says', async () => {
    const [example] = blocksOf('README.md') as [string];
    const [copy] = await printed(() => runModule(example));
    expect({ ...(copy as object) }).to.deep.equal({ counter: 1193, base: 4276092928n, irq: true });
    expect(example).to.include('// Timer { counter: 1193, base: 4276092928n, irq: true }');
  });

  const classes = blocksOf('docs/classes.md').filter((block) => block.includes('export class'));
  const names = Object.keys(schema).filter((name) => /^[A-Z]/.test(name));
  for (const [i, block] of classes.entries()) {
    it(`docs/classes.md: the classes of example ${i + 1} are well-formed and survive a round trip`, async function () {
      this.timeout(60_000);
      const exported = await runModule(`import { ${names.join(', ')} } from '@ssmkit/schema';\n${block}`);
      const found = Object.values(exported).filter(schema.isStateClass);
      expect(found).not.to.deep.equal([]);
      for (const target of found) checkRoundTrip(target, { numRuns: 1 });
    });
  }

  it('there are examples in docs/classes.md', () => expect(classes).to.have.length(4));

  for (const [i, block] of blocksOf('docs/machine.md').entries()) {
    it(`docs/machine.md: example ${i + 1} runs and prints what it says`, async () => {
      const said = [...block.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]);
      expect(said).not.to.deep.equal([]);
      const lines = await printed(() => runModule(block), format);
      expect(lines).to.deep.equal(said);
    });
  }

  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'docs/classes.md',
    'docs/saving.md',
    'docs/machine.md',
    'docs/cli.md',
  ];
  for (const document of documents) {
    it(`${document}: every link leads to a file`, () => {
      const text = readFileSync(join(root, document), 'utf8');
      const links = [...text.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map((match) => match[1] as string);
      for (const link of links) {
        expect(
          ts.sys.fileExists(join(root, document, '..', link)) ||
            ts.sys.directoryExists(join(root, document, '..', link)),
          link,
        ).to.equal(true);
      }
    });
  }
});
