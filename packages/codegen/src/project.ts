import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
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
  const sources = findSources(options.roots);
  const results: FileResult[] = orphans(options.roots, sources).map((generated) => {
    if (!check) unlinkSync(generated);
    return { source: sourcePath(generated), generated, result: check ? 'stale' : 'removed' };
  });
  const outdated = check || force ? sources : sources.filter((source) => !isCurrent(source));
  for (const source of sources) {
    if (!outdated.includes(source)) results.push({ source, generated: generatedPath(source), result: 'current' });
  }
  if (outdated.length === 0) return results;
  const { scan } = await import('./scan.js');
  const { classFile } = await import('./emit/class-file.js');
  // All files are scanned before one is written: a mistake leaves everything as it was.
  const texts = scan(outdated).map((file) => [file, textOf(file, classFile)] as const);
  for (const [file, text] of texts) {
    const generated = generatedPath(file.path);
    if (text === undefined) continue;
    const same = existsSync(generated) && readFileSync(generated, 'utf8') === text;
    if (!same && !check) write(generated, text);
    results.push({ source: file.path, generated, result: same ? 'current' : check ? 'stale' : 'written' });
  }
  return results;
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
function findSources(roots: readonly string[]): string[] {
  return listFiles(roots)
    .filter((path) => path.endsWith('.ts') && !/\.(ssm|d|spec|test)\.ts$/.test(path))
    .filter((path) => {
      const text = readFileSync(path, 'utf8');
      return text.includes('@ssmkit/schema') && /@(\w+\.)?Ssm(Struct|Stream)\b|Ssm(Struct|Stream) as /.test(text);
    })
    .sort();
}

/** Generated files without a source that has decorated classes. */
function orphans(roots: readonly string[], sources: readonly string[]): string[] {
  const wanted = new Set(sources.map(generatedPath));
  return listFiles(roots)
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

function textOf(file: ScannedFile, classFile: typeof import('./emit/class-file.js').classFile): string | undefined {
  if (file.classes.length === 0) return undefined;
  const folder = dirname(file.path);
  const importPath = (path: string) =>
    `./${relative(folder, path).replaceAll('\\', '/')}`.replace(/^\.\/\.\./, '..').replace(/\.ts$/, '.js');
  const dependencies = file.dependencies.map((path) => importPath(path).replace(/\.js$/, '.ts')).sort();
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
  for (const path of [source, ...dependencies.map((dependency) => resolve(dirname(source), dependency))]) {
    if (!existsSync(path)) return '';
    const content = readFileSync(path);
    hash.update(`${content.length}\n`).update(content);
  }
  return hash.update(body).digest('hex').slice(0, 32);
}
