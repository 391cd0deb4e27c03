import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { crc32 } from '../codecs/crc32.js';
import { packBlock, packerOf } from '../containers/v2/pack-block.js';
import { BLOCK, RecordType } from '../containers/v2/records.js';
import { useWasm } from '../wasm/instance.js';
import { CodecPool } from './pool.js';
import { Slot, SlotState, type SlotView } from './slots.js';

const text = new TextEncoder().encode('what is saved is loaded again. '.repeat(133)).subarray(0, BLOCK);

/** Three blocks of text between records that are made already. */
function fill(slot: SlotView): Uint8Array {
  const record = Uint8Array.of(0x94, 1, 4);
  const expected = new Uint8Array(4 * BLOCK);
  let at = 0;
  slot.data.set(text, 0);
  slot.data.set(text, BLOCK);
  slot.data.set(text, 2 * BLOCK);
  slot.rest.set(record, 0);
  slot.rest.set(record, 3);
  const packer = packerOf(RecordType.lzf);
  at = packBlock(text, 0, packer, expected, at);
  expected.set(record, at);
  at = packBlock(text, 0, packer, expected, at + 3);
  at = packBlock(text, 0, packer, expected, at);
  expected.set(record, at);
  slot.ops.set([1, -3, 2, -3]);
  slot.words[Slot.ops] = 4;
  slot.words[Slot.type] = RecordType.lzf;
  slot.words[Slot.expand] = 0;
  return expected.subarray(0, at + 3);
}

async function started(count: number): Promise<CodecPool> {
  const pool = new CodecPool(count, 'saving');
  await pool.startFor(2 ** 40);
  for (let tries = 0; pool.running < count && tries < 5000; tries++) await sleep(2);
  expect(pool.running).to.equal(count);
  return pool;
}

describe('a pool of workers', function () {
  this.timeout(30_000);
  let pool: CodecPool;

  beforeEach(async () => {
    pool = await started(1);
  });

  afterEach(async () => {
    useWasm(true);
    await pool.end();
    expect(pool.running).to.equal(0);
  });

  function expectResult(slot: SlotView, expected: Uint8Array): void {
    const { out, size, crc } = pool.finish(slot);
    expect([...out.subarray(0, size)]).to.deep.equal([...expected]);
    expect(crc).to.equal(crc32(expected));
  }

  /** Every slot that can be had, given back again. */
  function free(): number {
    const slots: SlotView[] = [];
    for (let slot = pool.take(); slot !== undefined; slot = pool.take()) slots.push(slot);
    for (const slot of slots) pool.release(slot);
    return slots.length;
  }

  for (const wasm of [true, false]) {
    it(`does parts as whoever asks does, ${wasm ? 'with' : 'without'} WebAssembly`, () => {
      useWasm(wasm);
      const slots: [SlotView, Uint8Array][] = [];
      for (let slot = pool.take(); slot !== undefined; slot = pool.take()) {
        slots.push([slot, fill(slot)]);
        pool.submit(slot);
      }
      expect(slots.length).to.be.above(3);
      for (const [slot, expected] of slots) {
        expectResult(slot, expected);
        pool.release(slot);
      }
      expect(free()).to.equal(slots.length);
    });
  }

  it('does parts while nobody waits', async () => {
    const slot = pool.take() as SlotView;
    const expected = fill(slot);
    pool.submit(slot);
    while (Atomics.load(slot.words, Slot.state) !== SlotState.done) await sleep(1);
    expectResult(slot, expected);
  });

  for (const asleep of [true, false]) {
    it(`does a part again that a worker does not finish, where one can${asleep ? '' : 'not'} sleep`, () => {
      const all = free();
      const slot = pool.take() as SlotView;
      const expected = fill(slot);
      Atomics.store(slot.words, Slot.state, SlotState.taken);
      const { wait } = Atomics;
      if (!asleep) {
        Atomics.wait = () => {
          throw new TypeError('Atomics.wait cannot be called in this context');
        };
      }
      try {
        expectResult(slot, expected);
      } finally {
        Atomics.wait = wait;
      }
      // The worker may come to an end later: only then the slot is used again.
      pool.release(slot);
      expect(free()).to.equal(all - 1);
      Atomics.store(slot.words, Slot.state, SlotState.done);
      expect(free()).to.equal(all);
    });
  }

  it('takes back a part that nobody has begun', () => {
    const all = free();
    const slot = pool.take() as SlotView;
    fill(slot);
    pool.submit(slot);
    pool.release(slot);
    while (Atomics.load(slot.words, Slot.state) === SlotState.taken);
    expect(free()).to.equal(all);
  });

  it('has no slots once its workers are gone', async () => {
    await pool.end();
    expect(pool.take()).to.equal(undefined);
  });

  it('keeps no process alive', () => {
    const script = `
      const { CodecPool } = await import(${JSON.stringify(new URL('./pool.js', import.meta.url).href)});
      const pool = new CodecPool(2, 'saving');
      pool.start();
      while (pool.running < 2) await new Promise((resolve) => setTimeout(resolve, 2));
      console.log('running', pool.running);
    `;
    const args = ['--input-type=module', '--eval', script];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
    expect({ stdout, status }).to.deep.equal({ stdout: 'running 2\n', status: 0 });
  });
});
