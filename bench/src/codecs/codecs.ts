import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, lz4Compress, lz4Decompress, lzfCompress, lzfDecompress, useWasm } from '@ssmkit/runtime';
import { wasm } from '@ssmkit/runtime/testing';
import { median, ratio, spread, type Timing } from '../measure.js';
import { codePages, PAGE, textPages } from '../reference/pages.js';
import { Reference } from '../reference/reference.js';
import { atLeast, atMost, digits, percent, type Target, table, targetLines } from '../report.js';

/** Many short rounds: each contender's work takes less than what a scheduler gives to one process at a time. */
const ROUNDS = 51;
const SIZE = 2 ** 20;
const PACKED_LIMIT = PAGE - 256;
/** Types of records with LZF and with zeros, and the highest type there is. */
const [LZF, ZERO, LAST_TYPE] = [3, 4, 5];

type Codecs = NonNullable<ReturnType<typeof wasm>>;

/** Times in nanoseconds, and the size of what was packed. */
interface Packing {
  readonly compress: number;
  readonly decompress: number;
  readonly size: number;
}

const nanoseconds = () => Number(process.hrtime.bigint());

/** Where packed blocks and records go; touched now, and not while something is measured. */
const room = new Uint8Array(SIZE + (SIZE / PAGE) * 5).fill(1);
const back = new Uint8Array(2 ** 18).fill(1);

/** Blocks one by one, each from one array into another. */
function single(data: Uint8Array, compress: typeof lzfCompress, decompress: typeof lzfDecompress): Packing {
  const count = data.length / PAGE;
  const packed = room;
  const sizes = new Uint32Array(count);
  const block = new Uint8Array(PAGE);
  let size = 0;
  const start = nanoseconds();
  for (let i = 0; i < count; i++) {
    const at = i * PAGE;
    sizes[i] = compress(data, at, at + PAGE, packed, at, PACKED_LIMIT);
    size += sizes[i] || PAGE;
  }
  const middle = nanoseconds();
  for (let i = 0; i < count; i++) {
    const at = i * PAGE;
    if (sizes[i] && !decompress(packed, at, at + (sizes[i] as number), block, 0, PAGE)) throw new Error('damaged');
  }
  return { compress: middle - start, decompress: nanoseconds() - middle, size };
}

/** Records, as many in one call as there is room for, as saving and loading do. */
function batches(codecs: Codecs, data: Uint8Array): Packing {
  const count = data.length / PAGE;
  const records = room;
  const start = nanoseconds();
  let size = 0;
  for (let i = 0; i < count; i += codecs.blocksMax) {
    const some = codecs.writeRecords(data, i * PAGE, Math.min(codecs.blocksMax, count - i), LZF);
    records.set(some, size);
    size += some.length;
  }
  const middle = nanoseconds();
  for (let at = 0; at < size; ) {
    if (codecs.readRecords(records, at, size, back.length, LAST_TYPE) > 0) {
      codecs.takeData(back, 0);
      at += codecs.lastRecords.consumed;
    } else if (((records[at] as number) & 0x0f) === ZERO) {
      back.fill(0, 0, PAGE);
      at += 3;
    } else {
      back.set(records.subarray(at + 4, at + 4 + PAGE));
      at += 4 + PAGE;
    }
  }
  return { compress: middle - start, decompress: nanoseconds() - middle, size: size - 5 * count };
}

function repeated(times: number, run: () => unknown): number {
  const start = nanoseconds();
  for (let i = 0; i < times; i++) run();
  return (nanoseconds() - start) / times;
}

/** Runs contenders in turns. */
async function rounds<T>(contenders: Readonly<Record<string, () => T | Promise<T>>>): Promise<Record<string, T[]>> {
  const names = Object.keys(contenders);
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i] of names.entries()) {
      const name = names[(i + round + 2) % names.length] as string;
      const result = await (contenders[name] as () => T | Promise<T>)();
      // The first rounds warm up.
      if (round >= 0) results[name]?.push(result);
    }
  }
  return results;
}

const timing = (name: string, rounds: readonly number[]): Timing => ({ name, rounds });

/** LZF and LZ4 over blocks of 4 KiB, the search for zeros and the CRC, beside liblzf, zlib and a loop in C. */
export async function codecs(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const reference = Reference.start();
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-bench-'));
  const codecs = wasm();
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  try {
    for (const [kind, pages] of [
      ['text', textPages(SIZE)],
      ['code', codePages(SIZE)],
    ] as const) {
      const file = join(folder, kind);
      writeFileSync(file, pages);
      await reference?.ask(`data ${file}`);
      const inTypeScript = (run: () => Packing) => () => {
        useWasm(false);
        try {
          return run();
        } finally {
          useWasm(true);
        }
      };
      const results = await rounds<Packing>({
        ...(reference && { 'LZF, liblzf in C': () => reference.ask<Packing>('lzf 1') }),
        ...(codecs && { 'LZF, WebAssembly, many records in a call': () => batches(codecs, pages) }),
        ...(codecs && { 'LZF, WebAssembly, block by block': () => single(pages, lzfCompress, lzfDecompress) }),
        'LZF, TypeScript': inTypeScript(() => single(pages, lzfCompress, lzfDecompress)),
        ...(codecs && { 'LZ4, WebAssembly, block by block': () => single(pages, lz4Compress, lz4Decompress) }),
        'LZ4, TypeScript': inTypeScript(() => single(pages, lz4Compress, lz4Decompress)),
      });
      data[kind] = results;
      const one = results['LZF, liblzf in C'] ?? results['LZF, TypeScript'];
      const of = (packings: readonly Packing[] | undefined, key: keyof Packing) =>
        timing(key, packings?.map((packing) => packing[key]) ?? []);
      const speed = (times: readonly number[]) => digits((pages.length * 1000) / median(times));
      const rows = Object.entries(results).map(([name, packings]) => {
        const [compress, decompress] = [of(packings, 'compress'), of(packings, 'decompress')];
        return [
          name,
          digits(1 / ratio(compress, of(one, 'compress'))),
          speed(compress.rounds),
          percent(spread(compress.rounds)),
          digits(1 / ratio(decompress, of(one, 'decompress'))),
          speed(decompress.rounds),
          percent(spread(decompress.rounds)),
          ratio(
            of(packings, 'size'),
            timing(
              'size',
              packings.map(() => pages.length),
            ),
          ).toFixed(3),
        ];
      });
      const head = [`${kind}: speed, first = 1`, 'compress', 'MB/s', 'spread', 'decompress', 'MB/s', 'spread', 'size'];
      process.stdout.write(`${table(head, rows)}\n\n`);
      const batched = results['LZF, WebAssembly, many records in a call'];
      if (reference !== undefined && batched !== undefined) {
        const faster = (key: keyof Packing) => 1 / ratio(of(batched, key), of(one, key));
        targets.push(
          atLeast(`${kind}: compress, times as fast as liblzf`, faster('compress'), 1.4),
          atLeast(`${kind}: decompress, times as fast as liblzf`, faster('decompress'), 1.6),
          atMost(`${kind}: size of what is packed / liblzf's`, ratio(of(batched, 'size'), of(one, 'size')), 1.02),
        );
      }
    }
    targets.push(...(await scans(reference, codecs, data)));
  } finally {
    reference?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data };
}

/** The search for zeros in 128 KiB, and CRCs. */
async function scans(
  reference: Reference | undefined,
  codecs: Codecs | undefined,
  data: Record<string, unknown>,
): Promise<Target[]> {
  const zeros = new Uint8Array(2 ** 17);
  const bytes = codePages(2 ** 20);
  const rows: string[][] = [];
  const targets: Target[] = [];
  const compare = async (what: string, size: number, command: string, times: number, run: () => unknown) => {
    const results = await rounds<number>({
      ours: () => repeated(times, run),
      ...(reference && { c: async () => (await reference.ask<{ time: number }>(`${command} ${times}`)).time }),
    });
    data[what] = results;
    const ours = timing('ours', results['ours'] ?? []);
    const gigabytes = digits(size / median(ours.rounds));
    if (reference === undefined) rows.push([what, '–', gigabytes, percent(spread(ours.rounds))]);
    else {
      const faster = 1 / ratio(ours, timing('c', results['c'] ?? []));
      rows.push([what, digits(faster), gigabytes, percent(spread(ours.rounds))]);
      targets.push(atLeast(`${what}, times as fast as in C`, faster, 0.95));
    }
  };
  if (codecs !== undefined) {
    codecs.zeroPages(zeros, 0, 32);
    await compare('zero scan of 128 KiB', zeros.length, 'zero', 1000, () => codecs.scanAgain(32));
  }
  for (const size of [4096, 65536, 2 ** 20]) {
    const part = bytes.subarray(0, size);
    await compare(`CRC of ${size / 1024} KiB`, size, `crc ${size}`, Math.ceil(2 ** 23 / size), () => crc32(part));
  }
  process.stdout.write(`${table(['', 'speed, C = 1', 'GB/s', 'spread'], rows)}\n\n`);
  return targets;
}
