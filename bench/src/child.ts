import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a module of this package in a process of its own and returns what it prints, as JSON. */
export async function inProcess<T>(module: string, ...args: readonly string[]): Promise<T> {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const { stdout } = await run(process.execPath, [path, ...args], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as T;
}

/** Milliseconds that a Node process takes. */
export function timeOf(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
  return performance.now() - start;
}
