import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * What is in the memory of guests: text, code, and what does not compress. The text is that of this repository, the code
 * that of the Node which runs.
 */

export const PAGE = 4096;

/** The whole pages of bytes. */
function wholePages(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - (bytes.length % PAGE));
}

/** TypeScript and Markdown, one file behind the other, at most `most` bytes. */
export function textPages(most: number): Uint8Array {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const folders = ['docs', 'packages/schema/src', 'packages/runtime/src', 'packages/codegen/src', 'packages/vbox/src'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => (name.endsWith('.ts') && !name.endsWith('module.ts')) || name.endsWith('.md'))
      .sort()
      .map((name) => readFileSync(join(root, folder, name))),
  );
  // A plain array, as a guest's memory is.
  return wholePages(new Uint8Array(Buffer.concat(files).subarray(0, most)));
}

/** A part of Node itself, from the middle of the file on. */
export function codePages(most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  const file = openSync(process.execPath, 'r');
  try {
    const count = readSync(file, bytes, 0, most, 2 ** 25);
    return wholePages(bytes.subarray(0, count));
  } finally {
    closeSync(file);
  }
}

/** A repeatable sequence of numbers in [0, 1). */
export function numbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What guests' memory is made of. */
const mix = { zero: 0.6, text: 0.125, code: 0.125, noise: 0.15 };

/** Guests have runs of similar pages; this is the longest, in pages. */
const RUN = 200;

/** `size` bytes of a guest's memory: 60 % zero pages, 25 % text and code, 15 % noise, in runs. */
export function guestPages(size: number): Uint8Array {
  const random = numbers();
  const noise = new Uint8Array(Uint32Array.from({ length: 2 ** 20 }, () => random() * 2 ** 32).buffer);
  const sources: Readonly<Record<string, Uint8Array>> = { text: textPages(2 ** 23), code: codePages(2 ** 25), noise };
  const memory = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    let left = random();
    let kind = 'zero';
    for (const [name, share] of Object.entries(mix)) {
      kind = name;
      left -= share;
      if (left < 0) break;
    }
    const count = Math.min((1 + Math.floor(random() * RUN)) * PAGE, size - at);
    const source = sources[kind];
    for (let done = 0; source !== undefined && done < count; done += PAGE) {
      const page = Math.floor((random() * source.length) / PAGE) * PAGE;
      memory.set(source.subarray(page, page + PAGE), at + done);
      // No two pages are alike.
      new DataView(memory.buffer).setUint32(at + done, at + done, true);
    }
    at += count;
  }
  return memory;
}
