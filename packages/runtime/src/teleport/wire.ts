import { isSsmError, SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import { messageOf } from '../io/thrown.js';
import type { Connection } from './connection.js';

/** Size of the buffer for what the other side has sent. */
const BUFFER = 65536;

/** How long a last word may take on a connection that is given up, in milliseconds. */
const FAREWELL = 1000;

const NEWLINE = 0x0a;

const utf8 = new TextDecoder();

/** A wait for the other side. */
export interface Wait {
  /** What for: `the target's welcome`. */
  readonly what: string;
  /** How long at most, in milliseconds; `Infinity` for as long as it takes. */
  readonly timeout: number;
}

/**
 * A connection as the two sides of a teleport use it: lines and binary data from one buffer, a limit on every wait, and an
 * interrupt that ends all waiting. A wait that takes too long is an interruption, too: the conversation is over then.
 */
export class Wire {
  readonly interrupt = new Interrupt();
  readonly #connection: Connection;
  readonly #buffer = new Uint8Array(BUFFER);
  #pos = 0;
  #limit = 0;
  #ended = false;
  #failure: SsmError | undefined;
  #fetching: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #broken = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The wire itself, or one over a connection. */
  static over(connection: Connection | Wire): Wire {
    return connection instanceof Wire ? connection : new Wire(connection);
  }

  /** Whether a read would return at once, be it with the end or a failure. Needs {@link lookAhead}. */
  get pending(): boolean {
    return this.#pos < this.#limit || this.#ended || this.#failure !== undefined;
  }

  /** Whether a write has failed. What the other side sent before may still be read. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Begins to read what nobody has asked for yet. */
  lookAhead(): void {
    if (!this.pending) void this.#fetch();
  }

  /** Fills the buffer, which is empty. Never rejects. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#connection
      .read(this.#buffer)
      .then(
        (count) => {
          this.#pos = 0;
          this.#limit = count;
          this.#ended = count === 0;
        },
        (error: unknown) => {
          this.#failure = connectionFailure(error);
        },
      )
      .then(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #wait<T>(promise: Promise<T>, { what, timeout }: Wait): Promise<T> {
    const late = () => {
      this.interrupt.interrupt(new SsmError('VERR_TIMEOUT', `waited ${timeout} ms for ${what}`));
    };
    const timer = timeout < 2 ** 31 ? setTimeout(late, timeout) : undefined;
    try {
      return await this.interrupt.race(promise);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Brings at least a byte into the buffer. @returns false at the end. @throws SsmError the connection's failure. */
  async #more(): Promise<boolean> {
    if (this.#pos === this.#limit && !this.pending) await this.#fetch();
    if (this.#pos < this.#limit) return true;
    if (this.#failure !== undefined) throw this.#failure;
    return false;
  }

  /** Reads what there is. @returns the number of bytes; 0 only at the end. */
  async read(into: Uint8Array, wait: Wait): Promise<number> {
    this.interrupt.check();
    if (!(this.#pos < this.#limit || (await this.#wait(this.#more(), wait)))) return 0;
    const part = this.#buffer.subarray(this.#pos, Math.min(this.#limit, this.#pos + into.length));
    into.set(part);
    this.#pos += part.length;
    return part.length;
  }

  /** Reads exactly `count` bytes. @throws SsmError VERR_EOF where the connection ends before. */
  readExactly(count: number, wait: Wait): Promise<Uint8Array> {
    return this.#wait(this.#take(count, wait), wait);
  }

  /**
   * Reads to the end of a line, the byte that ends it included, but not more than `most` bytes.
   *
   * @throws SsmError VERR_EOF where the connection ends before.
   */
  readThroughNewline(most: number, wait: Wait): Promise<Uint8Array> {
    return this.#wait(this.#take(most, wait, { isLast: (byte) => byte === NEWLINE }), wait);
  }

  /**
   * Reads a line, which ends with a newline or a NUL.
   *
   * @param most bytes that it may have, without the one that ends it.
   * @param open beginning of lines that may also end with the connection.
   * @throws SsmError VERR_BUFFER_OVERFLOW for a longer one, VERR_EOF.
   */
  async readLine(most: number, wait: Wait, open?: string): Promise<string> {
    const isLast = (byte: number | undefined) => byte === NEWLINE || byte === 0;
    const line = await this.#wait(this.#take(most + 1, wait, { isLast, open }), wait);
    if (isLast(line.at(-1))) return utf8.decode(line.subarray(0, -1));
    if (line.length <= most) return utf8.decode(line);
    throw new SsmError('VERR_BUFFER_OVERFLOW', `more than ${most} bytes in ${wait.what}`);
  }

  async #take(
    most: number,
    { what }: Wait,
    { isLast = () => false, open }: { isLast?: (byte: number) => boolean; open?: string | undefined } = {},
  ): Promise<Uint8Array> {
    const taken = new Uint8Array(most);
    for (let length = 0; length < most; ) {
      if (!(await this.#more())) {
        const text = utf8.decode(taken.subarray(0, length));
        if (open !== undefined && text.startsWith(open)) return taken.subarray(0, length);
        const so = text === '' ? '' : ` was complete: '${text}'`;
        throw new SsmError('VERR_EOF', `the connection was closed before ${what}${so}`);
      }
      const byte = this.#buffer[this.#pos++] as number;
      taken[length++] = byte;
      if (isLast(byte)) return taken.subarray(0, length);
    }
    return taken;
  }

  /** Sends `data`. */
  async write(data: Uint8Array, wait: Wait): Promise<void> {
    this.interrupt.check();
    await this.#wait(this.#write(data), wait);
  }

  #write(data: Uint8Array): Promise<void> {
    const written = this.#connection.write(data).catch((error: unknown) => {
      this.#broken = true;
      throw connectionFailure(error);
    });
    this.#writing = written;
    return written;
  }

  /**
   * Sends a last word, also after an interruption, once the write that is under way has ended; gives up after a second.
   * Never rejects.
   */
  async farewell(data: Uint8Array): Promise<void> {
    const said = async () => {
      await this.#writing;
      await this.#write(data);
    };
    await atMost(FAREWELL, said());
  }

  /**
   * Reads over what the other side still sends, until it ends or for a time: a connection that is closed while data
   * arrives may take along the answer that the other side has not read yet. Never rejects.
   */
  async linger(timeout: number): Promise<void> {
    const end = performance.now() + timeout;
    const read = async () => {
      while (performance.now() < end && (await this.#more())) this.#pos = this.#limit;
    };
    await atMost(timeout, read());
  }

  /** Closes the connection. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#connection.close();
    } catch {
      // It is of no use any more, closed or not.
    }
  }
}

/** Waits for a promise, whatever comes of it, but no longer than a number of milliseconds. */
async function atMost(timeout: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  try {
    await Promise.race([promise.catch(() => {}), late]);
  } finally {
    clearTimeout(timer);
  }
}

function connectionFailure(error: unknown): SsmError {
  const detail = `the connection failed: ${isSsmError(error) ? error.detail : messageOf(error)}`;
  return new SsmError(isSsmError(error) ? error.status : 'VERR_IO_GEN_FAILURE', detail, {}, { cause: error });
}
