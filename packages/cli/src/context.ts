import type { SsmError } from '@ssmkit/runtime';
import { toSsmError } from './errors.js';
import type { Io, Output } from './io.js';
import { escapeText } from './output/escape.js';
import { documentText, errorJson } from './output/json.js';
import { Progress } from './output/progress.js';
import { type Style, styleOf } from './output/style.js';

/** Exit codes of the command. */
export const ExitCode = {
  ok: 0,
  /** The file is wrong, or something is not there. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
} as const;

/** One run of a command: what it says, and how it ends. */
export class Context {
  /** The outside world; what is written takes the bar away that shows how far reading is. */
  readonly io: Io;
  readonly progress: Progress;
  /** For stdout. */
  readonly style: Style;
  /** Set before anything is written, so that it is right even where nobody reads the output to its end. */
  exitCode: number = ExitCode.ok;
  /** The exit code of failures; `ssm diff` has another one for them. */
  failureCode: number = ExitCode.failed;
  /** Output is one JSON document. */
  json = false;
  #documented = false;

  constructor(io: Io) {
    this.progress = new Progress(io.stderr);
    this.io = withProgress(io, this.progress);
    this.style = styleOf(io.stdout.color);
  }

  /** Writes text that is safe to show. */
  print(text: string): Promise<void> {
    return this.io.stdout.write(text);
  }

  /** Writes the command's JSON document. */
  document(document: object): Promise<void> {
    this.#documented = true;
    return this.print(documentText(document));
  }

  /** The document is written by the caller, piece by piece. */
  beginDocument(): void {
    this.#documented = true;
  }

  /** With any failure the exit code is that of failures. */
  fail(errors: readonly SsmError[]): void {
    if (errors.length > 0) this.exitCode = this.failureCode;
  }

  /** One line on stderr for each failure. */
  async report(errors: readonly SsmError[]): Promise<void> {
    this.fail(errors);
    const { bad } = styleOf(this.io.stderr.color);
    for (const error of errors) await this.#tell(`${bad('ssm:')} ${escapeText(error.message)}\n`);
  }

  /** Tells of something on stderr that is no failure. */
  note(text: string): Promise<void> {
    return this.#tell(`ssm: note: ${escapeText(text)}\n`);
  }

  /** A failure that ended the command: the line on stderr, and a document where there is none yet. */
  async end(error: unknown): Promise<void> {
    const failure = toSsmError(error);
    this.fail([failure]);
    if (this.json && !this.#documented) await this.document({ errors: [errorJson(failure)] });
    await this.report([failure]);
  }

  async #tell(line: string): Promise<void> {
    try {
      await this.io.stderr.write(line);
    } catch {
      // There is nowhere left to tell that nobody listens.
    }
  }
}

function withProgress(io: Io, progress: Progress): Io {
  const clearing = (output: Output): Output => ({
    get color() {
      return output.color;
    },
    get width() {
      return output.width;
    },
    write: (data) => {
      progress.clear();
      return output.write(data);
    },
  });
  const { stdin, cwd } = io;
  return {
    stdin,
    cwd,
    stdout: clearing(io.stdout),
    stderr: clearing(io.stderr),
    onRead: (position, size) => progress.read(position, size),
  };
}
