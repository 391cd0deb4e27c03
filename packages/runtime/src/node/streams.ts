import { finished, type Readable, type Writable } from 'node:stream';
import { SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import type { Sink, Source } from '../io/sink-source.js';
import { bytesOf } from '../io/web-streams.js';
import { fromSystemError } from './errno.js';

/*
 * Streams of Node: files, pipes, stdin and stdout, sockets, zlib, HTTP
 *
 *     await saveState(registry, new NodeWritableSink(process.stdout, { keepOpen: true }));
 *     await loadState(registry, new NodeReadableSource(createReadStream(path).pipe(createGunzip())));
 *
 * Of errors upstream of a pipe a stream knows nothing: use `pipeline` where there is more than one.
 */

/** Who ends a stream. */
export interface NodeStreamOptions {
  /** Neither end nor destroy the stream at the end: it is used by others, too, or more is to follow. Default false. */
  readonly keepOpen?: boolean;
}

/** What a stream that ended early failed with. */
function failureOf(error: Error, premature: string): SsmError {
  const code = 'code' in error ? error.code : undefined;
  if (code !== 'ERR_STREAM_PREMATURE_CLOSE') return fromSystemError(error);
  return new SsmError('VERR_IO_GEN_FAILURE', premature, {}, { cause: error });
}

/**
 * Writes to a stream of Node, one chunk at a time: the next one when the stream has done with the one before. So no more
 * than one waits, whatever the stream's own buffer would take.
 *
 * `close()` ends the stream and waits until it has finished; when the state is not complete it destroys it.
 */
export class NodeWritableSink implements Sink {
  readonly #stream: Writable;
  readonly #keepOpen: boolean;
  /** Interrupted when nothing can be written any more. */
  readonly #over = new Interrupt();
  /** Resolves when the stream has finished, with why it could not. */
  readonly #finished: Promise<SsmError | undefined>;
  #detach: () => void = () => {};

  constructor(stream: Writable, options: NodeStreamOptions = {}) {
    this.#stream = stream;
    this.#keepOpen = options.keepOpen ?? false;
    this.#finished = new Promise((resolve) => {
      this.#detach = finished(stream, { readable: false }, (error) => {
        this.#detach();
        const failure = error ? failureOf(error, 'the stream was closed before all was written') : undefined;
        this.#over.interrupt(failure ?? new SsmError('VERR_IO_GEN_FAILURE', 'the stream was ended by somebody else'));
        resolve(failure);
      });
    });
  }

  async write(data: Uint8Array): Promise<void> {
    this.#over.check();
    // Streams such as PassThrough keep what they are given beyond the callback.
    const chunk = data.slice();
    const written = new Promise<void>((resolve, reject) => {
      this.#stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    try {
      await this.#over.race(written);
    } catch (error) {
      throw fromSystemError(error);
    }
  }

  async close(aborted: boolean, failure?: SsmError): Promise<void> {
    if (this.#keepOpen) {
      this.#detach();
      return;
    }
    if (aborted) {
      // What goes wrong from here on has to end somewhere.
      this.#stream.on('error', () => {}).destroy(failure);
      return;
    }
    this.#stream.end();
    const failed = await this.#finished;
    if (failed !== undefined) throw failed;
  }
}

/**
 * Reads a stream of Node. What the stream has read ahead stays in its own buffer, of its own size.
 *
 * Before the state has been read whole, `close()` destroys the stream.
 */
export class NodeReadableSource implements Source {
  readonly #stream: Readable;
  readonly #keepOpen: boolean;
  readonly #detach: () => void;
  #rest = new Uint8Array(0);
  /** Set at the end of the stream. */
  #ended: 'whole' | SsmError | undefined;
  #closed = false;
  #wake: () => void = () => {};

  constructor(stream: Readable, options: NodeStreamOptions = {}) {
    this.#stream = stream;
    this.#keepOpen = options.keepOpen ?? false;
    const readable = () => this.#wake();
    stream.on('readable', readable);
    const unwatch = finished(stream, { writable: false }, (error) => {
      this.#end(error ? failureOf(error, 'the stream was closed before its end') : 'whole');
      this.#detach();
    });
    this.#detach = () => {
      stream.off('readable', readable);
      unwatch();
    };
  }

  #end(end: 'whole' | SsmError): void {
    this.#ended ??= end;
    this.#wake();
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const chunk: unknown = this.#closed ? null : this.#stream.read();
      if (chunk !== null) this.#rest = bytesOf(chunk);
      else if (this.#ended === 'whole') return 0;
      else if (this.#ended !== undefined) throw this.#ended;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  /** Destroys the stream unless it has ended. A read that waits fails with VERR_SSM_CANCELLED. */
  close(): void {
    this.#closed = true;
    this.#end(new SsmError('VERR_SSM_CANCELLED', 'the source was closed'));
    this.#rest = new Uint8Array(0);
    if (this.#keepOpen) this.#detach();
    else this.#stream.destroy();
  }
}
