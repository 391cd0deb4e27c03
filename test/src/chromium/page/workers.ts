import { page } from './globals.js';

/** What a worker is asked, and what it answers. */
export interface Question {
  readonly script: string;
  readonly name: string;
  readonly args: readonly unknown[];
}
export type Answer = { readonly result: unknown } | { readonly error: string };

/**
 * Calls a function of a script in a worker of its own.
 *
 * @param worker address of worker.ts, and `question.script` that of the script, as workers load them.
 */
export async function ask(worker: string, question: Question): Promise<unknown> {
  const asked = new page.Worker(worker, { type: 'module' });
  try {
    const answer = await new Promise<Answer>((resolve) => {
      asked.onmessage = ({ data }) => resolve(data as Answer);
      asked.onerror = ({ message }) => resolve({ error: message ?? `${worker} does not load` });
      asked.postMessage(question);
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  } finally {
    asked.terminate();
  }
}
