import { expect } from 'chai';
import type { SsmError } from '../error.js';
import { later, TestMachine } from '../io/testing.js';
import { play } from '../teleport/testing.js';
import { connectTcp, listenTcp, SocketConnection } from './socket.js';
import { portsToTry, type ReceiveOptions, receive, type TeleportOptions, teleport } from './teleport.js';

const host = '127.0.0.1';
const WELCOME = 'VirtualBox-Teleporter-1.0\n';
const short = { passwordDelay: [1, 2], timeouts: { linger: 100 } } as const;

/** Receives into a machine. @returns the port, and what comes of it. */
function receiving(machine: TestMachine, options: Partial<ReceiveOptions> = {}) {
  let done: Promise<unknown> = Promise.resolve();
  const listening = new Promise<number>((resolve, reject) => {
    done = receive(machine.registry, { host, ...short, ...options, onListening: ({ port }) => resolve(port) });
    done.catch(reject);
  });
  return { port: listening, done: () => done as ReturnType<typeof receive> };
}

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: SsmError) => error.message,
  );

describe('teleport and receive', () => {
  it('bring a running machine over, stop it for the last pass, and only then', async () => {
    const source = new TestMachine(2_000_000, 3);
    const target = new TestMachine(2_000_000);
    const log: string[] = [];
    source.vote = (pass) => {
      log.push(`pass ${pass}`);
      source.ram.fill(pass, 0, 1000);
      return pass < 2 ? 'VINF_SSM_VOTE_FOR_ANOTHER_PASS' : 'VINF_SUCCESS';
    };
    const { port, done } = receiving(target, { password: 'foobar', lockMedia: () => void log.push('target locks') });
    const sent = await teleport(source.registry, {
      host,
      port: await port,
      password: 'foobar',
      suspend: () => void log.push('suspend'),
      resume: () => void log.push('resume'),
      unlockMedia: () => void log.push('source unlocks'),
      lockMedia: () => void log.push('source locks'),
    });
    const received = await done();
    expect(target.equals(source)).to.equal(true);
    expect(received.bytes).to.equal(sent.bytes);
    expect([received.paused, received.peer?.startsWith(host)]).to.deep.equal([false, true]);
    expect(log.join(', ')).to.equal('pass 0, pass 1, pass 2, suspend, source unlocks, target locks');
  });

  it('tell how far they are', async () => {
    const source = new TestMachine(500_000, 3);
    const percents: number[] = [];
    const steps = new Set<string>();
    const { port, done } = receiving(new TestMachine(500_000));
    await teleport(source.registry, {
      host,
      port: await port,
      onProgress: ({ step }) => steps.add(step),
      onSaveProgress: ({ percent }) => percents.push(percent),
    });
    await done();
    expect([...steps].join(' ')).to.equal('welcome password load stream load-complete lock-media hand-over');
    expect(percents.at(-1)).to.equal(100);
  });

  it('keep listening after connections that do not know the password', async () => {
    const source = new TestMachine(1000, 3);
    const target = new TestMachine(1000);
    const refused: string[] = [];
    const { port, done } = receiving(target, {
      password: 'foobar',
      timeouts: { password: 400 },
      onRefused: ({ status }, peer) => refused.push(`${status} ${peer?.startsWith(host)}`),
    });
    const options = { host, port: await port };
    expect(await messageOf(teleport(source.registry, { ...options, password: 'wrong' }))).to.match(
      /^VERR_AUTHENTICATION_FAILURE: teleport source, password: the target refused: invalid password/,
    );
    const gone = new SocketConnection(await connectTcp(options));
    await play(gone, { hear: WELCOME }, { say: 'foo' }, 'close');
    const silent = new SocketConnection(await connectTcp(options));
    await play(silent, 'listen');
    silent.close();
    await teleport(source.registry, { ...options, password: 'foobar' });
    await done();
    expect(target.equals(source)).to.equal(true);
    expect(refused.join(', ')).to.equal('VERR_AUTHENTICATION_FAILURE true, VERR_EOF true, VERR_TIMEOUT true');
  });

  it('take one source only: the port is closed to others', async () => {
    const { port, done } = receiving(new TestMachine(10));
    const options = { host, port: await port };
    const first = new SocketConnection(await connectTcp(options));
    await play(first, { hear: WELCOME }, { say: '\n' }, { hear: 'ACK\n' });
    await later(10);
    expect(await messageOf(connectTcp(options))).to.match(/ECONNREFUSED/);
    first.close();
    expect(await messageOf(done())).to.match(/^VERR_EOF: teleport target, load: /);
  });

  it('wait for a source no longer than they may, or until cancelled', async () => {
    const machine = new TestMachine(10);
    expect(await messageOf(receiving(machine, { timeout: 30 }).done())).to.equal(
      'VERR_TIMEOUT: no source with the right password within 30 ms',
    );
    const aborting = new AbortController();
    const { port, done } = receiving(machine, { signal: aborting.signal });
    const silent = await connectTcp({ host, port: await port });
    await later(10);
    aborting.abort();
    expect(await messageOf(done())).to.match(/^VERR_SSM_CANCELLED: /);
    silent.destroy();
  });

  it('refuse a password that is hashed, before they do anything', async () => {
    const password = `#SHA-512##${'0'.repeat(128)}`;
    const { registry } = new TestMachine(10);
    for (const step of [receive(registry, { password }), teleport(registry, { host, port: 1, password })]) {
      expect(await messageOf(step)).to.match(/^VERR_INVALID_PARAMETER: the password is hashed already/);
    }
  });

  it('listen on a port that is told, and fail where somebody does already', async () => {
    const listener = await listenTcp({ host, port: 0 });
    const { port } = listener;
    expect(await messageOf(receive(new TestMachine(10).registry, { host, port }))).to.match(/^VERR_NET_ADDRESS_IN_USE/);
    listener.close();
  });

  it('listen on another port where the first one they try is taken', async () => {
    const machine = new TestMachine(10);
    const aborting = new AbortController();
    const first = receiving(machine, { signal: aborting.signal });
    const taken = await first.port;
    const { random } = Math;
    const numbers = [(taken - 49_152 + 0.5) / (65_534 - 49_152 + 1)];
    Math.random = () => numbers.pop() ?? random();
    try {
      const second = receiving(machine, { signal: aborting.signal });
      expect(await second.port).not.to.equal(taken);
      expect(numbers).to.deep.equal([]);
      aborting.abort();
      await Promise.allSettled([first.done(), second.done()]);
    } finally {
      Math.random = random;
    }
  });

  it('try ports as VirtualBox does', () => {
    const lowest = [...portsToTry(() => 0)];
    const highest = [...portsToTry(() => 1 - Number.EPSILON)];
    expect(lowest.length).to.equal(10_240);
    expect([lowest[2048], lowest[2049]]).to.deep.equal([49_152, 1024]);
    expect(new Set(highest)).to.deep.equal(new Set([65_534]));
  });

  describe('that fail', () => {
    /** Teleports to a target that follows a script. @returns the failure, and whether the machine goes on. */
    async function failing(options: Partial<TeleportOptions>, target: TestMachine | undefined) {
      const source = new TestMachine(3_000_000, 3);
      const log: string[] = [];
      const received = target && receiving(target);
      const ended = received?.port.then(() => messageOf(received.done()));
      const message = await messageOf(
        teleport(source.registry, {
          host,
          port: (await received?.port) ?? 1,
          suspend: () => void log.push('suspend'),
          resume: ({ status }) => void log.push(`resume after ${status}`),
          lockMedia: () => void log.push('lock'),
          ...options,
        }),
      );
      return { message, log: log.join(', '), target: await ended };
    }

    it('before the machine is stopped leave it alone', async () => {
      const { message, log } = await failing({ port: 1 }, undefined);
      expect(message).to.match(/ECONNREFUSED/);
      expect(log).to.equal('');
    });

    it('while it is stopped let it go on', async () => {
      const aborting = new AbortController();
      const suspend = () => aborting.abort();
      const { message, log, target } = await failing({ suspend, signal: aborting.signal }, new TestMachine(3_000_000));
      expect(message).to.match(/^VERR_SSM_CANCELLED: teleport source, stream: /);
      expect(log).to.equal('resume after VERR_SSM_CANCELLED');
      expect(target).to.match(/^VERR_SSM_CANCELLED: teleport target, stream: /);
    });

    it('because it cannot be stopped let it go on, too', async () => {
      const suspend = () => {
        throw new Error('too busy');
      };
      const { message, log } = await failing({ suspend }, new TestMachine(3_000_000));
      expect(message).to.match(/^VERR_GENERAL_FAILURE: teleport source, stream: .*too busy/);
      expect(log).to.equal('resume after VERR_GENERAL_FAILURE');
    });

    const wrongSize = new TestMachine(10);
    const noCounter = new TestMachine(3_000_000);
    noCounter.registry.deregister({ type: 'internal', name: 'counter' });
    const targets: readonly [name: string, target: TestMachine, status: string, unit: string][] = [
      ['in a live pass', wrongSize, 'VERR_SSM_LOADED_TOO_LITTLE', 'ram'],
      ['in the last pass', noCounter, 'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND', 'counter'],
    ];
    for (const [name, machine, status, unit] of targets) {
      it(`at the target, ${name}, tell why at the source`, async () => {
        const { message, log, target } = await failing({}, machine);
        expect(target).to.match(new RegExp(`^${status}: teleport target, stream: .*'${unit}'`));
        expect(message).to.match(new RegExp(`^${status}: teleport source, \\S+: the target refused: .*'${unit}'`));
        // The whole state may be under way by then.
        expect(log).to.be.oneOf(['', `suspend, resume after ${status}`]);
      });
    }

    it('at the hand-over take the media back, and resume only then', async () => {
      const handOver = async (options: Partial<TeleportOptions>) => {
        const listener = await listenTcp({ host, port: 0 });
        const target = listener.accept().then(async (connection) => {
          const ack = { say: 'ACK\n' };
          await play(connection, { say: WELCOME }, { hear: '\n' }, ack, { hear: 'load\n' }, ack);
          // The state, to its last, empty block.
          const tail = [0, 0, 0, 0, 0, 0, 0, 0];
          const into = new Uint8Array(65_536);
          while (tail.join() !== '5,18,71,25,0,0,0,0') {
            const count = await connection.read(into);
            tail.push(...into.subarray(Math.max(0, count - 8), count));
            tail.splice(0, tail.length - 8);
          }
          await play(connection, ack, { hear: 'lock-media\n' }, ack, { hear: 'hand-over-resume\n' }, 'close');
        });
        const outcome = await failing({ port: listener.port, ...options }, undefined);
        await target;
        listener.close();
        return outcome;
      };
      const whole = await handOver({});
      expect(whole.message).to.match(/^VERR_EOF: teleport source, hand-over: the connection was closed/);
      expect(whole.log).to.equal('suspend, lock, resume after VERR_EOF');
      const lost = await handOver({
        lockMedia: () => {
          throw new Error('taken');
        },
      });
      expect(lost.message).to.match(/could not be locked again: .*taken; the machine stays suspended/);
      expect(lost.log).to.equal('suspend');
      const stuck = await handOver({
        resume: () => {
          throw new Error('stuck');
        },
      });
      expect(stuck.message).to.match(/; and the machine could not be resumed: .*stuck/);
    });
  });
});
