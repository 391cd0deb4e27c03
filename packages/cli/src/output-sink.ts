import { resolve } from 'node:path';
import type { Sink } from '@ssmkit/runtime';
import { FileSink } from '@ssmkit/runtime/node';
import { STDIN } from './input.js';
import { ClosedOutput, type Io } from './io.js';

/** Name of the file that stands for stdout. */
export const STDOUT = STDIN;

/**
 * Has `use` write the OUT of a command line: a file, which is replaced only once the sink is closed without failure, or
 * stdout.
 *
 * @throws SsmError for a path that cannot be written; ClosedOutput where nobody reads stdout any more.
 */
export async function withOutput<T>(io: Io, output: string, use: (sink: Sink) => Promise<T>): Promise<T> {
  if (output !== STDOUT) return use(new FileSink(resolve(io.cwd, output)));
  const sink: Sink = { write: (data) => io.stdout.write(data), close() {} };
  try {
    return await use(sink);
  } catch (error) {
    // The failure of a sink comes wrapped; this one is none.
    throw error instanceof Error && error.cause instanceof ClosedOutput ? error.cause : error;
  }
}

/** {@link withOutput} for a file whose bytes are there at once. */
export function writeOutput(io: Io, output: string, bytes: Uint8Array): Promise<void> {
  return withOutput(io, output, async (sink) => {
    try {
      await sink.write(bytes);
    } catch (error) {
      await sink.close(true);
      throw error;
    }
    await sink.close(false);
  });
}
