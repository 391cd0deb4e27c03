import type { Ps2Queue } from '@ssmkit/vbox';

// The queues of a unit are its bytes, oldest first. They are short, so that copying them is nothing.

/** Appends bytes where there is room for all of them. @returns whether there was. */
export function push(queue: Ps2Queue, bytes: readonly number[], limit: number): boolean {
  if (queue.bytes.length + bytes.length > limit) return false;
  queue.bytes = Uint8Array.of(...queue.bytes, ...bytes);
  return true;
}

/** Takes the oldest byte. */
export function shift(queue: Ps2Queue): number | undefined {
  const [byte] = queue.bytes;
  if (byte !== undefined) queue.bytes = queue.bytes.slice(1);
  return byte;
}

export function clear(queue: Ps2Queue): void {
  queue.bytes = new Uint8Array(0);
}
