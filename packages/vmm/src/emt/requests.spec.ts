import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { NS_PER_MS } from './host-clock.js';
import { destinations, REQUEST_TYPE_INTERNAL, requestFlags, requestStates, type VmRequest } from './request.js';
import { Bench, deferred, failureStatus } from './testing.js';

const { ALL, ALL_REVERSE, ANY, ANY_QUEUE, NIL } = destinations;

describe('requests', () => {
  let bench: Bench;
  const open = (cpuCount = 1) => {
    bench = new Bench(cpuCount);
    return bench.emts;
  };
  afterEach(() => bench.end());

  /** A packet that logs its name. */
  const packet = (destination: number, name: string, flags = 0): VmRequest => {
    const request = bench.emts.requests.alloc(REQUEST_TYPE_INTERNAL, destination);
    request.flags = flags;
    request.call = () => {
      bench.log.push(name);
    };
    return request;
  };

  it('have the numbers of VirtualBox', () => {
    open();
    expect(destinations).to.deep.equal({
      ALL: 0xfffffff2,
      ALL_REVERSE: 0xfffffff3,
      ANY: 0xfffffff4,
      ANY_QUEUE: 0xfffffff5,
      NIL: 0xfffffffd,
    });
    expect(requestFlags).to.deep.equal({ VBOX_STATUS: 0, VOID: 1, NO_WAIT: 2, POKE: 4, PRIORITY: 8 });
    expect(Object.entries(requestStates).map(([name, value]) => `${value} ${name}`)).to.deep.equal([
      '0 INVALID',
      '1 ALLOCATED',
      '2 QUEUED',
      '3 PROCESSING',
      '4 COMPLETED',
      '5 FREE',
    ]);
  });

  describe('packets', () => {
    it('are allocated: pending, without flags', () => {
      const { requests } = open(2);
      const request = requests.alloc(REQUEST_TYPE_INTERNAL, 1);
      expect([request.state, request.status, request.flags, request.destination]).to.deep.equal([
        'ALLOCATED',
        'VERR_VM_REQUEST_STATUS_STILL_PENDING',
        0,
        1,
      ]);
    });

    const refused: readonly [string, number, number, string][] = [
      ['type 0', 0, ANY, 'VERR_VM_REQUEST_INVALID_TYPE'],
      ['type 2', 2, ANY, 'VERR_VM_REQUEST_INVALID_TYPE'],
      ['a CPU that there is not', 1, 2, 'VERR_INVALID_PARAMETER'],
      ['a negative CPU', 1, -1, 'VERR_INVALID_PARAMETER'],
      ['a number between the special ones', 1, 0xfffffff6, 'VERR_INVALID_PARAMETER'],
    ];
    for (const [name, type, destination, status] of refused) {
      it(`are refused for ${name}`, () => {
        const { requests } = open(2);
        expect(() => requests.alloc(type, destination))
          .to.throw(SsmError)
          .with.property('status', status);
      });
    }

    it('are used again once they are free, up to 128', async () => {
      const { requests } = open();
      const all = Array.from({ length: 130 }, () => requests.alloc(REQUEST_TYPE_INTERNAL, ANY));
      for (const request of all) requests.free(request);
      expect(all[0]?.status).to.equal('VERR_VM_REQUEST_STATUS_FREED');
      expect(requests.statistics).to.include({ allocNew: 130, free: 130, freeOverflow: 2 });
      const again = requests.alloc(REQUEST_TYPE_INTERNAL, 0);
      expect(all).to.include(again);
      expect([again.state, again.status]).to.deep.equal(['ALLOCATED', 'VERR_VM_REQUEST_STATUS_STILL_PENDING']);
      expect(requests.statistics.allocRecycled).to.equal(1);
    });

    it('are freed once; nothing is freed always', () => {
      const { requests } = open();
      const request = requests.alloc(REQUEST_TYPE_INTERNAL, ANY);
      requests.free(undefined);
      requests.free(request);
      expect(() => requests.free(request))
        .to.throw(SsmError)
        .with.property('status', 'VERR_VM_REQUEST_STATE');
    });

    it('are not freed while they are queued', async () => {
      const { requests } = open();
      const request = packet(ANY, 'x');
      const queued = requests.queue(request);
      expect(() => requests.free(request))
        .to.throw(SsmError)
        .with.property('status', 'VERR_VM_REQUEST_STATE');
      await queued;
      requests.free(request);
      expect(request.state).to.equal('FREE');
    });

    it('go through their states', async () => {
      const { requests } = open();
      const request = packet(ANY, 'x');
      const states: string[] = [request.state];
      request.call = () => {
        states.push(request.state);
      };
      const queued = requests.queue(request);
      states.push(request.state);
      await queued;
      states.push(request.state);
      expect(states).to.deep.equal(['ALLOCATED', 'QUEUED', 'PROCESSING', 'COMPLETED']);
    });
  });

  describe('queueing', () => {
    const refused: readonly [string, (request: VmRequest) => void, string][] = [
      ['a packet without a function', (request) => (request.call = undefined), 'VERR_INVALID_POINTER'],
      ['unknown flags', (request) => (request.flags = 0x10), 'VERR_INVALID_PARAMETER'],
      ['a packet that is free', (request) => request.advance('FREE'), 'VERR_VM_REQUEST_STATE'],
      ['no CPU', (request) => (request.destination = NIL), 'VERR_INVALID_PARAMETER'],
      [
        'all CPUs without waiting',
        (request) => {
          request.destination = ALL;
          request.flags = requestFlags.NO_WAIT;
        },
        'VERR_INVALID_PARAMETER',
      ],
    ];
    for (const [name, spoil, status] of refused) {
      it(`refuses ${name}`, async () => {
        const { requests } = open();
        const request = packet(ANY, 'x');
        spoil(request);
        expect(await failureStatus(requests.queue(request))).to.equal(status);
        expect(bench.log).to.deep.equal([]);
      });
    }

    it('refuses the packets of another VM', async () => {
      const other = new Bench();
      const request = other.emts.requests.alloc(REQUEST_TYPE_INTERNAL, ANY);
      request.call = () => {};
      await other.end();
      expect(await failureStatus(open().requests.queue(request))).to.equal('VERR_VM_REQUEST_INVALID_PACKAGE');
    });

    it('refuses a packet twice', async () => {
      const { requests } = open();
      const request = packet(ANY, 'x');
      const first = requests.queue(request);
      expect(await failureStatus(requests.queue(request))).to.equal('VERR_VM_REQUEST_STATE');
      await first;
    });

    it('succeeds when the packet was worked on, whatever its status', async () => {
      const { requests } = open();
      const request = packet(ANY, 'x');
      request.call = () => 'VERR_NO_DATA';
      expect(await requests.queue(request)).to.equal('VINF_SUCCESS');
      expect(request.status).to.equal('VERR_NO_DATA');
    });
  });

  describe('order', () => {
    it('is first in, first out; priority comes first', async () => {
      const { requests } = open();
      const started = deferred();
      const first = requests.callWait(0, () => started.promise);
      await bench.settle();
      const rest = [
        packet(0, 'normal 1'),
        packet(0, 'normal 2'),
        packet(0, 'priority 1', requestFlags.PRIORITY),
        packet(0, 'normal 3'),
        packet(0, 'priority 2', requestFlags.PRIORITY),
      ].map((request) => requests.queue(request));
      started.resolve();
      await Promise.all([first, ...rest]);
      expect(bench.log).to.deep.equal(['priority 1', 'priority 2', 'normal 1', 'normal 2', 'normal 3']);
      expect(requests.statistics.moreThanOne).to.equal(4);
    });

    it('of any mix of packets is that of a simple model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (priorities) => {
          const { requests } = open();
          const gate = deferred();
          const first = requests.callWait(ANY_QUEUE, () => gate.promise);
          await Promise.resolve();
          const all = priorities.map((priority, i) =>
            requests.queue(packet(ANY_QUEUE, `${i}`, priority ? requestFlags.PRIORITY : 0)),
          );
          gate.resolve();
          await Promise.all([first, ...all]);
          const names = priorities.map((priority, i) => ({ priority, name: `${i}` }));
          expect(bench.log).to.deep.equal([
            ...names.filter(({ priority }) => priority).map(({ name }) => name),
            ...names.filter(({ priority }) => !priority).map(({ name }) => name),
          ]);
          await bench.end();
        }),
        { numRuns: 30 },
      );
    });

    it('puts shared requests before own ones', async () => {
      const { requests } = open();
      const gate = deferred();
      const first = requests.callWait(0, () => gate.promise);
      await bench.settle();
      const own = requests.queue(packet(0, 'own'));
      // The queue that is being worked on is finished first, hence one more.
      const all = [own, requests.queue(packet(ANY, 'shared'))];
      gate.resolve();
      await Promise.all([first, ...all]);
      expect(bench.log).to.deep.equal(['own', 'shared']);
      bench.log = [];
      await Promise.all([requests.queue(packet(0, 'own')), requests.queue(packet(ANY, 'shared'))]);
      expect(bench.log).to.deep.equal(['shared', 'own']);
    });

    it('stops working on a queue at a status for the execution manager, which the EMT heeds', async () => {
      const { requests, emts } = open();
      const request = packet(0, 'x');
      request.call = () => 'VINF_EM_SUSPEND';
      let told: unknown;
      await requests.callWait(0, async ({ emt }) => {
        void requests.queue(request);
        void requests.queue(packet(0, 'after'));
        // On the EMT, but not part of its callback any more: so both have been queued.
        await Promise.resolve();
        told = emt;
      });
      expect(told).to.equal(emts[0]);
      await bench.settle();
      expect([request.status, bench.log]).to.deep.equal(['VINF_EM_SUSPEND', ['after']]);
    });

    it('takes only those of priority where only they are asked for', async () => {
      const { requests, emts } = open();
      const gate = deferred();
      const busy = requests.callWait(0, () => gate.promise);
      await bench.settle();
      const all = [packet(ANY_QUEUE, 'normal'), packet(ANY_QUEUE, 'priority', requestFlags.PRIORITY)];
      const queued = all.map((request) => requests.queue(request));
      await requests.process(emts[0]!, ANY, true);
      expect([bench.log, requests.pending(ANY), requests.pending(ANY, true)]).to.deep.equal([
        ['priority'],
        true,
        false,
      ]);
      gate.resolve();
      await Promise.all([busy, ...queued]);
    });
  });

  describe('destinations', () => {
    /** Where a request is worked on. */
    const whereOf = async (destination: number) => {
      const where: number[] = [];
      await bench.emts.requests.callWait(destination, ({ idCpu }) => {
        where.push(idCpu);
      });
      return where;
    };

    for (const [name, destination, expected] of [
      ['CPU 0', 0, [0]],
      ['CPU 2', 2, [2]],
      ['ALL', ALL, [0, 1, 2]],
      ['ALL_REVERSE', ALL_REVERSE, [2, 1, 0]],
    ] as const) {
      it(`${name} is ${expected.join(', then ')}`, async () => {
        open(3);
        expect(await whereOf(destination)).to.deep.equal(expected);
      });
    }

    it('ANY is EMT(0) alone before there is a VM', async () => {
      open(3);
      bench.shared = false;
      const { requests } = bench.emts;
      const where: number[] = [];
      const all = Array.from({ length: 4 }, () =>
        requests.callWait(ANY, async ({ idCpu }) => {
          where.push(idCpu);
          await bench.timers.turn();
        }),
      );
      await Promise.all(all);
      expect(where).to.deep.equal([0, 0, 0, 0]);
    });

    it('ANY is whoever has time, once there is one', async () => {
      open(3);
      const { requests } = bench.emts;
      const gate = deferred();
      const where: number[] = [];
      const all = Array.from({ length: 3 }, () =>
        requests.callWait(ANY, ({ idCpu }) => {
          where.push(idCpu);
          return gate.promise;
        }),
      );
      await bench.settle();
      gate.resolve();
      await Promise.all(all);
      expect(where.sort()).to.deep.equal([0, 1, 2]);
    });

    it('ALL stops at the first failure', async () => {
      open(3);
      const where: number[] = [];
      const failed = bench.emts.requests.callWait(ALL, ({ idCpu }) => {
        where.push(idCpu);
        return idCpu === 1 ? 'VERR_NO_DATA' : 'VINF_SUCCESS';
      });
      expect(await failureStatus(failed)).to.equal('VERR_NO_DATA');
      expect(where).to.deep.equal([0, 1]);
    });

    it('ALL includes the EMT that asks, which is called directly', async () => {
      open(2);
      const { requests } = bench.emts;
      const where: number[] = [];
      await requests.callWait(1, (context) =>
        requests.callWait(ALL, ({ idCpu }) => {
          where.push(idCpu);
          if (idCpu === 1) expect(context.active).to.equal(true);
        }),
      );
      expect(where).to.deep.equal([0, 1]);
    });
  });

  describe('on an EMT', () => {
    for (const [name, destination] of [
      ['to itself', 0],
      ['to ANY', ANY],
    ] as const) {
      it(`a request ${name} is a call, and returns what the function returns`, async () => {
        const { requests } = open();
        await requests.callWait(0, async (context) => {
          const request = packet(destination, 'x');
          request.call = () => 'VINF_EM_RESET';
          expect(await context.run(() => requests.queue(request))).to.equal('VINF_EM_RESET');
          expect(request.state).to.equal('COMPLETED');
        });
      });
    }

    it('a failing call fails the queueing', async () => {
      const { requests } = open();
      let failed = '';
      await requests.callWait(0, async (context) => {
        failed = await failureStatus(context.run(() => requests.callWait(0, () => 'VERR_NO_DATA')));
      });
      expect(failed).to.equal('VERR_NO_DATA');
    });

    it('a request to ANY_QUEUE is queued nevertheless', async () => {
      const { requests } = open();
      await requests.callWait(0, async () => {
        await requests.callNoWait(ANY_QUEUE, () => {
          bench.log.push('queued');
        });
        bench.log.push('first');
      });
      await bench.settle();
      expect(bench.log).to.deep.equal(['first', 'queued']);
    });

    it('a request to another EMT is queued and waited for', async () => {
      const { requests } = open(2);
      await requests.callWait(0, ({ run }) => {
        expect(run).to.be.a('function');
        return requests.callWait(1, ({ idCpu }) => {
          bench.log.push(`on ${idCpu}`);
        });
      });
      expect(bench.log).to.deep.equal(['on 1']);
    });
  });

  describe('waiting', () => {
    it('ends with VERR_TIMEOUT; the packet lives on', async () => {
      const { requests } = open();
      const gate = deferred();
      const request = packet(0, 'x');
      request.call = () => gate.promise;
      const queued = failureStatus(requests.queue(request, 30));
      await bench.settle();
      bench.timers.advance(29n * NS_PER_MS);
      await bench.settle();
      expect(request.state).to.equal('PROCESSING');
      bench.timers.advance(NS_PER_MS);
      expect(await queued).to.equal('VERR_TIMEOUT');
      expect(request.status).to.equal('VERR_VM_REQUEST_STATUS_STILL_PENDING');
      const again = requests.wait(request);
      gate.resolve();
      expect(await again).to.equal('VINF_SUCCESS');
      expect([request.state, request.status]).to.deep.equal(['COMPLETED', 'VINF_SUCCESS']);
    });

    it('for less than any time tells whether it is done', async () => {
      const { requests } = open();
      const request = packet(0, 'x', requestFlags.NO_WAIT);
      const gate = deferred();
      request.call = () => gate.promise;
      request.flags = 0;
      const queued = requests.queue(request);
      const polled = failureStatus(requests.wait(request, 0));
      bench.timers.advance(0n);
      expect(await polled).to.equal('VERR_TIMEOUT');
      gate.resolve();
      await queued;
      expect(await requests.wait(request, 0)).to.equal('VINF_SUCCESS');
      expect(bench.timers.waiting).to.equal(0);
    });

    it('is refused for a packet that was never queued', async () => {
      const { requests } = open();
      expect(await failureStatus(requests.wait(packet(0, 'x')))).to.equal('VERR_VM_REQUEST_STATE');
    });

    it('on an EMT ends with VERR_TIMEOUT, too', async () => {
      const { requests } = open(2);
      const gate = deferred();
      const waited = requests.callWait(0, async () => {
        bench.log.push(await failureStatus(requests.call(1, () => gate.promise, 0, 5).then((r) => r?.state ?? '')));
      });
      await bench.settle();
      bench.timers.advance(5n * NS_PER_MS);
      await waited;
      expect(bench.log).to.deep.equal(['no failure']);
      gate.resolve();
    });

    it('is not done with NO_WAIT, and the EMT frees the packet', async () => {
      const { requests } = open();
      expect(
        await requests.call(
          0,
          () => {
            bench.log.push('x');
          },
          requestFlags.NO_WAIT,
        ),
      ).to.equal(undefined);
      expect(bench.log).to.deep.equal([]);
      await bench.settle();
      expect([bench.log, requests.statistics.free]).to.deep.equal([['x'], 1]);
    });
  });

  describe('calls', () => {
    it('return the packet, for the caller to free', async () => {
      const { requests } = open();
      const request = await requests.call(0, () => 'VERR_NO_DATA');
      expect([request?.state, request?.status]).to.deep.equal(['COMPLETED', 'VERR_NO_DATA']);
      requests.free(request);
    });

    it('return the packet when they time out, too', async () => {
      const { requests } = open();
      const gate = deferred();
      const called = requests.call(0, () => gate.promise, 0, 1);
      bench.timers.advance(NS_PER_MS);
      const request = await called;
      expect(request?.settled).to.equal(false);
      gate.resolve();
      await requests.wait(request!);
    });

    const refused: readonly [string, () => Promise<unknown>, string][] = [
      ['no function', () => bench.emts.requests.call(0, undefined as never), 'VERR_INVALID_POINTER'],
      ['unknown flags', () => bench.emts.requests.call(0, () => {}, 0x20), 'VERR_INVALID_PARAMETER'],
      ['no such CPU', () => bench.emts.requests.call(9, () => {}), 'VERR_INVALID_PARAMETER'],
    ];
    for (const [name, call, status] of refused) {
      it(`refuse ${name}, and leave no packet behind`, async () => {
        const { requests } = open();
        expect(await failureStatus(call())).to.equal(status);
        expect(requests.statistics.free).to.equal(requests.statistics.allocNew);
      });
    }

    it('tell what the function tells, or throw what it throws', async () => {
      const { requests } = open();
      expect(await requests.callWait(0, () => 'VINF_NO_CHANGE')).to.equal('VINF_NO_CHANGE');
      expect(await failureStatus(requests.callWait(0, () => 'VERR_NO_DATA'))).to.equal('VERR_NO_DATA');
      const own = requests.callWait(0, () => {
        throw new TypeError('mine');
      });
      await own.catch((error: SsmError) => {
        expect([error.status, error.detail]).to.deep.equal(['VERR_GENERAL_FAILURE', 'a request threw TypeError: mine']);
      });
      expect(await failureStatus(own)).to.equal('VERR_GENERAL_FAILURE');
      expect(requests.statistics.free).to.equal(3);
    });

    it('VOID: the status is success', async () => {
      const { requests } = open();
      expect(await requests.callVoidWait(0, () => 'VERR_NO_DATA')).to.equal('VINF_SUCCESS');
    });

    it('of priority come first', async () => {
      const { requests } = open();
      await Promise.all([
        requests.queue(packet(0, 'normal')),
        requests.priorityCallWait(0, () => {
          bench.log.push('priority');
        }),
      ]);
      expect(bench.log).to.deep.equal(['priority', 'normal']);
    });
  });

  it('that are queued when the VM goes are killed, their waiters woken; later ones are refused', async () => {
    const { requests } = open(2);
    const gate = deferred();
    const running = requests.callWait(0, () => gate.promise);
    await bench.settle();
    const packets = [packet(0, 'x'), packet(0, 'y', requestFlags.PRIORITY)];
    const waits = packets.map((request) => requests.queue(request));
    const call = failureStatus(requests.callWait(0, () => {}));
    requests.kill();
    expect(await Promise.all(waits)).to.deep.equal(['VINF_SUCCESS', 'VINF_SUCCESS']);
    expect(await call).to.equal('VERR_VM_REQUEST_KILLED');
    for (const request of packets) {
      expect([request.state, request.status]).to.deep.equal(['INVALID', 'VERR_VM_REQUEST_KILLED']);
    }
    expect(await failureStatus(requests.callWait(0, () => {}))).to.equal('VERR_INVALID_VM_HANDLE');
    gate.resolve();
    expect(await running).to.equal('VINF_SUCCESS');
    expect(bench.log).to.deep.equal([]);
  });
});
