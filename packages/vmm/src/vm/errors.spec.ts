import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { runtimeErrorFlags } from './errors.js';
import { deferred, failureStatus, TestVm } from './testing.js';
import type { AtState } from './uvm.js';

const { FATAL, SUSPEND, NO_WAIT } = runtimeErrorFlags;

describe('callbacks of a VM', () => {
  let vm: TestVm;
  beforeEach(async () => {
    vm = await TestVm.create();
  });
  afterEach(() => vm.end());

  const lists = ['atState', 'atError', 'atRuntimeError'] as const;
  /** Makes something happen that the callbacks of a list are told of. */
  const happen = {
    atState: () => vm.uvm.powerOn(),
    atError: () => vm.uvm.setError('VERR_NO_DATA', 'text'),
    atRuntimeError: () => vm.uvm.setRuntimeError(0, 'Id', 'text'),
  };

  for (const list of lists) {
    describe(list, () => {
      it('are called in the order of their registration, each with what it was registered with', async () => {
        const told: unknown[] = [];
        const callback = (...args: unknown[]) => void told.push(args.at(-1));
        for (const user of ['a', 'b', 'a', undefined]) vm.uvm[list].register(callback, user);
        await happen[list]();
        expect(told.slice(0, 4)).to.deep.equal(['a', 'b', 'a', undefined]);
      });

      it('are deregistered pair by pair', async () => {
        const told: unknown[] = [];
        const callback = (...args: unknown[]) => void told.push(args.at(-1));
        for (const user of ['a', 'b', 'a']) vm.uvm[list].register(callback, user);
        vm.uvm[list].deregister(callback, 'a');
        await happen[list]();
        expect(told.slice(0, 2)).to.deep.equal(['b', 'a']);
        vm.uvm[list].deregister(callback, 'a');
        expect(() => vm.uvm[list].deregister(callback, 'a'))
          .to.throw(SsmError)
          .with.property('status', 'VERR_FILE_NOT_FOUND');
        expect(() => vm.uvm[list].deregister(() => {}))
          .to.throw(SsmError)
          .with.property('status', 'VERR_FILE_NOT_FOUND');
      });

      it('have to be functions', () => {
        for (const call of ['register', 'deregister'] as const) {
          expect(() => vm.uvm[list][call](undefined as never))
            .to.throw(SsmError)
            .with.property('status', 'VERR_INVALID_PARAMETER');
        }
      });

      it('that throw keep nothing from happening', async () => {
        let called = false;
        vm.uvm[list].register(() => {
          throw new TypeError('mine');
        });
        vm.uvm[list].register(() => {
          called = true;
        });
        await happen[list]();
        expect(called).to.equal(true);
        expect(vm.log.some((line) => line.includes('TypeError: mine'))).to.equal(true);
      });

      it('may come and go while they are called: that counts from the next time on', async () => {
        const told: string[] = [];
        const late = () => void told.push('late');
        const once = () => {
          told.push('once');
          vm.uvm[list].deregister(once);
          vm.uvm[list].register(late);
        };
        vm.uvm[list].register(once);
        await happen.atError();
        await happen.atRuntimeError();
        if (list === 'atState') await happen.atState();
        const first = list === 'atState' ? ['once', 'late'] : ['once'];
        expect(told).to.deep.equal(first);
      });
    });
  }

  it('of states are on the EMT, and cannot change the state themselves', async () => {
    const seen: unknown[] = [];
    const callback: AtState = (uvm, next) => {
      if (next !== 'RUNNING') return;
      seen.push(uvm.cpuId);
      void uvm.suspend('USER').catch((error: SsmError) => seen.push(error.status));
    };
    vm.uvm.atState.register(callback);
    await vm.uvm.powerOn();
    await vm.settle();
    expect([seen, vm.uvm.state]).to.deep.equal([[0, 'VERR_INVALID_STATE'], 'RUNNING']);
  });

  it('of states may have somebody else change it afterwards', async () => {
    let suspended: Promise<unknown> | undefined;
    vm.uvm.atState.register((uvm, next) => {
      if (next === 'RUNNING') suspended = Promise.resolve().then(() => uvm.suspend('USER'));
    });
    await vm.uvm.powerOn();
    expect(await suspended).to.equal('VINF_EM_SUSPEND');
  });
});

describe('a VM error', () => {
  for (const where of ['elsewhere', 'an EMT'] as const) {
    it(`from ${where} is told, counted and returned; the state stays`, async () => {
      const vm = await TestVm.create();
      let error: SsmError | undefined;
      const raise = async () => {
        error = await vm.uvm.setError('VERR_NO_DATA', 'nothing there');
      };
      if (where === 'elsewhere') await raise();
      else await vm.uvm.emts.requests.callWait(0, raise);
      expect(vm.errors).to.deep.equal([error]);
      expect(error).to.include({ status: 'VERR_NO_DATA', detail: 'nothing there' });
      expect([vm.uvm.errorCount, vm.uvm.errors.last, vm.uvm.state]).to.deep.equal([1, error, 'CREATED']);
      await vm.end();
    });
  }

  it('comes before what is queued', async () => {
    const vm = await TestVm.create();
    const order: string[] = [];
    vm.uvm.atError.register(() => order.push('error'));
    await Promise.all([
      vm.uvm.emts.requests.callWait(0xfffffff4, () => void order.push('request')),
      vm.uvm.setError('VERR_NO_DATA', 'x'),
    ]);
    expect(order).to.deep.equal(['error', 'request']);
    await vm.end();
  });
});

describe('a runtime error', () => {
  /** Flags, where the VM is, what comes of it. */
  const rows: readonly [string, number, 'RUNNING' | 'SUSPENDED' | 'CREATED', string, string][] = [
    ['without flags', 0, 'RUNNING', 'RUNNING', 'VINF_SUCCESS'],
    ['without flags', 0, 'CREATED', 'CREATED', 'VINF_SUCCESS'],
    ['SUSPEND', SUSPEND, 'RUNNING', 'SUSPENDED', 'VINF_EM_SUSPEND'],
    ['SUSPEND', SUSPEND, 'SUSPENDED', 'SUSPENDED', 'VINF_SUCCESS'],
    ['SUSPEND', SUSPEND, 'CREATED', 'CREATED', 'VINF_SUCCESS'],
    ['FATAL', FATAL, 'RUNNING', 'FATAL_ERROR', 'VINF_EM_SUSPEND'],
    ['FATAL', FATAL, 'SUSPENDED', 'SUSPENDED', 'VERR_VM_INVALID_VM_STATE'],
    ['FATAL and SUSPEND', FATAL | SUSPEND, 'RUNNING', 'FATAL_ERROR', 'VINF_EM_SUSPEND'],
  ];
  for (const [name, flags, start, end, status] of rows) {
    for (const where of ['elsewhere', 'an EMT'] as const) {
      it(`${name}, from ${where}, ${start}: ${end}, ${status}`, async () => {
        const vm = await TestVm.create({ cpuCount: 2 });
        if (start !== 'CREATED') await vm.uvm.powerOn();
        if (start === 'SUSPENDED') await vm.uvm.suspend('USER');
        const raise = () => vm.uvm.setRuntimeError(flags, 'DrvVD_DISKFULL', 'the disk is full');
        const raised = where === 'elsewhere' ? raise() : vm.uvm.emts.requests.callWait(1, raise);
        expect(await raised.catch((error: SsmError) => error.status)).to.equal(status);
        expect(vm.uvm.state).to.equal(end);
        expect(vm.runtimeErrors).to.deep.equal([{ flags, id: 'DrvVD_DISKFULL', message: 'the disk is full' }]);
        expect(vm.uvm.runtimeErrorCount).to.equal(1);
        expect(vm.errors.length).to.equal(status.startsWith('VERR') ? 1 : 0);
        if (end === 'SUSPENDED' && start === 'RUNNING') expect(vm.uvm.suspendReason).to.equal('RUNTIME_ERROR');
        await vm.end();
      });
    }
  }

  it('FATAL: PDM is not told, EMTs are to look at the state', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: [{ name: 'PDM', suspend: () => void log.push('suspend') }] });
    await vm.uvm.powerOn();
    await vm.uvm.setRuntimeError(FATAL, 'Id', 'text');
    expect([log, vm.vm.states.checkState]).to.deep.equal([[], true]);
    await vm.end();
  });

  it('the state changes before the callbacks are called', async () => {
    const vm = await TestVm.create();
    await vm.uvm.powerOn();
    const seen: string[] = [];
    vm.uvm.atRuntimeError.register((uvm) => seen.push(uvm.state));
    await vm.uvm.setRuntimeError(SUSPEND, 'Id', 'text');
    expect(seen).to.deep.equal(['SUSPENDED']);
    await vm.end();
  });

  it('NO_WAIT: from elsewhere nobody waits, nor does it come before others', async () => {
    const vm = await TestVm.create();
    await vm.uvm.powerOn();
    const gate = deferred();
    const busy = vm.uvm.emts.requests.callWait(0, () => gate.promise);
    await vm.settle();
    expect(await vm.uvm.setRuntimeError(SUSPEND | NO_WAIT, 'Id', 'text')).to.equal('VINF_SUCCESS');
    expect(vm.runtimeErrors).to.deep.equal([]);
    gate.resolve();
    await busy;
    await vm.settle();
    expect([vm.uvm.state, vm.runtimeErrors.map(({ flags }) => flags)]).to.deep.equal([
      'SUSPENDED',
      [SUSPEND | NO_WAIT],
    ]);
    await vm.end();
  });

  it('NO_WAIT: on an EMT it means nothing', async () => {
    const vm = await TestVm.create();
    await vm.uvm.emts.requests.callWait(0, async () => {
      await vm.uvm.setRuntimeError(NO_WAIT, 'Id', 'text');
      expect(vm.runtimeErrors).to.deep.equal([{ flags: 0, id: 'Id', message: 'text' }]);
    });
    await vm.end();
  });

  const refused: readonly [string, number, string][] = [
    ['unknown flags', 8, 'Id'],
    ['an empty id', 0, ''],
    ['an id of 128 characters', 0, 'x'.repeat(128)],
  ];
  for (const [name, flags, id] of refused) {
    it(`with ${name} is refused`, async () => {
      const vm = await TestVm.create();
      expect(await failureStatus(vm.uvm.setRuntimeError(flags, id, 'text'))).to.equal('VERR_INVALID_PARAMETER');
      expect(vm.uvm.runtimeErrorCount).to.equal(0);
      await vm.end();
    });
  }
});
