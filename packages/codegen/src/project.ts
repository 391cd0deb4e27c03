import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { referenced, referenceTo } from './dependencies.js';
import type { ScannedFile } from './scan.js';

/*
 * Files and hashes
 *
 * `pit.ts` has its functions in `pit.ssm.ts` beside it. The generated file begins with a hash over its source, over the
 * files whose classes and constants the source uses, and over its own text; so a run can tell what is up to date by
 * reading files alone, without a cache that could be stale and without loading the TypeScript compiler.
 */

/** Raise when the same source gives other text, so that existing files are written again. */
const EMIT_VERSION = 1;

const skippedFolders = new Set(['node_modules', 'dist', 'coverage']);

/** What a run did with a file. */
export interface FileResult {
  /** Path of the source file. */
  readonly source: string;
  /** Path of the generated file. */
  readonly generated: string;
  readonly result: 'current' | 'written' | 'stale' | 'removed';
}

export interface RunOptions {
  /** Files and folders to look into. */
  readonly roots: readonly string[];
  /** Write nothing; everything is generated afresh and compared. */
  readonly check?: boolean;
  /** Generate everything afresh, whatever the hashes say. */
  readonly force?: boolean;
}

/** Generates what is not up to date. @throws CodegenError for wrong use of a decorator. */
export async function run(options: RunOptions): Promise<FileResult[]> {
  const { check = false, force = false } = options;
  const files = listFiles(options.roots);
  const sources = findSources(files);
  const outdated = check || force ? sources : sources.filter((source) => !isCurrent(source));
  const texts = await generate(outdated);
  const results: FileResult[] = [];
  for (const source of sources) {
    if (!texts.has(source)) results.push({ source, generated: generatedPath(source), result: 'current' });
  }
  // A source without classes, after a closer look, is none.
  const orphans = findOrphans(
    files,
    sources.filter((source) => texts.get(source) !== ''),
  );
  for (const generated of orphans) {
    if (!check) unlinkSync(generated);
    results.push({ source: sourcePath(generated), generated, result: check ? 'stale' : 'removed' });
  }
  for (const [source, text] of texts) {
    if (text === '') continue;
    const generated = generatedPath(source);
    const same = existsSync(generated) && readFileSync(generated, 'utf8') === text;
    if (!same && !check) write(generated, text);
    results.push({ source, generated, result: same ? 'current' : check ? 'stale' : 'written' });
  }
  return results;
}

/** What the sources give, all of it before anything is written; `''` for a source that has no classes after all. */
async function generate(sources: readonly string[]): Promise<Map<string, string>> {
  if (sources.length === 0) return new Map();
  const { scan } = await import('./scan.js');
  const { classFile } = await import('./emit/class-file.js');
  return new Map(scan(sources).map((file, i) => [sources[i] as string, textOf(file, classFile)]));
}

function write(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** `x.ts` → `x.ssm.ts`. */
export function generatedPath(source: string): string {
  return source.replace(/\.ts$/, '.ssm.ts');
}

function sourcePath(generated: string): string {
  return generated.replace(/\.ssm\.ts$/, '.ts');
}

/** Source files that have decorated classes, by a look at their text. Classes in tests stay as they are. */
function findSources(files: readonly string[]): string[] {
  return files
    .filter((path) => path.endsWith('.ts') && !/\.(ssm|d|spec|test)\.ts$/.test(path))
    .filter((path) => {
      const text = readFileSync(path, 'utf8');
      return text.includes('@ssmkit/schema') && /@(\w+\.)?Ssm(Struct|Stream)\b|Ssm(Struct|Stream) as /.test(text);
    })
    .sort();
}

/** Generated files without a source that has decorated classes. */
function findOrphans(files: readonly string[], sources: readonly string[]): string[] {
  const wanted = new Set(sources.map(generatedPath));
  return files
    .filter((path) => path.endsWith('.ssm.ts') && !wanted.has(path))
    .filter((path) => readHeader(readFileSync(path, 'utf8')) !== undefined)
    .sort();
}

function listFiles(roots: readonly string[]): string[] {
  return roots.flatMap((root) => {
    const path = resolve(root);
    return statSync(path).isDirectory() ? listFolder(path) : [path];
  });
}

function listFolder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return skippedFolders.has(entry.name) || entry.name.startsWith('.') ? [] : listFolder(path);
    return entry.isFile() ? [path] : [];
  });
}

function textOf(file: ScannedFile, classFile: typeof import('./emit/class-file.js').classFile): string {
  if (file.classes.length === 0) return '';
  const folder = dirname(file.path);
  const importPath = (path: string) =>
    `./${relative(folder, path).replaceAll('\\', '/')}`.replace(/^\.\/\.\./, '..').replace(/\.ts$/, '.js');
  const dependencies = file.dependencies
    .map((path) => referenceTo(path, file.path))
    // What a package has from a package of its own cannot be found again from here.
    .filter((reference) => referenced(reference, file.path) !== undefined)
    .sort();
  const title = `// Generated by ssmgen from ${basename(file.path)}. Do not edit: change the source and run ssmgen.`;
  const body = classFile(file, importPath);
  const hash = hashOf(file.path, dependencies, body);
  return `${title}\n// ssmgen ${EMIT_VERSION} ${hash}${dependencies.map((path) => ` ${path}`).join('')}\n${body}`;
}

interface Header {
  readonly version: number;
  readonly hash: string;
  readonly dependencies: readonly string[];
  readonly body: string;
}

function readHeader(text: string): Header | undefined {
  const match = /^\/\/ Generated by ssmgen .*\n\/\/ ssmgen (\d+) ([0-9a-f]+)((?: \S+)*)\n/.exec(text);
  if (match === null) return undefined;
  const [head, version, hash, dependencies] = match as unknown as [string, string, string, string];
  return {
    version: Number(version),
    hash,
    dependencies: dependencies.split(' ').filter(Boolean),
    body: text.slice(head.length),
  };
}

function isCurrent(source: string): boolean {
  const generated = generatedPath(source);
  if (!existsSync(generated)) return false;
  const header = readHeader(readFileSync(generated, 'utf8'));
  if (header === undefined || header.version !== EMIT_VERSION) return false;
  return hashOf(source, header.dependencies, header.body) === header.hash;
}

/** Hash over a source, the files it depends on and the generated text; `''` where a file is missing. */
function hashOf(source: string, dependencies: readonly string[], body: string): string {
  const hash = createHash('sha256');
  for (const path of [source, ...dependencies.map((dependency) => referenced(dependency, source))]) {
    if (path === undefined) return '';
    const content = readFileSync(path);
    hash.update(`${content.length}\n`).update(content);
  }
  return hash.update(body).digest('hex').slice(0, 32);
}
