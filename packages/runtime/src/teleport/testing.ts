import type { Connection } from './connection.js';

const utf8 = new TextEncoder();

/** One direction of a connection in memory. */
class Pipe {
  readonly #chunks: Uint8Array[] = [];
  readonly #capacity: number;
  #length = 0;
  /** Everything that ever went through. */
  readonly log: number[] = [];
  ended = false;
  broken = false;
  #waiting: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  change(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async write(data: Uint8Array): Promise<void> {
    while (!this.broken && this.#length >= this.#capacity) await this.#changed();
    if (this.broken) throw new Error('broken pipe');
    this.#chunks.push(data.slice());
    this.#length += data.length;
    if (this.log.length < 10_000) for (const byte of data) this.log.push(byte);
    this.change();
  }

  async read(into: Uint8Array, most: number): Promise<number> {
    while (this.#chunks.length === 0 && !this.ended) await this.#changed();
    const chunk = this.#chunks[0];
    if (chunk === undefined) return 0;
    const part = chunk.subarray(0, Math.min(into.length, most));
    into.set(part);
    if (part.length < chunk.length) this.#chunks[0] = chunk.subarray(part.length);
    else this.#chunks.shift();
    this.#length -= part.length;
    this.change();
    return part.length;
  }
}

/** One end of a connection in memory, as a network would have it: what was written arrives also when it is closed. */
export class TestConnection implements Connection {
  readonly peer = 'memory';
  closed = false;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #most: () => number;

  constructor(incoming: Pipe, outgoing: Pipe, most: () => number) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#most = most;
  }

  /** What was written, up to 10000 bytes. */
  get written(): Uint8Array {
    return Uint8Array.from(this.#outgoing.log);
  }

  async read(into: Uint8Array): Promise<number> {
    if (this.closed) throw new Error('closed');
    const count = await this.#incoming.read(into, this.#most());
    if (this.closed) throw new Error('closed');
    return count;
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.closed) throw new Error('closed');
    await this.#outgoing.write(data);
  }

  close(): void {
    this.closed = true;
    this.#outgoing.ended = true;
    this.#incoming.ended = true;
    this.#incoming.broken = true;
    this.#incoming.change();
    this.#outgoing.change();
  }
}

/**
 * Two ends of a connection in memory.
 *
 * @param options.capacity bytes that are under way at most; default 256 KiB.
 * @param options.most most bytes that a read brings, asked for each.
 */
export function connectionPair(
  options: { capacity?: number; most?: () => number } = {},
): [here: TestConnection, there: TestConnection] {
  const { capacity = 1 << 18, most = () => Number.POSITIVE_INFINITY } = options;
  const pipes = [new Pipe(capacity), new Pipe(capacity)] as const;
  return [new TestConnection(pipes[0], pipes[1], most), new TestConnection(pipes[1], pipes[0], most)];
}

/**
 * A peer that follows a script.
 *
 *     play(there, { hear: 'load\n' }, { say: 'ACK\n' }, 'close')
 */
export type Move =
  | { readonly say: string | Uint8Array }
  /** Exactly these bytes have to come. */
  | { readonly hear: string | Uint8Array }
  /** So many bytes have to come. */
  | { readonly take: number }
  | { readonly wait: number }
  | { readonly call: () => void }
  /** Read until the other side closes. */
  | 'listen'
  | 'close';

/** Plays a script. @returns what was heard behind the last `hear` or `take`, by `listen`. */
export async function play(connection: Connection, ...moves: readonly Move[]): Promise<string> {
  let rest = '';
  for (const move of moves) {
    if (move === 'close') await connection.close();
    else if (move === 'listen') rest = await listen(connection);
    else if ('say' in move) await connection.write(bytesOf(move.say));
    else if ('take' in move) await take(connection, move.take);
    else if ('wait' in move) await new Promise((resolve) => setTimeout(resolve, move.wait));
    else if ('call' in move) move.call();
    else {
      const expected = latin1(bytesOf(move.hear));
      const heard = latin1(await take(connection, expected.length));
      if (heard !== expected) throw new Error(`heard ${JSON.stringify(heard)}, not ${JSON.stringify(expected)}`);
    }
  }
  return rest;
}

export const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const bytesOf = (data: string | Uint8Array) => (typeof data === 'string' ? utf8.encode(data) : data);

async function take(connection: Connection, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) {
    const part = await connection.read(bytes.subarray(done));
    if (part === 0) throw new Error(`the other side closed after ${JSON.stringify(latin1(bytes.subarray(0, done)))}`);
    done += part;
  }
  return bytes;
}

async function listen(connection: Connection): Promise<string> {
  let heard = '';
  const into = new Uint8Array(4096);
  for (;;) {
    const count = await connection.read(into);
    if (count === 0) return heard;
    heard += latin1(into.subarray(0, count));
  }
}

/** The bytes of hexadecimal digits. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** A block of a state under way. */
export function block(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  new DataView(bytes.buffer).setUint32(0, 0x19471205, true);
  new DataView(bytes.buffer).setUint32(4, payload.length, true);
  bytes.set(payload, 8);
  return bytes;
}
