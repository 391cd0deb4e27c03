import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Calls `load`, which requires a large module, and keeps its compiled form for the next run: compiling TypeScript's
 * source is a quarter of a run. Node 22.1 and later do that themselves (see `bin.ts`); for others there is a package.
 */
export function withCompileCache<T>(load: () => T): T {
  const cache = 'enableCompileCache' in module ? undefined : quietly(install);
  try {
    return load();
  } finally {
    // It saves what it has compiled.
    quietly(() => cache?.uninstall());
  }
}

function install(): { uninstall(): void } | undefined {
  const cacheDir = ownFolder();
  if (cacheDir === undefined) return undefined;
  const package_ = createRequire(import.meta.url)('v8-compile-cache-lib') as typeof import('v8-compile-cache-lib');
  // All of a cache file is read whenever it is used: each installation has one of its own.
  const installation = createHash('sha1')
    .update(import.meta.url)
    .digest('hex')
    .slice(0, 16);
  return package_.install({ cacheDir, prefix: `${process.version}-${process.arch}-${installation}` });
}

/** A folder for temporary files that nobody else can write to: what is in it will be run. */
function ownFolder(): string | undefined {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `ssmgen-cache${user === undefined ? '' : `-${user}`}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  return user === undefined || (uid === user && (mode & 0o22) === 0) ? folder : undefined;
}

/** A cache that does not work must not keep a run from working. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
