import type { TeleportProgress, TeleportStep } from '@ssmkit/runtime';
import { receive, teleport } from '@ssmkit/runtime/node';
import { Machine } from './machine.js';

/*
 * One side of a teleport, as a process of its own. It is told what to do as JSON, and tells its parent where it listens
 * and how it ended. It never ends itself with process.exit: what would keep it alive has to be gone.
 */

/** What a side is to do. */
export interface Task {
  readonly side: 'source' | 'target';
  readonly mebibytes: number;
  /** Where the target listens. */
  readonly port?: number;
  /** Die at this step, of SIGKILL, */
  readonly dieAt?: TeleportStep;
  /** but not before so many bytes of the state have gone by. */
  readonly dieAfter?: number;
}

/** What a side tells its parent. */
export interface Report {
  readonly port?: number;
  readonly end?: {
    readonly message: string;
    readonly running: boolean;
    readonly hash: string;
    readonly bytes: number;
    readonly passes: number;
    readonly writes: number;
    /** Milliseconds between suspending and handing over. */
    readonly downtime: number;
    /** Most memory that the process was seen to have, in MiB. */
    readonly peak: number;
  };
}

const host = '127.0.0.1';
const task = JSON.parse(process.argv[2] as string) as Task;
const machine = new Machine(task.mebibytes);
const tell = (report: Report) => process.send?.(report);

/** Most memory in bytes that was seen. The system's own figure (ru_maxrss) would begin at what the parent has. */
let peak = 0;

function onProgress({ step, bytes }: TeleportProgress): void {
  peak = Math.max(peak, process.memoryUsage.rss());
  if (step === task.dieAt && bytes >= (task.dieAfter ?? 0)) process.kill(process.pid, 'SIGKILL');
}

const sides = {
  async source(): Promise<number> {
    machine.boot();
    machine.run();
    const { bytes } = await teleport(machine.registry, {
      host,
      port: task.port as number,
      password: 'foobar',
      suspend: () => {
        machine.stop();
        suspended = performance.now();
      },
      resume: () => machine.run(),
      onProgress,
    });
    return bytes;
  },
  async target(): Promise<number> {
    const { bytes } = await receive(machine.registry, {
      host,
      password: 'foobar',
      onListening: ({ port }) => tell({ port }),
      onProgress,
    });
    return bytes;
  },
};

let suspended = 0;
let message = 'done';
let bytes = 0;
try {
  bytes = await sides[task.side]();
} catch (error) {
  message = String(error);
}
const downtime = suspended === 0 ? 0 : performance.now() - suspended;
const { running, passes, writes } = machine;
// A machine that goes on would keep the process alive.
machine.stop();
tell({ end: { message, running, hash: machine.hash(), bytes, passes, writes, downtime, peak: peak / 2 ** 20 } });
process.disconnect();
