import { MemorySource, openState } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { GuestMemory } from '../guest-memory.js';
import { PAGE_SIZE } from '../pgm/records.js';
import { guestState } from '../testing.js';
import { MemoryPattern, searchMemory } from './search.js';

const utf8 = new TextEncoder();

/** Memory of 640 KiB and 1 MiB, with bytes at some addresses. */
async function memoryWith(contents: Readonly<Record<number, Uint8Array>>): Promise<GuestMemory> {
  const ram = new Uint8Array(2 ** 21);
  for (const [address, data] of Object.entries(contents)) ram.set(data, Number(address));
  const state = await guestState(
    [
      {
        pages: (put) => {
          for (let at = 0; at < ram.length; at += PAGE_SIZE) {
            if (at < 0xa0000 || at >= 0x100000) put.putRam(at / PAGE_SIZE, ram.subarray(at, at + PAGE_SIZE));
          }
        },
      },
    ],
    { ram: 2 ** 21 },
  );
  return GuestMemory.open(await openState(new MemorySource(state)));
}

async function found(memory: GuestMemory, pattern: MemoryPattern, from?: number, to?: number): Promise<number[]> {
  const all: number[] = [];
  for await (const address of searchMemory(memory, pattern, from, to)) all.push(address);
  return all;
}

describe('searchMemory', () => {
  const rows: readonly (readonly [what: string, at: readonly number[], data: Uint8Array, pattern: MemoryPattern])[] = [
    ['a text', [0x5678], utf8.encode('Hello'), MemoryPattern.text('Hello')],
    ['a text over the end of a page', [0x1ffe, 0x7ffd], utf8.encode('Hello'), MemoryPattern.text('Hello')],
    [
      'at the beginning and the end of memory',
      [0, 0x9fffb, 0x100000, 0x1ffffb],
      utf8.encode('Hello'),
      MemoryPattern.text('Hello'),
    ],
    ['whatever the case', [0x5000], utf8.encode('hELLo@'), MemoryPattern.text('Hello@', { ignoreCase: true })],
    ['UTF-16', [0x2ffd], Uint8Array.of(0x48, 0, 0xac, 0x20), MemoryPattern.text('H€', { utf16: true })],
    [
      'UTF-16, whatever the case',
      [0x2fff],
      Uint8Array.of(0x68, 0, 0x49, 0),
      MemoryPattern.text('Hi', { utf16: true, ignoreCase: true }),
    ],
    ['wildcards', [0x10], Uint8Array.of(0xde, 0xad, 0x77, 0x4f), MemoryPattern.hex('de ad ?? 4?')],
    ['zeros in front and behind', [0x3ffe], Uint8Array.of(0, 0, 0, 7, 0, 0), MemoryPattern.hex('00 00 00 07 00 00')],
    ['one byte', [0x3fff], Uint8Array.of(7), MemoryPattern.hex('07')],
    ['half a byte', [0x3fff], Uint8Array.of(0x70), MemoryPattern.hex('7?')],
  ];
  for (const [what, at, data, pattern] of rows) {
    it(`finds ${what}`, async () => {
      const memory = await memoryWith(Object.fromEntries(at.map((address) => [address, data])));
      expect(await found(memory, pattern)).to.deep.equal(at);
    });
  }

  it('matches may overlap', async () => {
    const memory = await memoryWith({ 4094: utf8.encode('aaaaa') });
    expect(await found(memory, MemoryPattern.text('aaa'))).to.deep.equal([0xffe, 0xfff, 0x1000]);
  });

  it('a pattern of zeros is found wherever there are zeros', async () => {
    const memory = await memoryWith({ 0: new Uint8Array(0x9fffc).fill(1), 1048578: new Uint8Array(0xffffe).fill(1) });
    expect(await found(memory, MemoryPattern.hex('0000'))).to.deep.equal([0x9fffc, 0x9fffd, 0x9fffe, 0x100000]);
  });

  it('not over a gap in memory', async () => {
    const memory = await memoryWith({ 655358: utf8.encode('ab'), 1048576: utf8.encode('cd') });
    expect(await found(memory, MemoryPattern.text('abcd'))).to.deep.equal([]);
    expect(await found(memory, MemoryPattern.text('ab'))).to.deep.equal([0x9fffe]);
  });

  it('within a range only', async () => {
    const memory = await memoryWith({ 4096: utf8.encode('abc'), 8192: utf8.encode('abc'), 12288: utf8.encode('abc') });
    const pattern = MemoryPattern.text('abc');
    expect(await found(memory, pattern, 0x1001, 0x3003)).to.deep.equal([0x2000, 0x3000]);
    expect(await found(memory, pattern, 0x2000, 0x3002)).to.deep.equal([0x2000]);
  });

  it('finds what a look at every byte finds', async () => {
    // Few values, so that there is much to find.
    const bytes = fc.uint8Array({ maxLength: 20, max: 2 });
    const places = fc.constantFrom(0, 1, 0xff8, 0x1000, 0x1ffa, 0x5000, 0x9ffe0, 0x100000, 0x1fffe0);
    const patterns = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 5, max: 2 }),
      fc.uint8Array({ minLength: 5, maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(places, bytes), { maxLength: 6 }),
        patterns,
        async (contents, [want, masks]) => {
          const memory = await memoryWith(Object.fromEntries(contents));
          const mask = masks.slice(0, want.length).map((value) => (value < 100 ? value : 0xff));
          const pattern = new MemoryPattern(want, mask);
          // A window, so that patterns which match everywhere do not take forever.
          const [from, to] = [0x9fc00, 0x100400];
          const expected: number[] = [];
          for (const [start, end] of [
            [from, 0xa0000],
            [0x100000, to],
          ] as const) {
            const data = await memory.read(start, new Uint8Array(end - start));
            for (let at = 0; at + want.length <= data.length; at++) {
              if (want.every((byte, i) => ((byte ^ (data[at + i] as number)) & (mask[i] as number)) === 0))
                expected.push(start + at);
            }
          }
          expect(await found(memory, pattern, from, to)).to.deep.equal(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  for (const [what, make] of [
    ['nothing', () => MemoryPattern.text('')],
    ['one digit', () => MemoryPattern.hex('a')],
    ['no digits', () => MemoryPattern.hex('xy')],
    ['too much', () => MemoryPattern.text('a'.repeat(65537))],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(make).to.throw('VERR_INVALID_PARAMETER');
    });
  }
});
