import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@ssmkit/codegen';
import ts from 'typescript';
import { classSource } from './source.js';

/** A folder inside this package, so that what it holds finds the packages it imports. */
export function temporaryFolder(prefix: string): string {
  const parent = fileURLToPath(new URL('../../dist/tmp', import.meta.url));
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, prefix));
}

/** Writes `count` classes, generates their functions, compiles both; returns the folder with a module of them all. */
export async function prepareClasses(count: number, fields: number): Promise<string> {
  const folder = temporaryFolder('cold-');
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `device${i}.ts`), classSource(i, fields));
  await run({ roots: [folder] });
  for (const name of readdirSync(folder)) {
    const { outputText } = ts.transpileModule(readFileSync(join(folder, name), 'utf8'), {
      fileName: name,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        experimentalDecorators: true,
        useDefineForClassFields: false,
        verbatimModuleSyntax: true,
      },
    });
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
  const modules = Array.from({ length: count }, (_, i) => i);
  const imports = modules.map(
    (i) => `import { Device${i} } from './device${i}.js';\nimport { putDevice${i} } from './device${i}.ssm.js';`,
  );
  const entries = modules.map((i) => `  [Device${i}, putDevice${i}],`);
  writeFileSync(join(folder, 'all.js'), `${imports.join('\n')}\n\nexport const all = [\n${entries.join('\n')}\n];\n`);
  return folder;
}
