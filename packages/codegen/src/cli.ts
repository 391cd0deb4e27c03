import { watch } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type FileResult, run } from './project.js';

const help = `ssmgen: generates put and get functions for classes decorated with @SsmStruct and @SsmStream.

Usage: ssmgen [options] [file or folder…]      (default: the current folder)

For x.ts it writes x.ssm.ts beside it; import that file to have its functions used.

Options:
  --check    write nothing; fail when a generated file is not what its source gives
  --watch    go on, and generate whenever a source changes
  --force    generate everything, also what is up to date
  --quiet    print problems only
  --help     print this

Exit code: 0 all is up to date, 1 --check found differences or a decorator is used wrongly, 2 wrong options.
`;

/** Runs the command. Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    process.stderr.write(`ssmgen: ${(error as Error).message}\n`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const roots = positionals.length > 0 ? positionals : ['.'];
  const once = () => runOnce(roots, values);
  const code = await once();
  if (values.watch) await watchRoots(roots, once);
  return code;
}

interface Values {
  check?: boolean | undefined;
  watch?: boolean | undefined;
  force?: boolean | undefined;
  quiet?: boolean | undefined;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      check: { type: 'boolean' },
      watch: { type: 'boolean' },
      force: { type: 'boolean' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function runOnce(roots: readonly string[], { check, force, quiet }: Values): Promise<number> {
  let results: FileResult[];
  try {
    results = await run({ roots, check: check ?? false, force: force ?? false });
  } catch (error) {
    // Wrong use, or a file that cannot be read: a message with its place, not a stack.
    process.stderr.write(`ssmgen: ${(error as Error).message}\n`);
    return 1;
  }
  const stale = results.filter(({ result }) => result === 'stale');
  for (const { generated, result } of results) {
    if (result === 'stale') process.stderr.write(`ssmgen: ${show(generated)} is not what its source gives\n`);
    else if (result !== 'current' && !quiet) process.stdout.write(`${result} ${show(generated)}\n`);
  }
  if (!quiet && stale.length === 0) {
    const changed = results.filter(({ result }) => result !== 'current').length;
    process.stdout.write(`${results.length} files, ${changed === 0 ? 'all up to date' : `${changed} changed`}\n`);
  }
  return stale.length > 0 ? 1 : 0;
}

function show(path: string): string {
  return relative(process.cwd(), path);
}

/** Runs again whenever a source changes; ends with the process. */
async function watchRoots(roots: readonly string[], once: () => Promise<number>): Promise<never> {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve(0);
  for (const root of roots) {
    watch(root, { recursive: true }, (_event, name) => {
      if (name === null || !name.endsWith('.ts') || name.endsWith('.ssm.ts') || name.includes('node_modules')) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        running = running.then(once);
      }, 50);
    });
  }
  return new Promise<never>(() => {});
}
