import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { Statistics } from '../../stam/index.js';
import { TestTime } from '../../tm/testing.js';
import type { PdmQueue, QueueOptions } from './queue.js';
import { Queues } from './queues.js';

const MS = 1_000_000n;

/** Queues without a VM around them. */
class Bench {
  readonly time = new TestTime();
  readonly statistics = new Statistics();
  readonly log: string[] = [];
  wakes = 0;
  readonly queues = new Queues({
    statistics: this.statistics,
    wake: () => this.wakes++,
    createTimer: (name, callback) => this.time.tm.createTimer({ clock: 'REAL', name, callback }),
    log: (line) => this.log.push(line),
  });

  /** A queue of numbers, and what it has handed out. */
  create(options: Partial<QueueOptions<{ value: number }>> = {}, accept: (value: number) => boolean = () => true) {
    const handed: number[] = [];
    const queue = this.queues.create({
      name: 'Q',
      items: 4,
      create: () => ({ value: 0 }),
      callback: ({ value }) => {
        if (!accept(value)) return false;
        handed.push(value);
        return true;
      },
      ...options,
    });
    return { queue, handed };
  }

  status(call: () => unknown): string {
    try {
      call();
      return 'VINF_SUCCESS';
    } catch (error) {
      return (error as SsmError).status;
    }
  }
}

function insert(queue: PdmQueue<{ value: number }>, ...values: readonly number[]): void {
  for (const value of values) {
    const item = queue.alloc()!;
    item.data.value = value;
    queue.insert(item);
  }
}

const MIB = 1 << 20;

describe('the making of a queue', () => {
  const rows: readonly (readonly [what: string, status: string, options: object])[] = [
    ['one item', 'VINF_SUCCESS', { items: 1 }],
    ['no items', 'VERR_OUT_OF_RANGE', { items: 0 }],
    ['16384 items', 'VINF_SUCCESS', { items: 16384 }],
    ['more', 'VERR_OUT_OF_RANGE', { items: 16385 }],
    ['half an item', 'VERR_OUT_OF_RANGE', { items: 1.5 }],
    ['items smaller than their header', 'VERR_OUT_OF_RANGE', { itemSize: 8 }],
    ['items that round up to it', 'VINF_SUCCESS', { itemSize: 9 }],
    ['items of nearly 1 MiB', 'VINF_SUCCESS', { items: 1, itemSize: MIB - 8 }],
    ['items of 1 MiB', 'VERR_OUT_OF_RANGE', { items: 1, itemSize: MIB - 7 }],
    ['32 MiB', 'VINF_SUCCESS', { items: 1024, itemSize: 32768 }],
    ['more than 32 MiB', 'VERR_OUT_OF_RANGE', { items: 1024, itemSize: 32776 }],
    ['no name', 'VERR_INVALID_NAME', { name: '' }],
    ['a name of 39 bytes', 'VINF_SUCCESS', { name: 'x'.repeat(39) }],
    ['a name of 40 bytes', 'VERR_INVALID_NAME', { name: `${'x'.repeat(38)}ä` }],
    ['no callback', 'VERR_INVALID_POINTER', { callback: undefined }],
  ];
  for (const [what, status, options] of rows) {
    it(`with ${what}: ${status}`, () => {
      const bench = new Bench();
      expect(bench.status(() => bench.create(options))).to.equal(status);
    });
  }

  it('with the name of another is refused, whoever that belongs to', () => {
    const bench = new Bench();
    const { queue } = bench.create();
    expect(bench.status(() => bench.create())).to.equal('VERR_DUPLICATE');
    queue.destroy();
    expect(bench.status(() => bench.create())).to.equal('VINF_SUCCESS');
  });
});

describe('a queue', () => {
  it('hands out what was inserted, the oldest first', () => {
    const bench = new Bench();
    const { queue, handed } = bench.create();
    insert(queue, 1, 2, 3);
    expect([bench.wakes, bench.queues.isDue]).to.deep.equal([3, true]);
    bench.queues.flushAll();
    expect([handed, queue.pending, bench.queues.isDue]).to.deep.equal([[1, 2, 3], 0, false]);
  });

  it('has so many items and no more', () => {
    const bench = new Bench();
    const { queue } = bench.create();
    insert(queue, 1, 2, 3, 4);
    expect(queue.alloc()).to.equal(undefined);
    bench.queues.flushAll();
    expect(queue.alloc()).to.not.equal(undefined);
  });

  it('keeps what the callback refuses, in front of what is newer', () => {
    const bench = new Bench();
    let open = false;
    const { queue, handed } = bench.create({}, (value) => value !== 2 || open);
    insert(queue, 1, 2, 3);
    bench.queues.flushAll();
    expect([handed, queue.pending]).to.deep.equal([[1], 2]);
    insert(queue, 4);
    open = true;
    bench.queues.flushAll();
    expect(handed).to.deep.equal([1, 2, 3, 4]);
  });

  it('asks for a flush only when there is something', () => {
    const bench = new Bench();
    const { queue } = bench.create();
    expect(queue.flushIfNecessary()).to.equal('VINF_NO_CHANGE');
    insert(queue, 1);
    const { wakes } = bench;
    expect(queue.flushIfNecessary()).to.equal('VINF_SUCCESS');
    expect(bench.wakes).to.equal(wakes + 1);
  });

  it('takes only its own items, and each once', () => {
    const bench = new Bench();
    const { queue } = bench.create();
    const other = bench.create({ name: 'Other' }).queue;
    const item = queue.alloc()!;
    expect(bench.status(() => other.insert(item))).to.equal('VERR_INVALID_PARAMETER');
    expect(bench.status(() => queue.insert({ data: { value: 1 } }))).to.equal('VERR_INVALID_PARAMETER');
    expect(bench.status(() => queue.insert(item))).to.equal('VINF_SUCCESS');
    expect(bench.status(() => queue.insert(item))).to.equal('VERR_INVALID_PARAMETER');
    bench.queues.flushAll();
    expect(
      bench.status(() => queue.insert(item)),
      'after it was handed out',
    ).to.equal('VERR_INVALID_PARAMETER');
  });

  it('has one round more for what its callback inserts, and no endless ones', () => {
    const bench = new Bench();
    const { queue, handed } = bench.create({ items: 2 }, (value) => {
      insert(queue, value + 1);
      bench.queues.flushAll();
      return true;
    });
    insert(queue, 1);
    bench.queues.flushAll();
    expect([handed, bench.queues.isDue]).to.deep.equal([[1, 2], true]);
  });

  it('that throws is broken: it is flushed no more, others are', () => {
    const bench = new Bench();
    const bad = bench.create({}, () => {
      throw new Error('a bug');
    });
    const good = bench.create({ name: 'Good' });
    insert(bad.queue, 1);
    insert(good.queue, 2);
    bench.queues.flushAll();
    expect([bad.queue.broken?.status, good.handed]).to.deep.equal(['VERR_GENERAL_FAILURE', [2]]);
    expect(bench.log.join()).to.include('a bug');
    bench.queues.flushAll();
    expect([bad.queue.pending, bench.log.length]).to.deep.equal([1, 1]);
    expect(bench.statistics.find('/PDM/Queue/Q/rcOkay')?.sample).to.include({ value: false });
  });

  it('with an interval is flushed by its own timer, again and again', () => {
    const bench = new Bench();
    const { queue, handed } = bench.create({ interval: 10 });
    insert(queue, 1);
    expect(bench.wakes).to.equal(0);
    bench.queues.flushAll();
    expect(handed).to.deep.equal([]);
    bench.time.runFor(10n * MS);
    expect(handed).to.deep.equal([1]);
    insert(queue, 2);
    bench.time.runFor(9n * MS);
    expect(handed).to.deep.equal([1]);
    bench.time.runFor(1n * MS);
    expect(handed).to.deep.equal([1, 2]);
    expect(bench.time.tm.timers.map(({ name }) => name)).to.deep.equal(['Que/Q']);
    queue.destroy();
    expect(bench.time.tm.timers).to.have.length(0);
  });

  it('counts', () => {
    const bench = new Bench();
    const { queue } = bench.create({ itemSize: 30 }, (value) => value !== 2);
    insert(queue, 1, 2, 3, 4);
    queue.alloc();
    bench.queues.flushAll();
    const values = bench.statistics
      .entries('/PDM/Queue/*')
      .map(({ name, sample }) => `${name.slice('/PDM/Queue/'.length)}=${(sample as { value: unknown }).value}`);
    expect(values).to.deep.equal(
      [
        'Q/AllocFailures=1',
        'Q/Flush=1',
        'Q/FlushLeftovers=1',
        'Q/Insert=4',
        'Q/cbItem=32',
        'Q/cItems=4',
        'Q/rcOkay=true',
      ].sort((a, b) => (a < b ? -1 : 1)),
    );
    queue.destroy();
    expect(bench.statistics.entries()).to.have.length(0);
  });

  it('never loses, doubles or reorders anything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant('insert' as const), fc.constant('flush' as const), fc.nat(5)), { maxLength: 60 }),
        (steps) => {
          const bench = new Bench();
          let credit = 0;
          const { queue, handed } = bench.create({ items: 7 }, () => credit-- > 0);
          let next = 0;
          for (const step of steps) {
            if (step === 'insert') {
              const item = queue.alloc();
              if (item === undefined) continue;
              item.data.value = next++;
              queue.insert(item);
            } else if (step === 'flush') bench.queues.flushAll();
            else credit = step;
            expect(handed.length + queue.pending).to.equal(next);
            expect(queue.pending).to.be.at.most(7);
          }
          credit = 1000;
          bench.queues.flushAll();
          expect(handed).to.deep.equal(Array.from({ length: next }, (_, i) => i));
        },
      ),
    );
  });
});
