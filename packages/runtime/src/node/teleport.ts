import { toSsmError } from '../engine/call-unit.js';
import { type LiveSaveOptions, liveSave } from '../engine/live-save.js';
import { type LoadOptions, loadState } from '../engine/load.js';
import type { ProgressListener } from '../engine/progress.js';
import type { Registry } from '../engine/registry.js';
import { isSsmError, SsmError } from '../error.js';
import type { Sink } from '../io/sink-source.js';
import { passwordLine } from '../teleport/password.js';
import { type ConversationOptions, dialects } from '../teleport/protocol.js';
import { type ReceiveOverOptions, type ReceiveResult, TeleportTarget } from '../teleport/receive.js';
import { type TeleportOverOptions, type TeleportResult, teleportOver } from '../teleport/send.js';
import { defaultTimeouts } from '../teleport/timeouts.js';
import { connectTcp, listenTcp, SocketConnection, type TcpListener } from './socket.js';

/** How a machine is teleported to another program. */
export interface TeleportOptions
  extends ConversationOptions,
    Pick<TeleportOverOptions, 'unlockMedia' | 'lockMedia' | 'paused'> {
  host: string;
  port: number;
  /** Longest time to connect, in milliseconds; default 30 s. */
  connectTimeout?: number;
  /** Longest time in milliseconds that the machine may be stopped, for the units that vote; default 250. */
  maxDowntime?: number;
  /** Stops the machine: nothing changes its state any more. */
  suspend?(): unknown;
  /**
   * Lets the machine run again after a teleport that failed behind `suspend`. Not called where the disks could not be
   * locked again: the target may have them.
   */
  resume?(failure: SsmError): unknown;
  /** Told how far the save is. */
  onSaveProgress?: ProgressListener | undefined;
  /** What the saved state says about who saved it, and more. */
  save?: Omit<LiveSaveOptions, 'after' | 'maxDowntime' | 'signal' | 'onProgress' | 'format'>;
}

/**
 * Teleports the machine of a registry: saves it live to a target that waits for it, and hands it over.
 *
 * @throws SsmError as `teleportOver`, and what connecting fails with. The machine runs again if it did before, and
 * `resume` has been called; the exception is said in the text.
 */
export async function teleport(registry: Registry, options: TeleportOptions): Promise<TeleportResult> {
  const { host, port, connectTimeout, signal } = options;
  await checkPassword(options);
  const socket = await connectTcp({ host, port, timeout: connectTimeout, signal });
  const machine = new Machine(registry, options);
  try {
    return await teleportOver(new SocketConnection(socket), {
      ...options,
      save: (sink) => machine.save(sink),
      lockMedia: () => machine.lockMedia(),
      unlockMedia: () => options.unlockMedia?.(),
    });
  } catch (error) {
    throw await machine.resumed(error as SsmError);
  }
}

/** The machine that is teleported, as far as it has to be stopped and to go on. */
class Machine {
  readonly #registry: Registry;
  readonly #options: TeleportOptions;
  #suspended = false;
  #mediaLost = false;

  constructor(registry: Registry, options: TeleportOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  async save(sink: Sink): Promise<void> {
    const { maxDowntime, signal, onSaveProgress: onProgress, save } = this.#options;
    const live = await liveSave(this.#registry, sink, {
      ...save,
      after: 'TELEPORT',
      signal,
      onProgress,
      ...(maxDowntime !== undefined && { maxDowntime }),
    });
    try {
      await live.step1();
      this.#suspended = true;
      await this.#options.suspend?.();
      await live.step2();
    } catch (error) {
      // It has nothing to say that is not known.
      await live.done().catch(() => {});
      throw error;
    }
    await live.done();
  }

  async lockMedia(): Promise<void> {
    try {
      await this.#options.lockMedia?.();
    } catch (error) {
      this.#mediaLost = true;
      throw error;
    }
  }

  /** Lets the machine go on, if it has to, and is allowed to. @returns how the failure is told. */
  async resumed(failure: SsmError): Promise<SsmError> {
    if (!this.#suspended) return failure;
    const told = (more: string) =>
      new SsmError(failure.status, `${failure.detail}; ${more}`, failure.where, { cause: failure });
    if (this.#mediaLost) return told('the machine stays suspended');
    try {
      await this.#options.resume?.(failure);
      return failure;
    } catch (error) {
      return told(`and the machine could not be resumed: ${toSsmError('resume', error).detail}`);
    }
  }
}

/** How a machine is received. */
export interface ReceiveOptions extends Omit<ReceiveOverOptions, 'load'> {
  /** Address to listen on; default: all. */
  host?: string;
  /** Port to listen on; 0, the default, for one that is free, which `onListening` tells. */
  port?: number;
  /** Longest time in milliseconds until a source has given the right password; default five minutes. */
  timeout?: number;
  /** Told where the source has to connect to. */
  onListening?(address: { readonly host: string; readonly port: number }): void;
  /** Told of every connection that was not let in: a wrong password, or no password. */
  onRefused?(failure: SsmError, peer: string | undefined): void;
  /** How the state is loaded. */
  load?: Omit<LoadOptions, 'signal'>;
}

const WAIT = 300_000;

/**
 * Waits for a machine, and loads it into the units of a registry. Once it has resolved, the machine is ours, to be run
 * unless `paused`.
 *
 * @param into what is loaded into; a function where more than units has to be loaded.
 *
 * Connections are heard one after the other. One that does not give the right password is closed, and the waiting goes
 * on; the first one that does is the last.
 *
 * @throws SsmError as `receiveOver`; VERR_TIMEOUT when no source came; VERR_NET_ADDRESS_IN_USE. The state of the units is
 * undefined then.
 */
export async function receive(
  into: Registry | ReceiveOverOptions['load'],
  options: ReceiveOptions = {},
): Promise<ReceiveResult & { readonly peer: string | undefined }> {
  const { host, port = 0, timeout = WAIT, signal, onListening, onRefused, load } = options;
  await checkPassword(options);
  const listener = await (port === 0 ? listenAnywhere(host, signal) : listenTcp({ host, port, signal }));
  const deadline = performance.now() + timeout;
  const left = () => Math.max(0, deadline - performance.now());
  try {
    onListening?.call(options, { host: listener.host, port: listener.port });
    for (;;) {
      const connection = await listener.accept({ timeout: left(), signal }).catch((error: SsmError) => {
        if (error.status !== 'VERR_TIMEOUT') throw error;
        throw new SsmError('VERR_TIMEOUT', `no source with the right password within ${timeout} ms`);
      });
      const { password: passwordTimeout } = { ...defaultTimeouts, ...options.timeouts };
      const target = new TeleportTarget(connection, {
        ...options,
        timeouts: { ...options.timeouts, password: Math.min(passwordTimeout, left()) },
        load: (source, given) =>
          typeof into === 'function' ? into(source, given) : loadState(into, source, { ...load, signal }),
        lockMedia: () => options.lockMedia?.(),
        unlockMedia: () => options.unlockMedia?.(),
      });
      try {
        const refusal = await target.admit().then(
          () => undefined,
          (error: SsmError) => error,
        );
        if (refusal === undefined) {
          listener.close();
          return { ...(await target.serve()), peer: connection.peer };
        }
        if (signal?.aborted) throw refusal;
        onRefused?.call(options, refusal, connection.peer);
      } finally {
        await target.close();
      }
    }
  } finally {
    listener.close();
  }
}

/** Ports that VirtualBox tries where it is not told one: first dynamic ones, then all that need no privilege. */
export function* portsToTry(random: () => number = Math.random): Generator<number> {
  const LAST = 65534;
  for (let attempt = 0; attempt < 10_240; attempt++) {
    const first = attempt <= 2048 ? 49152 : 1024;
    yield first + Math.floor(random() * (LAST - first + 1));
  }
}

async function listenAnywhere(host: string | undefined, signal: AbortSignal | undefined): Promise<TcpListener> {
  let inUse: unknown;
  for (const port of portsToTry()) {
    try {
      return await listenTcp({ host, port, signal });
    } catch (error) {
      if (!(isSsmError(error) && error.status === 'VERR_NET_ADDRESS_IN_USE')) throw error;
      inUse = error;
    }
  }
  throw inUse;
}

/** Refuses a password before anybody is bothered with it. */
async function checkPassword({ password = '', dialect = '4.2' }: ConversationOptions): Promise<void> {
  await passwordLine(password, dialects[dialect].plainPassword);
}
