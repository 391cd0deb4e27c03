import type { Sink, Source, SsmError } from '@ssmkit/runtime';

/*
 * Sinks and sources that fail
 *
 * Each is sound up to a point, counted in bytes, and faulty from there on. What has stalled can be told to go on, or to
 * fail, when the operation is long over: that must disturb nobody.
 */

/** What happens at the point. A source may also be cut: it ends there. */
export type Fault = 'throws' | 'rejects' | 'stalls';

/** What has stalled. */
class Stalled {
  /** Told when something stalls. */
  onStall: () => void = () => {};
  readonly #late: (() => void)[] = [];

  stall(): Promise<never> {
    setImmediate(this.onStall);
    return new Promise((_resolve, reject) => {
      this.#late.push(() => reject(new Error('late')));
    });
  }

  /** Lets everything that has stalled fail. */
  failLate(): void {
    for (const fail of this.#late.splice(0)) fail();
  }
}

/** Where a sink is faulty. */
export interface FaultySinkOptions {
  /** Bytes that it takes. */
  readonly takes: number;
  readonly fault: Fault;
  /** In which of its calls; default `write`. */
  readonly call?: 'write' | 'rewrite' | 'isOk' | 'close';
  /** Answers with promises while it is sound; default false. */
  readonly asynchronous?: boolean;
}

export class FaultySink extends Stalled implements Sink {
  /** How it was closed, every time, and what it was told. */
  readonly closed: (readonly [aborted: boolean, failure: SsmError | undefined])[] = [];
  readonly #options: FaultySinkOptions;
  #taken = 0;

  constructor(options: FaultySinkOptions) {
    super();
    this.#options = options;
  }

  #fault(): Promise<never> {
    const { fault } = this.#options;
    if (fault === 'stalls') return this.stall();
    const error = new Error('the disk is broken');
    if (fault === 'rejects') return Promise.reject(error);
    throw error;
  }

  #sound(): void | Promise<void> {
    return this.#options.asynchronous ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  }

  write(data: Uint8Array): void | Promise<void> {
    const { takes, call = 'write' } = this.#options;
    this.#taken += data.length;
    return call === 'write' && this.#taken > takes ? this.#fault() : this.#sound();
  }

  rewrite(): void | Promise<void> {
    return this.#options.call === 'rewrite' ? this.#fault() : this.#sound();
  }

  isOk(): void | Promise<void> {
    const { takes, call } = this.#options;
    return call === 'isOk' && this.#taken >= takes ? this.#fault() : this.#sound();
  }

  close(aborted: boolean, failure?: SsmError): void | Promise<void> {
    this.closed.push([aborted, failure]);
    return this.#options.call === 'close' ? this.#fault() : this.#sound();
  }
}

/** Where a source is faulty. */
export interface FaultySourceOptions {
  /** Bytes that it gives, counted over all reads. */
  readonly gives: number;
  readonly fault: Fault | 'ends';
  /** Bytes of one read at most; default: as many as are asked for. */
  readonly piece?: number;
  /** A stream; default a file. */
  readonly stream?: boolean;
  readonly asynchronous?: boolean;
  /** What it fails with; default an `Error`. */
  readonly error?: Error;
}

export class FaultySource extends Stalled implements Source {
  readonly size: number | undefined;
  readonly #data: Uint8Array;
  readonly #options: FaultySourceOptions;
  #given = 0;

  constructor(data: Uint8Array, options: FaultySourceOptions) {
    super();
    this.#data = options.fault === 'ends' ? data.subarray(0, options.gives) : data;
    this.#options = options;
    this.size = options.stream ? undefined : this.#data.length;
  }

  read(into: Uint8Array, position: number): number | Promise<number> {
    const { gives, fault, piece = Number.POSITIVE_INFINITY, asynchronous, error } = this.#options;
    const most = Math.min(piece, into.length, fault === 'ends' ? Number.POSITIVE_INFINITY : gives - this.#given);
    const part = this.#data.subarray(position, position + most);
    if (part.length === 0 && position < this.#data.length) {
      if (fault === 'stalls') return this.stall();
      const broken = error ?? new Error('the disk is broken');
      if (fault === 'rejects') return Promise.reject(broken);
      throw broken;
    }
    into.set(part);
    this.#given += part.length;
    return asynchronous ? new Promise((resolve) => setImmediate(resolve, part.length)) : part.length;
  }
}
