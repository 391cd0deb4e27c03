import type { Sink, SsmError } from '@ssmkit/runtime';
import { MemorySink } from '@ssmkit/runtime';

/** A sink that notes how it is closed, and can do so late. */
export class NotingSink implements Sink {
  readonly isFile?: boolean;
  /** What it was closed as, every time. */
  readonly closed: string[] = [];
  /** What it was told to have failed, when it was closed. */
  failure: SsmError | undefined;
  /** Bytes written so far. */
  size = 0;
  readonly #memory = new MemorySink();

  constructor(options: { isFile?: boolean } = {}) {
    if (options.isFile !== undefined) this.isFile = options.isFile;
  }

  write(data: Uint8Array): void {
    this.size += data.length;
    this.#memory.write(data);
  }

  rewrite(data: Uint8Array, position: number): void {
    this.#memory.rewrite(data, position);
  }

  close(aborted: boolean, failure?: SsmError): void {
    this.closed.push(aborted ? 'aborted' : 'whole');
    this.failure = failure;
  }

  bytes(): Uint8Array {
    return this.#memory.bytes();
  }
}
