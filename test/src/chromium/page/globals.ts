/*
 * What pages have and Node has not; the types of both at once would contradict each other. Without a page, as when a test
 * calls a script itself, all but what Node has is undefined.
 */

export interface PageWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** A file that only this page's origin sees. */
export interface PageFile {
  createWritable(): Promise<WritableStream<Uint8Array>>;
  getFile(): Promise<Blob>;
}

interface PageFolder {
  getFileHandle(name: string, options: { create: boolean }): Promise<PageFile>;
  removeEntry(name: string): Promise<void>;
}

export const page = globalThis as unknown as {
  readonly crossOriginIsolated: boolean;
  readonly process?: unknown;
  readonly SharedArrayBuffer?: unknown;
  readonly Worker: new (address: string, options: { type: 'module' }) => PageWorker;
  readonly navigator: { readonly storage: { getDirectory(): Promise<PageFolder> } };
};

/** Bytes at an address of the server. @throws Error when they are not there. */
export async function fetchBytes(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(await response.text());
  return new Uint8Array(await response.arrayBuffer());
}
