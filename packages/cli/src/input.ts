import { createReadStream } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { MemorySource, type Source, SsmError } from '@ssmkit/runtime';
import { FileSource, fromSystemError } from '@ssmkit/runtime/node';
import type { Io } from './io.js';

/** A saved state to read: a file, or all that came through a pipe. */
export interface Input {
  /** As given on the command line. */
  readonly name: string;
  readonly size: number;
  readonly source: Source;
}

/** Name of the file that stands for stdin. */
export const STDIN = '-';

/**
 * Opens the FILE of a command line for as long as `use` runs.
 *
 * What is no regular file (stdin, a pipe) is read into memory, because commands go through their file several times.
 *
 * @param maxInput most bytes that are read into memory.
 * @throws SsmError VERR_FILE_NOT_FOUND; VERR_TOO_MUCH_DATA for more than `maxInput` bytes.
 */
export async function withInput<T>(
  io: Io,
  name: string,
  maxInput: number,
  use: (input: Input) => Promise<T>,
): Promise<T> {
  if (name === STDIN) return use(inMemory(name, await readAll(io.stdin, maxInput)));
  const source = new FileSource(isAbsolute(name) ? name : resolve(io.cwd, name));
  try {
    const { size } = source;
    if (size === undefined) return await use(inMemory(name, await readAll(pieces(source), maxInput)));
    return await use({ name, size, source: watched(source, size, io) });
  } finally {
    source.close();
  }
}

/** Any file of a command line, or stdin, as it comes. @throws SsmError VERR_FILE_NOT_FOUND, VERR_IO_GEN_FAILURE. */
export async function* filePieces({ stdin, cwd }: Io, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (name === STDIN) {
    yield* stdin;
    return;
  }
  const stream = createReadStream(resolve(cwd, name));
  try {
    yield* stream;
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? fromSystemError(error) : error;
  } finally {
    stream.destroy();
  }
}

/** A source that tells how far it is read. */
function watched(source: FileSource, size: number, { onRead }: Io): Source {
  return {
    size,
    read: (into, position) => {
      onRead?.(position, size);
      return source.read(into, position);
    },
  };
}

function inMemory(name: string, bytes: Uint8Array): Input {
  return { name, size: bytes.length, source: new MemorySource(bytes) };
}

async function* pieces(source: FileSource): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const piece = new Uint8Array(65536);
    const count = source.read(piece, position);
    if (count === 0) return;
    position += count;
    yield piece.subarray(0, count);
  }
}

/** All of it. @throws SsmError VERR_TOO_MUCH_DATA for more than `limit` bytes. */
export async function readAll(from: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of from) {
    total += part.length;
    if (total > limit) {
      throw new SsmError('VERR_TOO_MUCH_DATA', `the input has more than ${limit} bytes: see --max-input`);
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
