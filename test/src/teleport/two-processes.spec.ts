import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TeleportStep } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { Report, Task } from './side.js';

const script = fileURLToPath(new URL('./side.js', import.meta.url));

/** Longest time in milliseconds that a side may live on after the other has died. */
const SURVIVAL = 5000;

/** A side as its parent sees it. */
class Side {
  readonly child: ChildProcess;
  readonly port: Promise<number>;
  end: NonNullable<Report['end']> | undefined;
  readonly exited: Promise<{ signal: string | null; at: number }>;

  constructor(task: Task) {
    this.child = fork(script, [JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.port = new Promise((resolve) => {
      this.child.on('message', ({ port, end }: Report) => {
        if (port !== undefined) resolve(port);
        if (end !== undefined) this.end = end;
      });
    });
    this.exited = once(this.child, 'exit').then(([, signal]) => ({
      signal: signal as string | null,
      at: performance.now(),
    }));
  }
}

let sidesAlive: Side[] = [];

function start(task: Task): Side {
  const side = new Side(task);
  sidesAlive.push(side);
  return side;
}

/** Teleports between two processes. */
async function run(mebibytes: number, source: Partial<Task> = {}, target: Partial<Task> = {}) {
  const there = start({ ...target, side: 'target', mebibytes });
  const here = start({ ...source, side: 'source', mebibytes, port: await there.port });
  const [sourceExit, targetExit] = await Promise.all([here.exited, there.exited]);
  return { source: here.end, target: there.end, sourceExit, targetExit };
}

describe('a teleport between two processes', function () {
  this.timeout(60_000);
  afterEach(() => {
    for (const { child } of sidesAlive) child.kill('SIGKILL');
    sidesAlive = [];
  });

  it('brings over 256 MiB that change meanwhile', async () => {
    const { source, target } = await run(256);
    expect([source?.message, target?.message]).to.deep.equal(['done', 'done']);
    expect(target?.hash).to.equal(source?.hash);
    expect(target?.bytes).to.equal(source?.bytes);
    expect(source?.running).to.equal(false);
    // It was worth doing so live: it changed, and was stopped for a fraction of the time only.
    expect(source?.writes).to.be.above(1000);
    expect(source?.passes).to.be.above(1);
    expect(source?.downtime).to.be.below(2000);
    // Neither side holds more than the machine and its buffers.
    expect(source?.peak).to.be.below(256 + 200);
    expect(target?.peak).to.be.below(256 + 200);
  });

  const steps: readonly (readonly [step: TeleportStep, dieAfter: number])[] = [
    ['password', 0],
    ['load', 0],
    ['stream', 0],
    ['stream', 3_000_000],
    ['stream', 16_500_000],
    ['load-complete', 0],
    ['lock-media', 0],
    ['hand-over', 0],
  ];
  const sides = ['source', 'target'] as const;
  for (const dying of sides) {
    for (const [step, dieAfter] of steps) {
      // A target whose source has not given the password yet goes on listening.
      if (dying === 'source' && step === 'password') continue;
      it(`ends with an error when the ${dying} is killed at '${step}'${dieAfter > 0 ? `, ${dieAfter} bytes on` : ''}`, async () => {
        const death = { dieAt: step, dieAfter };
        const result = await run(16, dying === 'source' ? death : {}, dying === 'target' ? death : {});
        const [dead, survivor] = dying === 'source' ? sides : ([...sides].reverse() as ['target', 'source']);
        expect(result[`${dead}Exit`].signal).to.equal('SIGKILL');
        expect(result[`${survivor}Exit`].signal).to.equal(null);
        expect(result[`${survivor}Exit`].at - result[`${dead}Exit`].at).to.be.below(SURVIVAL);
        const end = result[survivor];
        expect(end?.message).to.match(new RegExp(`^SsmError: VERR_\\w+: teleport ${survivor}, [a-z-]+: `));
        if (survivor === 'source') expect(end?.running, 'the machine goes on').to.equal(true);
      });
    }
  }
});
