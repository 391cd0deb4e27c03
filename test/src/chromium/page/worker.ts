import type { Answer, Question } from './workers.js';

/** The global object of a worker. */
const self = globalThis as unknown as {
  onmessage: (event: { readonly data: Question }) => void;
  postMessage(answer: Answer): void;
};

self.onmessage = async ({ data: { script, name, args } }) => {
  try {
    const functions = (await import(script)) as Record<string, (...args: readonly unknown[]) => unknown>;
    self.postMessage({ result: await functions[name]?.(...args) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
