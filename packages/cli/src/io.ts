import { fromSystemError } from '@ssmkit/runtime/node';
import { wantsColor } from './output/style.js';

/** Nobody reads what is written any more (a pipe to `head`). It ends a command quietly. */
export class ClosedOutput extends Error {
  override readonly name = 'ClosedOutput';
}

/** Where a command writes. */
export interface Output {
  /** Whether colours are shown. */
  readonly color: boolean;
  /** Width of the terminal in characters; `undefined` where there is no terminal. */
  readonly width: number | undefined;
  /**
   * Writes, and resolves once the data has been taken: its memory may then be reused, and more may be written.
   *
   * @throws ClosedOutput where nobody reads any more; SsmError for anything else.
   */
  write(data: string | Uint8Array): Promise<void>;
}

/** What a command has of the outside world, besides files. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The folder that paths are relative to. */
  readonly cwd: string;
  /** Told where in a file of `size` bytes is read. */
  readonly onRead?: (position: number, size: number) => void;
}

/** What of a process's stream is used. */
export type ProcessStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & NodeJS.WritableStream;

/** The input and output of this process. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: outputOf(process.stdout, process.env),
    stderr: outputOf(process.stderr, process.env),
    cwd: process.cwd(),
  };
}

const closedCodes = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/** An output to a stream of a process. */
export function outputOf(stream: ProcessStream, env: Readonly<Record<string, string | undefined>>): Output {
  // Failures are told to the callback of the write; without a listener they would end the process, too.
  stream.on('error', () => {});
  return {
    color: wantsColor(stream.isTTY === true, env),
    get width() {
      // Some terminals do not know their own width.
      return stream.isTTY ? stream.columns || 80 : undefined;
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        stream.write(data, (error?: Error | null) => {
          if (!error) resolve();
          else if (closedCodes.has(String((error as NodeJS.ErrnoException).code))) reject(new ClosedOutput());
          else reject(fromSystemError(error));
        });
      }),
  };
}
