import { failed, toSsmError } from '../engine/call-unit.js';
import { SsmError } from '../error.js';
import type { Sink } from '../io/sink-source.js';
import { ANSWER_MAX, failureOf } from './answers.js';
import { BlockSink } from './blocks.js';
import type { Connection } from './connection.js';
import { passwordLine, sameBytes } from './password.js';
import { type ConversationOptions, dialects, encodeLine, Steps, type TeleportStep, WELCOME } from './protocol.js';
import { defaultTimeouts, type TeleportTimeouts } from './timeouts.js';
import { Wire } from './wire.js';

/** How long a target that gives up may take to say why, in milliseconds. */
const REFUSAL = 1000;

/** What a machine has to do at its source. Every callback may be asynchronous. */
export interface TeleportOverOptions extends ConversationOptions {
  /**
   * Saves the machine to a sink and closes that, as `saveState` and `liveSave` do.
   *
   * @param options.signal the one of the teleport.
   */
  save(sink: Sink, options: { readonly signal: AbortSignal | undefined }): unknown;
  /** Lets go of the disks, so that the target may take them. */
  unlockMedia?(): unknown;
  /** Takes the disks back after a teleport that failed behind `unlockMedia`. */
  lockMedia?(): unknown;
  /** Whether the machine is not to run at the target; asked after the save. Default false. */
  paused?: boolean | (() => boolean);
}

/** What a teleport amounts to. */
export interface TeleportResult {
  /** Size of the saved state in bytes. */
  readonly bytes: number;
  /** Whether the machine was handed over without letting it run. */
  readonly paused: boolean;
}

/**
 * The source's side of a teleport: once it has resolved, the machine is the target's. The connection is closed in any
 * case.
 *
 * Cancelling works until the target has loaded the state.
 *
 * @throws SsmError with the step in its text. VERR_AUTHENTICATION_FAILURE for a wrong password; the status and the text
 * of the target's refusal; the failure of the save; VERR_SSM_CANCELLED, VERR_TIMEOUT; VERR_EOF, VERR_IO_GEN_FAILURE for a
 * connection that ends or fails; VERR_VERSION_MISMATCH for what is no teleport target. A failure at the step `hand-over`
 * leaves open whether the target has taken the machine over.
 */
export async function teleportOver(connection: Connection, options: TeleportOverOptions): Promise<TeleportResult> {
  const wire = new Wire(connection);
  const detach = wire.interrupt.cancelOn(options.signal);
  const source = new TeleportSource(wire, options);
  try {
    return await source.run(detach);
  } catch (error) {
    throw await source.failed(error);
  } finally {
    detach();
    await wire.close();
  }
}

class TeleportSource {
  readonly #wire: Wire;
  readonly #options: TeleportOverOptions;
  readonly #timeouts: TeleportTimeouts;
  readonly #steps: Steps;
  #unlocked = false;
  /** The machine may be the target's, which has not said so. */
  #uncertain = false;

  constructor(wire: Wire, options: TeleportOverOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#steps = new Steps('source', 'welcome', options.onProgress);
  }

  /** @param commit from then on the teleport cannot be cancelled. */
  async run(commit: () => void): Promise<TeleportResult> {
    const { password = '', dialect = '4.2', unlockMedia } = this.#options;
    const line = await passwordLine(password, dialects[dialect].plainPassword);
    this.#steps.enter('welcome');
    await this.#welcome();
    this.#steps.enter('password');
    await this.#ask(line, 'password');
    this.#steps.enter('load');
    await this.#ask(encodeLine('load'), 'load');
    this.#steps.enter('stream');
    await this.#stream();
    this.#steps.enter('load-complete');
    await this.#answer('load-complete', this.#timeouts.loadComplete);
    this.#wire.interrupt.check();
    commit();

    this.#steps.enter('lock-media');
    this.#unlocked = true;
    await unlockMedia?.call(this.#options);
    await this.#ask(encodeLine('lock-media'), 'lock-media');
    let { paused = false } = this.#options;
    if (typeof paused === 'function') paused = paused();
    this.#steps.enter('hand-over');
    this.#uncertain = true;
    await this.#ask(encodeLine(paused ? 'hand-over-paused' : 'hand-over-resume'), 'hand-over');
    return { bytes: this.#steps.bytes, paused };
  }

  /** What is to be done about a failure, and how it is told. */
  async failed(thrown: unknown): Promise<SsmError> {
    const error = toSsmError('a callback', thrown);
    // The target has the whole state then, and would wait for what is to become of it.
    if (this.#steps.step === 'load-complete' && error === this.#wire.interrupt.failure) {
      await this.#wire.farewell(encodeLine('cancel'));
    }
    const told = failed(String(this.#steps), error);
    let more = this.#uncertain ? '; whether the target has taken the machine over is not known' : '';
    if (this.#unlocked) {
      try {
        await this.#options.lockMedia?.();
      } catch (again) {
        more += `; and the media could not be locked again: ${toSsmError('lockMedia', again).detail}`;
      }
    }
    return more === '' ? told : new SsmError(told.status, told.detail + more, told.where, { cause: error });
  }

  async #welcome(): Promise<void> {
    const wait = { what: "the target's welcome", timeout: this.#timeouts.answer };
    const given = await this.#wire.readExactly(WELCOME.length, wait);
    if (sameBytes(given, WELCOME)) return;
    const text = JSON.stringify(String.fromCharCode(...given));
    throw new SsmError('VERR_VERSION_MISMATCH', `unexpected welcome ${text}: no teleport target?`);
  }

  async #ask(line: Uint8Array, step: TeleportStep): Promise<void> {
    await this.#wire.write(line, { what: `the target to take '${step}'`, timeout: this.#timeouts.answer });
    await this.#answer(step, this.#timeouts.answer);
  }

  async #answer(step: TeleportStep, timeout: number): Promise<void> {
    const failure = await this.#readAnswer(step, timeout);
    if (failure === undefined) return;
    if (step !== 'password' || failure.status === 'VERR_IO_GEN_FAILURE') throw failure;
    throw new SsmError('VERR_AUTHENTICATION_FAILURE', 'the target refused: invalid password', {}, { cause: failure });
  }

  async #readAnswer(step: TeleportStep, timeout: number): Promise<SsmError | undefined> {
    const wait = { what: `the target's answer to '${step}'`, timeout };
    // A refusal that was cut off at the length of a line has lost its newline.
    const line = await this.#wire.readLine(ANSWER_MAX, wait, 'NACK=');
    this.#uncertain = false;
    return failureOf(line, step);
  }

  async #stream(): Promise<void> {
    const { save, signal } = this.#options;
    const sink = new BlockSink(this.#wire, {
      timeout: this.#timeouts.stream,
      onBytes: (bytes) => this.#steps.count(bytes),
    });
    try {
      await save.call(this.#options, sink, { signal });
      if (!sink.closed) await sink.close(false);
    } catch (thrown) {
      const error = toSsmError('save', thrown);
      if (!sink.closed) await sink.close(true, error);
      throw (await this.#refusal(error)) ?? error;
    }
  }

  /** What a target that has given up tells, as the answer to a stream that is not complete. */
  async #refusal(cause: SsmError): Promise<SsmError | undefined> {
    const wire = this.#wire;
    if (wire.interrupt.failure !== undefined || !(wire.pending || wire.broken)) return undefined;
    try {
      const refusal = await this.#readAnswer('load-complete', REFUSAL);
      return refusal && new SsmError(refusal.status, refusal.detail, {}, { cause });
    } catch {
      // A connection that just ends tells less than the save does.
      return undefined;
    }
  }
}
