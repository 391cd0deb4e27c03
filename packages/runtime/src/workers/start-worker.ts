import type { PoolMemory } from './pool-memory.js';
import { Told } from './slots.js';

/*
 * Starting workers: threads of Node, or workers of a page. Both run worker.js, which lies beside this module and is told
 * which memory it shares.
 */

/** What a worker is told. */
export interface Assignment extends Pick<PoolMemory, 'buffer' | 'layout' | 'wasm'> {
  /** Where in the memory the area of its instance of WebAssembly is. */
  readonly own: number;
}

/** A worker that was started. */
export interface StartedWorker {
  /** Ends it, whatever it does; resolves when it is gone. */
  end(): Promise<void>;
}

/** Told what becomes of a worker. */
export interface WorkerListener {
  /** It does what is asked of it from now on. */
  onReady(): void;
  /** It does nothing more: it could not be started, or has failed. */
  onEnd(): void;
}

/** What is used of a page's workers. */
interface WebWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { preventDefault?(): void }) => void) | null;
  onmessageerror: (() => void) | null;
  postMessage(message: Assignment): void;
  terminate(): void;
}
declare const Worker: (new (url: URL, options: { type: 'module'; name: string }) => WebWorker) | undefined;

// Asked for at run time instead of imported, so that the package loads in a browser.
const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');

const NAME = 'ssmkit';

/**
 * Whether there can be workers here: memory can be shared, which in a page needs its being cross-origin isolated, and
 * there is something to start them with.
 */
export function canUseWorkers(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === 'undefined' || crossOriginIsolated === false) return false;
  return threads !== undefined || typeof Worker !== 'undefined';
}

/** Processors that this program may use; infinitely many where nobody tells. */
export function processors(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  const { navigator } = globalThis as { navigator?: { readonly hardwareConcurrency?: number } };
  return os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? Number.POSITIVE_INFINITY;
}

/** Whether workers start while whoever has started them is busy. Those of a page wait until it is not. */
export const startsBehind = threads !== undefined;

/** Starts a worker. It never keeps a process alive. @throws whatever the host throws where there can be no more. */
export function startWorker(assignment: Assignment, listener: WorkerListener): StartedWorker {
  return threads !== undefined ? startThread(threads, assignment, listener) : startWebWorker(assignment, listener);
}

function startThread(
  { Worker }: typeof import('node:worker_threads'),
  assignment: Assignment,
  { onReady, onEnd }: WorkerListener,
): StartedWorker {
  // Flags of this process, a loader among them, are not the worker's.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { name: NAME, execArgv: [] });
  worker.on('message', (told) => (told === Told.ready ? onReady() : onEnd()));
  worker.on('error', onEnd);
  worker.on('exit', onEnd);
  worker.postMessage(assignment);
  worker.unref();
  return {
    end: async () => {
      await worker.terminate();
    },
  };
}

function startWebWorker(assignment: Assignment, { onReady, onEnd }: WorkerListener): StartedWorker {
  // Bundlers look for exactly this expression.
  const worker = new Worker!(new URL('./worker.js', import.meta.url), { type: 'module', name: NAME });
  worker.onmessage = ({ data }) => (data === Told.ready ? onReady() : onEnd());
  worker.onmessageerror = onEnd;
  worker.onerror = (event) => {
    event.preventDefault?.();
    onEnd();
  };
  worker.postMessage(assignment);
  return {
    end: async () => {
      worker.terminate();
    },
  };
}
