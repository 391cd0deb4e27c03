import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../reference/reference.c', import.meta.url));

/**
 * The reference program in C (bench/reference/reference.c), which works when it is told to, so that its rounds and ours
 * take turns.
 */
export class Reference {
  readonly #folder: string;
  readonly #program: ChildProcess;
  readonly #answers: AsyncIterableIterator<string>;

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#program = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.#program.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
  }

  /** Compiles and starts it. Where that cannot be done it says so, and there is no comparison with C. */
  static start(): Reference | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'ssmkit-reference-'));
    const program = join(folder, 'reference');
    const { error, status, stderr } = spawnSync('gcc', ['-O2', source, '-o', program, '-llzf', '-lz'], {
      encoding: 'utf8',
    });
    if (error === undefined && status === 0) return new Reference(folder, program);
    rmSync(folder, { recursive: true, force: true });
    const why = error?.message ?? stderr.split('\n').find((line) => line.includes('error')) ?? stderr;
    process.stdout.write(
      `SKIPPED the comparison with C: it needs gcc, liblzf and zlib (Debian: gcc liblzf-dev zlib1g-dev): ${why}\n\n`,
    );
    return undefined;
  }

  /** Gives a command, see reference.c. */
  async ask<T>(command: string): Promise<T> {
    this.#program.stdin?.write(`${command}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the reference program has ended at '${command}'`);
    return JSON.parse(value) as T;
  }

  stop(): void {
    this.#program.stdin?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
