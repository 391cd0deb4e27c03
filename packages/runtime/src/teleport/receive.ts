import { failed, toSsmError } from '../engine/call-unit.js';
import { formatWhere, SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { ACK, encodeNack } from './answers.js';
import { BlockSource } from './blocks.js';
import type { Connection } from './connection.js';
import { passwordLine, passwordLineMax, sameBytes } from './password.js';
import { COMMAND_MAX, type Command, type ConversationOptions, dialects, Steps, WELCOME } from './protocol.js';
import { defaultTimeouts, type TeleportTimeouts } from './timeouts.js';
import { Wire } from './wire.js';

/** What a machine has to do at its target. Every callback may be asynchronous. */
export interface ReceiveOverOptions extends ConversationOptions {
  /**
   * Loads the machine from a source, as `loadState` does.
   *
   * @param options.signal the one of the teleport.
   */
  load(source: Source, options: { readonly signal: AbortSignal | undefined }): unknown;
  /** Takes the disks. */
  lockMedia?(): unknown;
  /** Lets go of the disks again, when the teleport fails behind `lockMedia`. */
  unlockMedia?(): unknown;
  /** Milliseconds after which a wrong password is refused, at least and at most; default 64…1024. */
  passwordDelay?: readonly [least: number, most: number];
}

/** What was received. */
export interface ReceiveResult {
  /** Size of the saved state in bytes. */
  readonly bytes: number;
  /** Whether the machine is to stay paused; otherwise it is to run now. */
  readonly paused: boolean;
}

/** As VirtualBox has it since 7.0.8: long enough to make guessing tedious. */
const PASSWORD_DELAY = [64, 1024] as const;

/**
 * The target's side of a teleport, from the welcome to the hand-over: once it has resolved, the machine is ours. The
 * connection is closed in any case.
 *
 * @throws SsmError with the step in its text. VERR_AUTHENTICATION_FAILURE for a wrong password; the failure of the load;
 * VERR_SSM_CANCELLED when either side gives up; VERR_FILE_LOCK_FAILED, VERR_WRONG_ORDER, VERR_NOT_IMPLEMENTED,
 * VERR_BUFFER_OVERFLOW for commands that make no sense; VERR_TIMEOUT; VERR_EOF, VERR_IO_GEN_FAILURE for a connection that
 * ends or fails. The source has been told where it could be.
 */
export async function receiveOver(connection: Connection, options: ReceiveOverOptions): Promise<ReceiveResult> {
  const target = new TeleportTarget(connection, options);
  try {
    await target.admit();
    return await target.serve();
  } finally {
    await target.close();
  }
}

/** The target's end of one connection. */
export class TeleportTarget {
  readonly #wire: Wire;
  readonly #options: ReceiveOverOptions;
  readonly #timeouts: TeleportTimeouts;
  readonly #steps: Steps;
  readonly #detach: () => void;
  #locked = false;
  #loaded = false;
  #unlocking: SsmError | undefined;

  constructor(connection: Connection, options: ReceiveOverOptions) {
    this.#wire = new Wire(connection);
    this.#options = options;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#steps = new Steps('target', 'password', options.onProgress);
    this.#detach = this.#wire.interrupt.cancelOn(options.signal);
  }

  /** Lets the source in. @throws SsmError when it is not to be. */
  admit(): Promise<void> {
    return this.#told(async () => {
      const { password = '', dialect = '4.2' } = this.#options;
      const expected = await passwordLine(password, dialects[dialect].plainPassword);
      this.#steps.enter('password');
      const { password: timeout } = this.#timeouts;
      await this.#wire.write(WELCOME, { what: 'the source to take the welcome', timeout });
      const wait = { what: "the source's password", timeout };
      const given = await this.#wire.readThroughNewline(passwordLineMax(expected), wait);
      if (sameBytes(given, expected)) return this.#acknowledge();
      await this.#delay();
      const error = new SsmError('VERR_AUTHENTICATION_FAILURE', 'the source has given a wrong password');
      await this.#wire.farewell(encodeNack(error.rc));
      throw error;
    });
  }

  /** Does what the source asks for, up to the hand-over. */
  serve(): Promise<ReceiveResult> {
    return this.#told(async () => {
      this.#steps.enter('load');
      for (;;) {
        const wait = { what: "the source's next command", timeout: this.#timeouts.answer };
        const line = await this.#wire.readLine(COMMAND_MAX, wait);
        const result = await this.#execute(line);
        if (result !== undefined) return result;
      }
    });
  }

  /** Closes the connection; what is under way fails. */
  async close(): Promise<void> {
    this.#detach();
    await this.#wire.close();
  }

  /** Runs a part of the conversation; what goes wrong is told with the step, and our disks are let go. */
  async #told<T>(part: () => Promise<T>): Promise<T> {
    try {
      return await part();
    } catch (thrown) {
      const told = failed(String(this.#steps), toSsmError('a callback', thrown));
      await this.#unlock();
      if (this.#unlocking === undefined) throw told;
      const detail = `${told.detail}; and the media could not be unlocked: ${this.#unlocking.detail}`;
      throw new SsmError(told.status, detail, told.where, { cause: told });
    }
  }

  readonly #commands: Readonly<Record<Command, () => Promise<ReceiveResult | undefined>>> = {
    load: () => this.#load(),
    cancel: () => {
      throw new SsmError('VERR_SSM_CANCELLED', 'the source has given up');
    },
    'lock-media': () => this.#lockMedia(),
    'hand-over-resume': () => this.#handOver(false),
    'hand-over-paused': () => this.#handOver(true),
  };

  #execute(line: string): Promise<ReceiveResult | undefined> {
    if (Object.hasOwn(this.#commands, line)) return this.#commands[line as Command]();
    const error = new SsmError('VERR_NOT_IMPLEMENTED', `no command: ${JSON.stringify(line)}`);
    return this.#refuse(error);
  }

  async #load(): Promise<undefined> {
    this.#steps.enter('load');
    if (this.#loaded) await this.#refuse(new SsmError('VERR_WRONG_ORDER', 'a state was loaded already'));
    await this.#acknowledge();
    this.#steps.enter('stream');
    const source = new BlockSource(this.#wire, {
      timeout: this.#timeouts.stream,
      onBytes: (bytes) => this.#steps.count(bytes),
    });
    try {
      const { load, signal } = this.#options;
      await load.call(this.#options, source, { signal });
      // SSM reads no further than the footer.
      if ((await source.read(new Uint8Array(1))) > 0) {
        throw new SsmError('VERR_TOO_MUCH_DATA', 'there is something behind the saved state');
      }
    } catch (error) {
      await this.#refuse(toSsmError('load', error));
    }
    this.#loaded = true;
    this.#steps.enter('load-complete');
    await this.#acknowledge();
  }

  async #lockMedia(): Promise<undefined> {
    this.#steps.enter('lock-media');
    if (!this.#locked) {
      try {
        await this.#options.lockMedia?.();
      } catch (thrown) {
        const { detail } = toSsmError('lockMedia', thrown);
        await this.#refuse(new SsmError('VERR_FILE_LOCK_FAILED', detail, {}, { cause: thrown }));
      }
      this.#locked = true;
    }
    await this.#acknowledge();
  }

  async #handOver(paused: boolean): Promise<ReceiveResult> {
    this.#steps.enter('hand-over');
    // VirtualBox has no rule for a state that was never sent: its machine would begin with whatever it has.
    if (!this.#loaded) await this.#refuse(new SsmError('VERR_WRONG_ORDER', 'no state was loaded'));
    // It answers with this status, not with the one of a wrong order.
    if (!this.#locked) await this.#refuse(new SsmError('VERR_SSM_CANCELLED', 'the media are not locked'));
    await this.#acknowledge();
    return { bytes: this.#steps.bytes, paused };
  }

  #acknowledge(): Promise<void> {
    const what = `the source to take the answer to '${this.#steps.step}'`;
    return this.#wire.write(ACK, { what, timeout: this.#timeouts.answer });
  }

  /** Ends the conversation with a refusal. */
  async #refuse(error: SsmError): Promise<never> {
    await this.#unlock();
    const { dialect = '4.2' } = this.#options;
    const place = formatWhere(error.where);
    const text = `${error.detail}${place && ` (${place})`}`;
    await this.#wire.farewell(encodeNack(error.rc, dialects[dialect].refusalText ? text : ''));
    await this.#wire.linger(this.#timeouts.linger);
    throw error;
  }

  /** Never rejects: there is a failure already, and this one is told behind it. */
  async #unlock(): Promise<void> {
    if (!this.#locked) return;
    this.#locked = false;
    try {
      await this.#options.unlockMedia?.();
    } catch (thrown) {
      this.#unlocking = toSsmError('unlockMedia', thrown);
    }
  }

  async #delay(): Promise<void> {
    const [least, most] = this.#options.passwordDelay ?? PASSWORD_DELAY;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, least + Math.random() * (most - least));
    });
    try {
      await this.#wire.interrupt.race(over);
    } finally {
      clearTimeout(timer);
    }
  }
}
