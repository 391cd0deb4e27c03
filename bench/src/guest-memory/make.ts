import { FileSink } from '@ssmkit/runtime/node';
import { PAGE_SIZE } from '@ssmkit/vbox';
import { writeGuestState } from '@ssmkit/vbox/testing';

/** Guests have runs of similar pages; this is the longest, in pages. */
const RUN = 200;

/** Pages of each kind to choose from. */
const POOL = 300;

const HOLE = 2 ** 29;

/** How much of a guest's memory is what: zeros, text, code and tables, and what does not compress. */
const mix = { zero: 0.6, text: 0.15, code: 0.17, noise: 0.08 };

/** A repeatable sequence of numbers in [0, 1). */
function numbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes the state of a machine with `ram` bytes of RAM, a whole number of GiB, most of which lie below 4 GiB. */
export async function makeGuest(path: string, ram: number): Promise<void> {
  const random = numbers();
  const words = Array.from({ length: 400 }, () =>
    Array.from({ length: 2 + random() * 8 }, () => String.fromCharCode(97 + random() * 26)).join(''),
  );
  const makers = {
    text: () => {
      let text = '';
      while (text.length < PAGE_SIZE) text += `${words[Math.floor(random() ** 2 * words.length)]} `;
      return new TextEncoder().encode(text).slice(0, PAGE_SIZE);
    },
    // Every other word is one of few, as are opcodes and pointers.
    code: () => {
      const page = new Uint32Array(PAGE_SIZE / 4);
      for (let i = 0; i < page.length; i += 2) {
        page[i] = Math.floor(random() * 64) * 0x01010000;
        page[i + 1] = random() < 0.5 ? 0 : random() * 2 ** 32;
      }
      return new Uint8Array(page.buffer);
    },
    noise: () => new Uint8Array(Uint32Array.from({ length: PAGE_SIZE / 4 }, () => random() * 2 ** 32).buffer),
  };
  const pools = Object.fromEntries(
    Object.entries(makers).map(([kind, make]) => [kind, Array.from({ length: POOL }, make)]),
  );
  const kinds = Object.entries(mix);
  const pick = () => {
    let left = random();
    for (const [kind, share] of kinds) {
      left -= share;
      if (left < 0) return kind;
    }
    return 'zero';
  };
  let run = 0;
  let kind = 'zero';
  const pageOf = (number: number): Uint8Array | undefined => {
    if (run-- <= 0) {
      run = Math.floor(random() * RUN);
      kind = pick();
    }
    const page = pools[kind]?.[Math.floor(random() * POOL)];
    // No two pages are alike.
    if (page !== undefined) new DataView(page.buffer).setUint32(0, number, true);
    return page;
  };
  const low = 2 ** 32 - HOLE;
  const ranges: readonly (readonly [from: number, to: number])[] = [
    [0, 0xa0000],
    [0x100000, Math.min(ram, low)],
    [2 ** 32, 2 ** 32 + ram - low],
  ];
  const passes = [
    {
      pages: (put: { putRam(page: number, data?: Uint8Array): void }) => {
        for (const [from, to] of ranges) {
          for (let at = from; at < to; at += PAGE_SIZE) put.putRam(at / PAGE_SIZE, pageOf(at / PAGE_SIZE));
        }
      },
    },
  ];
  await writeGuestState(new FileSink(path), passes, { ram, hole: HOLE });
}
