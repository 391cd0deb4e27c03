import { createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { loadState } from '../engine/load.js';
import { saveState } from '../engine/save.js';
import type { SsmError } from '../error.js';
import { later, readAll, TestMachine, testBytes, writeAll } from '../io/testing.js';
import { statusOf } from '../testing.js';
import { connectTcp, listenTcp, SocketConnection, type TcpListener } from './socket.js';
import { NodeReadableSource, NodeWritableSink } from './streams.js';

const host = '127.0.0.1';

describe('TCP', () => {
  let listener: TcpListener;
  beforeEach(async () => {
    listener = await listenTcp({ host, port: 0 });
  });
  afterEach(() => listener.close());

  async function pair(): Promise<[here: Socket, there: SocketConnection]> {
    return Promise.all([connectTcp({ host, port: listener.port }), listener.accept({ timeout: 1000 })]);
  }

  it('connects and accepts, and knows who is there', async () => {
    const [here, there] = await pair();
    expect([listener.host, there.peer]).to.deep.equal([host, `${host}:${here.localPort}`]);
    expect(new SocketConnection(here).peer).to.equal(`${host}:${listener.port}`);
    here.destroy();
    there.close();
  });

  it('carries bytes in both directions at the same time, whatever the pieces', async () => {
    const [socket, there] = await pair();
    const here = new SocketConnection(socket);
    const data = testBytes(2_000_000);
    const exchange = async (connection: SocketConnection) => {
      const sink = { write: (part: Uint8Array) => connection.write(part), close() {} };
      let left = data.length;
      const read = async (into: Uint8Array) => {
        if (left === 0) return 0;
        const count = await connection.read(into);
        left -= count;
        return count;
      };
      const [got] = await Promise.all([readAll({ read }, [10_007, 3]), writeAll(sink, data, [65_536, 1, 999])]);
      expect(Buffer.compare(got, data)).to.equal(0);
    };
    await Promise.all([exchange(here), exchange(there)]);
    here.close();
    expect(await there.read(new Uint8Array(1))).to.equal(0);
    there.close();
  });

  it('carries a state without any protocol', async () => {
    const source = new TestMachine(2_000_000, 3);
    const target = new TestMachine(2_000_000);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    const received = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const socket = await connectTcp({ host, port });
    await Promise.all([
      saveState(source.registry, new NodeWritableSink(socket)),
      received.then((other) => loadState(target.registry, new NodeReadableSource(other))),
    ]);
    expect(target.equals(source)).to.equal(true);
    socket.destroy();
    (await received).destroy();
    server.close();
  });

  it('hands connections out in their order, without those that have gone', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 3; i++) {
      const socket = await connectTcp({ host, port: listener.port });
      sockets.push(socket);
      await new Promise<void>((resolve) => socket.write(`${i}`, () => resolve()));
      await later(5);
    }
    sockets[1]?.resetAndDestroy();
    await later(20);
    for (const expected of ['0', '2']) {
      const connection = await listener.accept({ timeout: 1000 });
      const into = new Uint8Array(1);
      await connection.read(into);
      expect(String.fromCharCode(...into)).to.equal(expected);
      connection.close();
    }
    for (const socket of sockets) socket.destroy();
  });

  it('lets no more than 16 wait', async () => {
    const sockets: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 20; i++) {
      const socket = await connectTcp({ host, port: listener.port });
      socket.on('error', () => {}).on('close', () => closed++);
      sockets.push(socket.resume());
    }
    await later(100);
    expect(closed).to.equal(4);
    for (const socket of sockets) socket.destroy();
  });

  const failures: readonly [name: string, step: () => Promise<unknown>, message: RegExp][] = [
    [
      'connecting to where nobody listens',
      async () => {
        const { port } = listener;
        listener.close();
        await connectTcp({ host, port });
      },
      /^VERR_IO_GEN_FAILURE: connecting to 127\.0\.0\.1:\d+: connect ECONNREFUSED/,
    ],
    ['connecting to no port', () => connectTcp({ host, port: 0 }), /^VERR_INVALID_PARAMETER: 0 is no port/],
    ['connecting to no number', () => connectTcp({ host, port: Number.NaN }), /^VERR_INVALID_PARAMETER: NaN is no/],
    [
      'connecting, cancelled before',
      () => connectTcp({ host, port: listener.port, signal: AbortSignal.abort() }),
      /^VERR_SSM_CANCELLED: /,
    ],
    [
      'connecting to where nobody answers',
      // An address for documentation: nobody has it.
      () => connectTcp({ host: '192.0.2.1', port: 9, timeout: 50 }),
      /^VERR_(TIMEOUT: connecting to 192\.0\.2\.1:9: waited 50 ms|IO_GEN_FAILURE: connecting to .*(UNREACH|REFUSED))/,
    ],
    [
      'listening where somebody does',
      () => listenTcp({ host, port: listener.port }),
      /^VERR_NET_ADDRESS_IN_USE: listening on port \d+: /,
    ],
    ['listening on no port', () => listenTcp({ port: 65_536 }), /^VERR_INVALID_PARAMETER: 65536 is no port/],
    ['listening, cancelled before', () => listenTcp({ port: 0, signal: AbortSignal.abort() }), /^VERR_SSM_CANCELLED/],
    ['waiting for nobody', () => listener.accept({ timeout: 20 }), /^VERR_TIMEOUT: waited 20 ms for a connection/],
    [
      'waiting, cancelled',
      () => {
        const aborting = new AbortController();
        setTimeout(() => aborting.abort(), 5);
        return listener.accept({ signal: aborting.signal });
      },
      /^VERR_SSM_CANCELLED: /,
    ],
  ];
  for (const [name, step, message] of failures) {
    it(`fails ${name}`, async () => {
      const error = await step().catch((thrown: SsmError) => thrown);
      expect((error as SsmError).message).to.match(message);
    });
  }

  it('a connection that is reset fails what waits', async () => {
    const [here, there] = await pair();
    const reading = statusOf(() => there.read(new Uint8Array(1)));
    here.resetAndDestroy();
    expect(await reading).to.equal('VERR_IO_GEN_FAILURE');
    await later();
    expect(await statusOf(() => there.write(new Uint8Array(1)))).to.equal('VERR_IO_GEN_FAILURE');
    there.close();
  });
});
