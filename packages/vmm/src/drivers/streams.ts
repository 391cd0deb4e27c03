import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, interfaceId, offer } from '../pdm/interface-ids.js';
import { Stream } from '../pdm/interfaces.js';
import { ByteQueue } from './byte-queue.js';

// Streams that need nothing of the host: one whose other end is in the program, and one that goes nowhere.

const empty = new Uint8Array(0);

/** The program's end of a `MemoryStream`: `queryInterface(base, StreamEnd)`. */
export interface StreamEnd {
  /** Gives bytes to the machine. They wait until the guest takes them. */
  send(bytes: Uint8Array): void;
  /** The same, of a text in UTF-8. */
  sendText(text: string): void;
  /** How many bytes of {@link send} the machine has not taken. */
  readonly unread: number;
  /** Takes back what the machine has not taken: for the machine that goes on from its saved state. */
  takeUnread(): Uint8Array;
  /** Takes what the machine has sent. */
  take(): Uint8Array;
  /** The same, as text in UTF-8; what is no whole character stays. */
  takeText(): string;
  /** Is told when the machine has sent something, before it is taken. */
  onData?: (() => void) | undefined;
}

export const StreamEnd = interfaceId<StreamEnd>('StreamEnd', '0c1b4f6e-5a0b-4c53-9d0a-2f6a7be5d1a4');

/** Bytes that a `MemoryStream` keeps for the program, where its `Limit` says nothing else. */
const LIMIT = 1 << 20;

/**
 * `MemoryStream`: the other end is in the program, which gets it as {@link StreamEnd}. When the program does not take, and
 * `Limit` bytes wait, the machine has to wait, too.
 */
class MemoryStream implements Driver {
  readonly base: BaseInterface;
  readonly #instance: DriverInstance;
  readonly #toGuest = new ByteQueue();
  readonly #fromGuest = new ByteQueue();
  #limit = LIMIT;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
    const toGuest = this.#toGuest;
    const fromGuest = this.#fromGuest;
    const stream: Stream = {
      get available() {
        return toGuest.length;
      },
      read: (max) => toGuest.take(max),
      write: (bytes) => {
        const taken = bytes.subarray(0, Math.max(0, this.#limit - fromGuest.length));
        fromGuest.push(taken);
        if (taken.length > 0) end.onData?.();
        return taken.length;
      },
    };
    const text = new Utf8Pieces();
    const takeAll = () => {
      const bytes = fromGuest.take();
      if (bytes.length > 0) stream.onWritable?.();
      return bytes;
    };
    const end: StreamEnd = {
      get unread() {
        return toGuest.length;
      },
      send: (bytes) => {
        toGuest.push(bytes);
        if (toGuest.length > 0) stream.onReadable?.();
      },
      sendText: (value) => end.send(new TextEncoder().encode(value)),
      takeUnread: () => toGuest.take(),
      take: () => text.withRest(takeAll()),
      takeText: () => text.decode(takeAll()),
    };
    this.base = baseOf(offer(Stream, stream), offer(StreamEnd, end));
  }

  construct(config: ConfigNode): void {
    const { name: who, instance } = this.#instance;
    this.#limit = readConfig(config, { limit: ['Limit', 'u32', LIMIT] }, { who, instance }).limit;
  }
}

/** Decodes UTF-8 that comes in pieces, which may end inside of a character. */
class Utf8Pieces {
  #rest: Uint8Array = empty;

  decode(bytes: Uint8Array): string {
    const all = this.withRest(bytes);
    const whole = all.length - unfinished(all);
    this.#rest = all.slice(whole);
    return new TextDecoder().decode(all.subarray(0, whole));
  }

  /** The rest of the piece before, and these. */
  withRest(bytes: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return bytes;
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    this.#rest = empty;
    return all;
  }
}

/** Bytes at the end that begin a character, and do not end it. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/** `NullStream`: takes everything, and has nothing. */
class NullStream implements Driver {
  readonly base = baseOf(offer(Stream, { available: 0, read: () => empty, write: (bytes) => bytes.length }));
  readonly #instance: DriverInstance;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
  }

  construct(config: ConfigNode): void {
    const { name: who, instance } = this.#instance;
    readConfig(config, {}, { who, instance });
  }
}

/** Registration of `MemoryStream`. */
export const memoryStream: DriverRegistration = {
  name: 'MemoryStream',
  description: 'A stream whose other end is in the program.',
  classes: driverClasses.STREAM,
  create: (instance) => new MemoryStream(instance),
};

/** Registration of `NullStream`. */
export const nullStream: DriverRegistration = {
  name: 'NullStream',
  description: 'A stream that takes everything and has nothing.',
  classes: driverClasses.STREAM,
  create: (instance) => new NullStream(instance),
};
