import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SsmError } from '@ssmkit/runtime';
import { isStateClass, type StateClass } from '@ssmkit/schema';
import type { Catalog } from '@ssmkit/vbox';
import { nearNames } from '@ssmkit/vbox/base';

/** A decorated class of a user's module, as named on the command line. */
export interface SchemaName {
  /** A path, or the name of a package. */
  readonly module: string;
  /** The name under which the module exports the class. */
  readonly className: string;
}

/** Splits `MODULE#CLASS`; `undefined` where that is not what the text is. */
export function parseSchemaName(text: string): SchemaName | undefined {
  const at = text.lastIndexOf('#');
  if (at <= 0 || at === text.length - 1) return undefined;
  return { module: text.slice(0, at), className: text.slice(at + 1) };
}

/**
 * Imports a module and takes a decorated class from it.
 *
 * @param cwd the folder that paths are relative to, and from which packages are looked for.
 * @throws SsmError VERR_FILE_NOT_FOUND where there is no such module, VERR_SYMBOL_NOT_FOUND where it does not export the
 * class, VERR_INVALID_PARAMETER for a class without a class decorator, VERR_GENERAL_FAILURE where the module fails.
 */
export async function loadStateClass({ module: name, className }: SchemaName, cwd: string): Promise<StateClass> {
  const exported = await importModule(locate(name, cwd), name);
  const found = Object.hasOwn(exported, className) ? exported[className] : undefined;
  if (isStateClass(found)) return found;
  const decorated = Object.keys(exported).filter((key) => isStateClass(exported[key]));
  const list =
    decorated.length === 0 ? 'it exports no decorated class' : `decorated classes it exports: ${decorated.join(', ')}`;
  if (found !== undefined) {
    const problem = `'${className}' of '${name}' is no class decorated with @SsmStruct or @SsmStream; ${list}`;
    throw new SsmError('VERR_INVALID_PARAMETER', problem);
  }
  const [near] = nearNames(className, decorated);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  throw new SsmError('VERR_SYMBOL_NOT_FOUND', `'${name}' does not export '${className}'; ${list}${hint}`);
}

/**
 * Imports a module and takes the catalog of layouts from it that it exports as `catalog` or by default.
 *
 * @throws SsmError as {@link loadStateClass}.
 */
export async function loadCatalog(name: string, cwd: string): Promise<Catalog> {
  const exported = await importModule(locate(name, cwd), name);
  const found = [exported.catalog, exported.default].find((each) => each !== undefined);
  if (isCatalog(found)) return found;
  const problem =
    found === undefined
      ? `'${name}' exports no catalog: neither 'catalog' nor by default`
      : `what '${name}' exports as catalog is none of @ssmkit/vbox`;
  throw new SsmError(found === undefined ? 'VERR_SYMBOL_NOT_FOUND' : 'VERR_INVALID_PARAMETER', problem);
}

/** By what it can do: the module may have another copy of the package. */
function isCatalog(value: unknown): value is Catalog {
  const methods = ['find', 'decode', 'encode'] as const;
  return methods.every((method) => typeof (value as Partial<Catalog> | undefined)?.[method] === 'function');
}

/** The URL of a module: a file's, or where Node finds a package from `cwd`. */
function locate(name: string, cwd: string): string {
  const path = name.startsWith('file:') ? fileURLToPath(name) : resolve(cwd, name);
  if (existsSync(path)) {
    if (statSync(path).isFile()) return pathToFileURL(path).href;
    throw new SsmError('VERR_FILE_NOT_FOUND', `'${name}' is a folder: name the module's file in it`);
  }
  if (/^(\.{0,2}\/|file:)/.test(name))
    throw new SsmError('VERR_FILE_NOT_FOUND', `there is no module '${name}' (${path})`);
  try {
    const found = createRequire(resolve(cwd, 'from-here.js')).resolve(name);
    // Node's own modules are found under their names.
    return isAbsolute(found) ? pathToFileURL(found).href : found;
  } catch (error) {
    // A package that cannot be required at all may have an entry for imports, which Node finds only from here.
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return name;
    const problem = `there is no module '${name}': neither a file ${path} nor a package that is installed for ${cwd}`;
    throw new SsmError('VERR_FILE_NOT_FOUND', problem, {}, { cause: error });
  }
}

async function importModule(url: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const reason =
      typeScriptProblem(url, error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : error);
    throw new SsmError('VERR_GENERAL_FAILURE', `'${name}' cannot be imported: ${reason}`, {}, { cause: error });
  }
}

/** What Node says to TypeScript: that it does not know the extension, or, where it strips types, the decorators. */
const typeScriptCodes = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
]);

/** What helps where Node cannot run a TypeScript file. */
function typeScriptProblem(url: string, error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  if (!/\.[cm]?ts$/.test(url) || !typeScriptCodes.has(String(code))) return undefined;
  return `Node ${process.version} cannot run this TypeScript by itself; name the compiled .js file, or let Node load a compiler (NODE_OPTIONS='--import tsx')`;
}
