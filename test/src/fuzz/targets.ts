import {
  type GetStream,
  isSsmError,
  loadState,
  lzfDecompress,
  MemorySource,
  openState,
  PASS_FINAL,
  Registry,
  type Source,
  verifyState,
} from '@ssmkit/runtime';
import { AwkwardSource } from '@ssmkit/runtime/testing';
import { hosts, StructFlags } from '@ssmkit/schema';
import { testClasses } from '../support/classes.js';
import { reading } from '../support/struct-stream.js';

/*
 * What is fuzzed
 *
 * A target reads an input by the ways that users have, and says what came of it as a short text: an input with an answer
 * not seen before is kept. The target itself fails, by throwing, when something else than an SsmError comes out, or when
 * two ways to read the same bytes disagree.
 */

export type Target = (data: Uint8Array) => Promise<string>;

/** What inputs may cost: a few kilobytes that stand for more are not worth reading on. */
const limits = { decodedBytes: 16 << 20, records: 20_000, units: 2_000, wallTime: 20_000 };

/** Numbers in messages are what distinguishes inputs that take the same path. */
const pathOf = (message: string) => message.replace(/'.*'|0x[0-9a-f]+|\d+/gs, '#');

const bucket = (count: number) => (count === 0 ? 0 : 1 + Math.floor(Math.log2(count)));

/** Runs `step` and tells how it ended. @throws what is no SsmError. */
async function answerOf(step: () => Promise<string | undefined> | string | undefined): Promise<string> {
  try {
    return (await step()) ?? 'ok';
  } catch (error) {
    if (isSsmError(error)) return `${error.status} ${pathOf(error.detail)}`;
    throw error;
  }
}

/** Gets of all sizes, in an order that the unit's name and version decide. */
async function getAll(stream: GetStream, seed: number): Promise<void> {
  let state = seed;
  const big = new Uint8Array(5000);
  for (;;) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    await stream.ensure(5000);
    if (stream.buffered === 0) return;
    const most = Math.min(stream.buffered, big.length);
    const size = 1 + ((state >>> 8) % most);
    switch (state >>> 29) {
      case 0:
        stream.getMem(big.subarray(0, size));
        break;
      case 1:
        stream.getU8();
        break;
      case 2:
        if (most >= 4) stream.getU32();
        else stream.getU8();
        break;
      case 3:
        stream.skip(size);
        break;
      case 4:
        if (most >= 8) stream.getGCPtr();
        else stream.getBool();
        break;
      default:
        stream.getMem(big.subarray(0, most));
    }
  }
}

/** Loads a state as a program that takes every unit does; tells status and what was in it. */
function load(source: Source, known: boolean): Promise<string> {
  let units = 0;
  let bytes = 0;
  return answerOf(async () => {
    await loadState(new Registry(), source, {
      limits,
      after: known ? 'RESUME' : 'DEBUG_IT',
      ...(known && {
        onUnknownUnit: async (stream, unit, handle) => {
          units++;
          if (unit.version % 2 === 0) bytes += await handle.readToEndOfUnit();
          else await getAll(stream, unit.version + unit.instance);
        },
      }),
    });
    return `ok ${bucket(units)} ${bucket(bytes)}`;
  });
}

/** Looks into a state as a tool does: walks over the units, and seeks each. */
function open(source: Source): Promise<string> {
  return answerOf(async () => {
    const state = await openState(source, { limits });
    const seen = new Map<string, [name: string, instance: number]>();
    const totals: Record<string, number> = {};
    const walked = await answerOf(async () => {
      for await (const unit of state.units()) {
        seen.set(`${unit.name} ${unit.instance}`, [unit.name, unit.instance]);
        if (unit.pass !== PASS_FINAL) totals['live'] = 1;
        const { records } = await unit.measure();
        for (const [kind, count] of Object.entries(records)) totals[kind] = (totals[kind] ?? 0) + count;
      }
      return undefined;
    });
    const sought = new Set<string>();
    for (const [name, instance] of [...seen.values(), ['SSM', 0] as [string, number]]) {
      sought.add(
        await answerOf(async () => {
          const { stream, version } = await state.seek(name, instance);
          await getAll(stream, version);
          return undefined;
        }),
      );
    }
    const kinds = Object.entries(totals).map(([kind, count]) => `${kind}${bucket(count)}`);
    return [
      `${state.format} ${walked}`,
      ...[...sought].sort().map((answer) => `seek: ${answer}`),
      kinds.join(' '),
    ].join(' | ');
  });
}

async function verify(source: Source): Promise<string> {
  const { validate, open, load } = await verifyState(source);
  return `${validate.withoutChecksum} ${validate.withChecksum} ${open} ${load}`;
}

/** Wordings may differ with how far a reader has looked ahead, statuses may not. */
const statusIn = (answer: string) => (answer.startsWith('ok') ? answer : answer.split(' ')[0]);

/** Every so many inputs are read by the slower ways, too. */
const COMPARED_OF = 32;

/** Saved states of any format. */
async function state(data: Uint8Array): Promise<string> {
  const loaded = await load(new MemorySource(data), true);
  const answers = [loaded, await open(new MemorySource(data)), await verify(new MemorySource(data))];
  answers.push(await load(new MemorySource(data), false));
  if (data.length % COMPARED_OF === 0) {
    for (const options of [{ shortReads: true }, { asynchronous: true }]) {
      const other = await load(new AwkwardSource(data, { ...options, seed: data.length }), true);
      if (statusIn(other) !== statusIn(loaded))
        throw new Error(`from memory: ${loaded}; ${JSON.stringify(options)}: ${other}`);
    }
  }
  return answers.join(' || ');
}

/** A stream: loads only. */
function stream(data: Uint8Array): Promise<string> {
  return load(new AwkwardSource(data, { stream: true, shortReads: data.length % 2 === 0, seed: data.length }), true);
}

/** LZF: the first two bytes give the size to expand to. */
async function lzf(data: Uint8Array): Promise<string> {
  if (data.length < 3) return 'short';
  const size = ((data[0] as number) | ((data[1] as number) << 8)) & 0x7fff;
  const guard = 64;
  const into = new Uint8Array(guard + size + guard).fill(0xa5);
  const ok = lzfDecompress(data, 2, data.length, into, guard, size);
  if (
    into.subarray(0, guard).some((byte) => byte !== 0xa5) ||
    into.subarray(guard + size).some((byte) => byte !== 0xa5)
  ) {
    throw new Error('LZF wrote outside of its output');
  }
  return `${ok} ${bucket(size)} ${bucket(data.length)}`;
}

const hostList = Object.values(hosts);
const flagList = [
  0,
  StructFlags.DONT_IGNORE,
  StructFlags.NO_MARKERS,
  StructFlags.NO_LEAD_MARKER,
  StructFlags.NO_TAIL_MARKER,
];

/** Structures: the first four bytes choose the class, the hosts and the flags. */
async function struct(data: Uint8Array): Promise<string> {
  if (data.length < 4) return 'short';
  const [cls, host, saved, flags] = data as unknown as [number, number, number, number];
  const { target } = testClasses[cls % testClasses.length] as (typeof testClasses)[number];
  const options = {
    host: hostList[host % hostList.length] as (typeof hostList)[number],
    saved: hostList[saved % hostList.length] as (typeof hostList)[number],
    version: flags,
  };
  const get = reading(data.subarray(4), options);
  const flag = flagList[flags % flagList.length] as number;
  const answer = await answerOf(() => {
    const object = new target();
    get.getStructEx(object, flag);
    return undefined;
  });
  const plain = await answerOf(() => {
    reading(data.subarray(4), options).get(new target());
    return undefined;
  });
  return `${target.name} ${answer} ${plain} ${bucket(get.offset)}`;
}

/** The targets by name. */
export const targets: Readonly<Record<string, Target>> = { state, stream, lzf, struct };
