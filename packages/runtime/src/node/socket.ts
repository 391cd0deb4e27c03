import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import type { Connection } from '../teleport/connection.js';
import { fromSystemError, systemCall } from './errno.js';
import { NodeReadableSource, NodeWritableSink } from './streams.js';

/** A socket, or any other stream of Node with two directions (TLS, a pipe), as the connection of a teleport. */
export class SocketConnection implements Connection {
  readonly peer: string | undefined;
  readonly #stream: Duplex;
  readonly #source: NodeReadableSource;
  readonly #sink: NodeWritableSink;

  /** @param peer who is at the other end; of sockets that are connected the default is their address. */
  constructor(stream: Duplex, peer = addressOf(stream)) {
    this.peer = peer;
    this.#stream = stream;
    this.#source = new NodeReadableSource(stream);
    this.#sink = new NodeWritableSink(stream);
  }

  /** Whether nothing can be written any more. */
  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  read(into: Uint8Array): Promise<number> {
    return this.#source.read(into);
  }

  write(data: Uint8Array): Promise<void> {
    return this.#sink.write(data);
  }

  close(): void {
    this.#stream.destroy();
  }
}

function addressOf(stream: Duplex & { remoteAddress?: string; remotePort?: number }): string | undefined {
  const { remoteAddress: host, remotePort: port } = stream;
  return host === undefined || port === undefined ? undefined : formatAddress(host, port);
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where to connect to. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Longest time to connect, in milliseconds; default 30 s. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_TIMEOUT = 30_000;

/** Longest delay that timers take. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * Connects to a TCP port, without Nagle's algorithm.
 *
 * @throws SsmError VERR_TIMEOUT, VERR_SSM_CANCELLED, VERR_INVALID_PARAMETER for a port that is none, VERR_IO_GEN_FAILURE.
 */
export async function connectTcp(options: ConnectOptions): Promise<Socket> {
  const { host, port, timeout = CONNECT_TIMEOUT, signal } = options;
  expectPort(port, 1);
  const address = formatAddress(host, port);
  return waiting({ what: `a connection to ${address}`, timeout, signal }, async (interrupt) => {
    interrupt.check();
    const socket = systemCall(() => connect({ host, port, noDelay: true }));
    try {
      await interrupt.race(
        new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve).once('error', reject);
        }),
      );
      socket.removeAllListeners('error');
      return socket;
    } catch (error) {
      socket.on('error', () => {}).destroy();
      const { status, detail } = fromSystemError(error);
      throw new SsmError(status, `connecting to ${address}: ${detail}`, {}, { cause: error });
    }
  });
}

/** Where to listen. */
export interface ListenOptions {
  /** Default: all addresses. */
  readonly host?: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
  readonly signal?: AbortSignal | undefined;
}

/** Connections that wait for their turn; further ones are closed at once. */
const BACKLOG = 16;

/** A TCP port that is listened on. Connections are handed out one by one, in the order in which they came. */
export class TcpListener {
  /** The address listened on. */
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #waiting: SocketConnection[] = [];
  #wake: () => void = () => {};

  /** Use {@link listenTcp}. */
  constructor(server: Server) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new SsmError('VERR_INVALID_STATE', 'no TCP server');
    this.host = address.address;
    this.port = address.port;
    this.#server = server;
    // A connection that could not be accepted, for want of descriptors say: the next one may be.
    server.on('error', () => {});
    server.on('connection', (socket) => {
      // From here on its errors have somebody who listens to them.
      const connection = new SocketConnection(socket);
      if (this.#waiting.length >= BACKLOG) connection.close();
      else this.#waiting.push(connection);
      this.#wake();
    });
  }

  /**
   * Waits for the next connection.
   *
   * @param options.timeout in milliseconds; default: as long as it takes.
   * @throws SsmError VERR_TIMEOUT, VERR_SSM_CANCELLED.
   */
  accept(
    options: { readonly timeout?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SocketConnection> {
    const { timeout = Number.POSITIVE_INFINITY, signal } = options;
    return waiting({ what: 'a connection', timeout, signal }, async (interrupt) => {
      for (;;) {
        interrupt.check();
        const next = this.#waiting.shift();
        if (next !== undefined && !next.destroyed) return next;
        if (next !== undefined) continue;
        await interrupt.race(
          new Promise<void>((resolve) => {
            this.#wake = resolve;
          }),
        );
      }
    });
  }

  /** Listens no longer, and closes the connections that still wait for their turn. */
  close(): void {
    this.#server.close();
    for (const connection of this.#waiting.splice(0)) connection.close();
  }
}

/**
 * Listens on a TCP port.
 *
 * @throws SsmError VERR_NET_ADDRESS_IN_USE, VERR_SSM_CANCELLED, VERR_INVALID_PARAMETER for a port that is none,
 * VERR_IO_GEN_FAILURE.
 */
export async function listenTcp(options: ListenOptions): Promise<TcpListener> {
  const { host, port, signal } = options;
  expectPort(port, 0);
  return waiting({ what: 'the port', timeout: Number.POSITIVE_INFINITY, signal }, async (interrupt) => {
    const server = createServer({ noDelay: true });
    try {
      await interrupt.race(
        new Promise<void>((resolve, reject) => {
          server.once('error', reject).listen({ port, ...(host !== undefined && { host }) }, resolve);
        }),
      );
      return new TcpListener(server);
    } catch (error) {
      server.close();
      const { status, detail } = fromSystemError(error);
      throw new SsmError(status, `listening on port ${port}: ${detail}`, {}, { cause: error });
    }
  });
}

/** Runs a step that ends when it is cancelled or takes too long. */
async function waiting<T>(
  { what, timeout, signal }: { what: string; timeout: number; signal: AbortSignal | undefined },
  step: (interrupt: Interrupt) => Promise<T>,
): Promise<T> {
  const interrupt = new Interrupt();
  const detach = interrupt.cancelOn(signal);
  const late = () => interrupt.interrupt(new SsmError('VERR_TIMEOUT', `waited ${timeout} ms for ${what}`));
  const timer = timeout <= TIMER_MAX ? setTimeout(late, timeout) : undefined;
  try {
    return await step(interrupt);
  } finally {
    clearTimeout(timer);
    detach();
  }
}

function expectPort(port: number, least: number): void {
  if (!(Number.isInteger(port) && port >= least && port <= 0xffff)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${port} is no port`);
  }
}
