import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { ManualTimers } from '../emt/index.js';
import { deferred } from '../emt/testing.js';
import { createVm, type VmOptions } from './create.js';
import { createErrorTexts } from './create-errors.js';
import { initOrder, leftOut, subsystemNames, termOrder } from './subsystem-order.js';
import { failureStatus, loggingSubsystems, TestVm } from './testing.js';
import type { Uvm } from './uvm.js';

/** The calls of the initialisation with all subsystems, in the order of the manual. */
const creation = [
  'NEM.initConfig',
  'HM.init',
  'MM.init',
  'CPUM.init',
  'NEM.initAfterCpum',
  'PGM.init',
  'MM.initPaging',
  'TM.init',
  'VMM.init',
  'SELM.init',
  'TRPM.init',
  'IOM.init',
  'EM.init',
  'IEM.init',
  'DBGF.init',
  'GIM.init',
  'GCM.init',
  'PDM.init',
  'PGM.initFinalize',
  'TM.initFinalize',
  'PGM.memSetup(false)',
  'PDM.memSetup(false)',
  ...['VMM', 'HM', 'NEM', 'PGM', 'CPUM', 'EM', 'PDM', 'IOM'].map((name) => `${name}.initCompleted(RING3)`),
  'VMM.initR0',
  ...['VMM', 'HM', 'NEM', 'PGM', 'CPUM', 'EM', 'PDM', 'IOM'].map((name) => `${name}.initCompleted(RING0)`),
  ...['VMM', 'HM', 'NEM', 'PGM', 'CPUM', 'EM', 'PDM', 'IOM'].map((name) => `${name}.initCompleted(HM)`),
  ...['PGM', 'PGM', 'CPUM', 'HM', 'SELM', 'VMM', 'SELM', 'TRPM', 'IOM', 'EM', 'TM', 'IEM', 'DBGF', 'PDM'].map(
    (name) => `${name}.relocate(0)`,
  ),
  'GIM.relocate(0)',
  'GCM.relocate(0)',
];

const destruction = [
  ...['TM', 'PDM', 'GIM', 'DBGF', 'IEM', 'EM', 'IOM', 'TRPM', 'SELM', 'HM', 'NEM', 'PGM', 'VMM', 'CPUM', 'MM'].map(
    (name) => `${name}.term`,
  ),
  'PDM.termUvm',
  'MM.termUvm',
  'STAM.termUvm',
];

/** What is terminated when the initialisation fails, in order, by the call that fails. */
function unwound(failing: string): readonly string[] {
  const before = creation.slice(0, creation.indexOf(failing));
  const order = ['PDM', 'GCM', 'GIM', 'DBGF', 'IEM', 'EM', 'IOM', 'TRPM', 'SELM', 'VMM', 'TM', 'PGM', 'HM', 'NEM'];
  return order.filter((name) => name === 'NEM' || before.includes(`${name}.init`)).map((name) => `${name}.term`);
}

describe('creating a VM', () => {
  const refused: readonly [string, VmOptions, string][] = [
    ['no CPU', { cpuCount: 0 }, 'VERR_TOO_MANY_CPUS'],
    ['65 CPUs', { cpuCount: 65 }, 'VERR_TOO_MANY_CPUS'],
    ['half a CPU', { cpuCount: 0.5 }, 'VERR_TOO_MANY_CPUS'],
    ['a user method that is none', { userMethods: { emtInit: 1 as never } }, 'VERR_INVALID_POINTER'],
    ['an error callback that is none', { onError: {} as never }, 'VERR_INVALID_POINTER'],
    ['a constructor that is none', { configure: 'x' as never }, 'VERR_INVALID_POINTER'],
    ['an unknown subsystem', { subsystems: [{ name: 'XXX' as never }] }, 'VERR_INVALID_PARAMETER'],
    ['a subsystem twice', { subsystems: [{ name: 'TM' }, { name: 'TM' }] }, 'VERR_INVALID_PARAMETER'],
  ];
  for (const [name, options, status] of refused) {
    it(`is refused with ${name}: ${status}`, async () => {
      expect(await failureStatus(createVm(options))).to.equal(status);
    });
  }

  it('calls the subsystems in order, and destroying it does', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: loggingSubsystems(subsystemNames, log) });
    expect(log).to.deep.equal(creation);
    log.length = 0;
    await vm.uvm.powerOff();
    expect(log).to.deep.equal(['PDM.powerOff', 'DBGF.powerOff']);
    log.length = 0;
    await vm.uvm.destroy();
    expect(log).to.deep.equal(destruction);
  });

  it('calls each on EMT(0)', async () => {
    const seen: (number | undefined)[] = [];
    const vm = await TestVm.create({
      cpuCount: 2,
      subsystems: [
        {
          name: 'TM',
          init: async ({ uvm }, context) => {
            seen.push(uvm.cpuId);
            await uvm.timers.turn();
            seen.push(uvm.cpuId, context.idCpu);
          },
          relocate: ({ uvm }) => void seen.push(uvm.cpuId),
        },
      ],
    });
    expect(seen).to.deep.equal([0, undefined, 0, 0]);
    await vm.end();
  });

  it('gives the VM and its user’s side to each other, until it is destroyed (VMR3GetUVM, VMR3GetVM)', async () => {
    const vm = await TestVm.create();
    const { uvm } = vm;
    const inner = uvm.vm;
    expect([inner?.uvm === uvm, inner?.state, uvm.state]).to.deep.equal([true, 'CREATED', 'CREATED']);
    await uvm.powerOff();
    await uvm.destroy();
    expect([uvm.vm, inner?.uvm === uvm, inner?.state, uvm.state]).to.deep.equal([
      undefined,
      true,
      'TERMINATED',
      'TERMINATED',
    ]);
    uvm.release();
  });

  it('registers the units of what is no more, so that states which have them are loaded', async () => {
    const vm = await TestVm.create();
    expect(vm.vm.registry.units.map(({ name, loadExec }) => [name, loadExec !== undefined])).to.deep.equal([
      ['SSM', true],
      ['SSMLiveControl', true],
      ['CSAM', true],
      ['PATM', true],
      ['rem', true],
    ]);
    await vm.end();
  });

  it('has a place for every subsystem, and says what it leaves out', () => {
    const placed = new Set(initOrder.flatMap((step) => ('stub' in step ? [] : [step[0]])));
    expect(subsystemNames.filter((name) => !placed.has(name))).to.deep.equal(['STAM']);
    expect(new Set(termOrder.map(([name]) => name)).size).to.equal(termOrder.length);
    for (const reason of Object.values(leftOut)) expect(reason.length > 10).to.equal(true);
  });

  describe('that fails', () => {
    const stages = creation.filter((call) => !/memSetup|relocate/.test(call));
    for (const call of stages) {
      it(`in ${call} takes back what was made`, async () => {
        const log: string[] = [];
        const told: SsmError[] = [];
        let uvm: Uvm | undefined;
        const created = createVm({
          timers: new ManualTimers(),
          configure: (_root, who) => {
            uvm = who;
          },
          onError: (_, error) => told.push(error),
          subsystems: loggingSubsystems(subsystemNames, log, (name) => name === call),
        });
        expect(await failureStatus(created)).to.equal('VERR_NO_DATA');
        const ring3 = creation.indexOf(call) < creation.indexOf('VMM.initR0');
        const end = ring3 ? [...unwound(call), ...destruction.slice(-3)] : destruction;
        expect(log).to.deep.equal([...creation.slice(0, creation.indexOf(call) + 1), ...end]);
        expect(told.map(({ status }) => status)).to.deep.equal(['VERR_NO_DATA']);
        expect([uvm?.vm, uvm?.valid, uvm?.emts.emts[0]?.alive]).to.deep.equal([undefined, false, false]);
      });
    }

    it('in what has no result goes on, and is logged', async () => {
      const log: string[] = [];
      const vm = await TestVm.create({
        subsystems: loggingSubsystems(subsystemNames, [], (name) => /memSetup|relocate|term/.test(name)),
        log: (line) => log.push(line),
      });
      expect(vm.uvm.state).to.equal('CREATED');
      await vm.end();
      expect(log.filter((line) => /failed/.test(line)).length).to.equal(2 + 16 + 15 + 3);
    });

    it('in the executor of a CPU terminates all', async () => {
      const log: string[] = [];
      const created = createVm({
        subsystems: loggingSubsystems(['TM'], log),
        executor: () => {
          throw new RangeError('no such engine');
        },
      });
      expect(await failureStatus(created)).to.equal('VERR_GENERAL_FAILURE');
      expect(log.at(-1)).to.equal('TM.term');
    });

    it('after somebody who knew better has told the user why tells nothing more', async () => {
      const told: string[] = [];
      const created = createVm({
        onError: (_, { detail }) => told.push(detail),
        configure: async (_root, uvm) => {
          await uvm.setError('VERR_NO_DATA', 'the disk is not there');
          return 'VERR_NO_DATA' as const;
        },
      });
      expect(await failureStatus(created)).to.equal('VERR_NO_DATA');
      expect(told).to.deep.equal(['the disk is not there']);
    });

    for (const [status, text] of Object.entries(createErrorTexts)) {
      it(`with ${status} tells what to do`, async () => {
        const told: string[] = [];
        const created = createVm({
          onError: (_, error) => told.push(`${error.status} ${error.detail}`),
          subsystems: [{ name: 'HM', init: () => status as never }],
        });
        expect(await failureStatus(created)).to.equal(status);
        expect(told).to.deep.equal([`${status} ${text}`]);
      });
    }

    it('ends its EMTs, though one of them hangs', async () => {
      const timers = new ManualTimers();
      let uvm: Uvm | undefined;
      const gate = deferred();
      const created = failureStatus(
        createVm({
          cpuCount: 2,
          timers,
          configure: (_root, who) => {
            uvm = who;
            void who.emts.requests.callNoWait(1, () => gate.promise);
            return 'VERR_NO_DATA';
          },
        }),
      );
      for (let i = 0; i < 3; i++) await timers.turn();
      expect(uvm?.emts.emts.map(({ alive }) => alive)).to.deep.equal([false, true]);
      timers.advance(250_000_000n);
      expect(await created).to.equal('VERR_NO_DATA');
      gate.resolve();
    });
  });

  describe('reads the configuration', () => {
    it('or makes a default one', async () => {
      const uvm = await createVm();
      expect([uvm.name, uvm.vm?.config?.child('Devices/i8254/0')?.name]).to.deep.equal(['machine', '0']);
      await uvm.powerOff();
      await uvm.destroy();
      expect([uvm.name, uvm.release(), uvm.name]).to.deep.equal(['machine', 0, undefined]);
    });

    it('its base', async () => {
      const vm = await TestVm.create({
        cpuCount: 2,
        configure: (root) => {
          root.insertInteger('NumCPUs', 2).insertInteger('CpuExecutionCap', 40).insertString('Name', 'vm16');
          root.insertBytes('UUID', new Uint8Array(16).fill(7)).insertInteger('PowerOffInsteadOfReset', 1);
        },
      });
      const { name, uuid, vm: inner } = vm.uvm;
      expect([name, uuid?.[15], inner?.cpuExecutionCap, inner?.powerOffInsteadOfReset]).to.deep.equal([
        'vm16',
        7,
        40,
        true,
      ]);
      await vm.end();
    });

    it('and refuses one for another number of CPUs', async () => {
      const created = createVm({ cpuCount: 2, configure: () => {} });
      expect(await failureStatus(created)).to.equal('VERR_INVALID_PARAMETER');
    });

    it('which can be looked at as an info item', async () => {
      const vm = await TestVm.create();
      expect(await vm.uvm.info.text('cfgm')).to.contain('NumCPUs');
      await vm.end();
    });
  });

  it('counts requests', async () => {
    const vm = await TestVm.create();
    const processed = () => Number(/Processed +(\d+)/.exec(vm.uvm.statistics.dump('/VM/Req/*'))?.[1]);
    const before = processed();
    for (let i = 0; i < 3; i++) await vm.uvm.emts.requests.callWait(0, () => {});
    expect(processed()).to.equal(before + 3);
    await vm.end();
  });

  it('tells EMTs that begin and end', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({
      cpuCount: 2,
      userMethods: {
        emtInit: (_, id) => log.push(`init ${id}`),
        emtTerm: (_, id) => {
          log.push(`term ${id}`);
          throw new Error('which changes nothing');
        },
      },
    });
    await vm.end();
    expect(log).to.deep.equal(['init 0', 'init 1', 'term 1', 'term 0']);
  });
});

describe('destroying a VM', () => {
  const off = async (cpuCount = 1) => {
    const vm = await TestVm.create({ cpuCount });
    await vm.uvm.powerOff();
    return vm;
  };

  it('leaves the caller a reference, on which nothing can be done', async () => {
    const { uvm } = await off();
    await uvm.destroy();
    expect([uvm.state, uvm.valid, uvm.vm]).to.deep.equal(['TERMINATED', true, undefined]);
    for (const operation of [
      () => uvm.powerOn(),
      () => uvm.powerOff(),
      () => uvm.suspend('USER'),
      () => uvm.resume('USER'),
      () => uvm.reset(),
      () => uvm.destroy(),
      () => uvm.resetTripleFault(),
      () => uvm.setRuntimeError(0, 'Id', 'text'),
      () => uvm.enterDebugging(),
      () => uvm.leaveDebugging(),
      () => uvm.hotUnplugCpu(0),
      async () => uvm.setGuruMeditation(),
      async () => uvm.cancelSsm(),
      async () => uvm.setCpuExecutionCap(50),
      async () => uvm.topologyOf(0),
      () => uvm.emts.requests.callWait(0, () => {}),
    ]) {
      expect(await failureStatus(operation()), String(operation)).to.equal('VERR_INVALID_VM_HANDLE');
    }
    expect([uvm.suspendReason, uvm.resumeReason, uvm.cpuId]).to.deep.equal(['INVALID', 'INVALID', undefined]);
    expect(uvm.release()).to.equal(0);
    expect(() => uvm.release())
      .to.throw(SsmError)
      .with.property('status', 'VERR_INVALID_VM_HANDLE');
    expect(() => uvm.retain())
      .to.throw(SsmError)
      .with.property('status', 'VERR_INVALID_VM_HANDLE');
    expect([uvm.errorCount, uvm.runtimeErrorCount, uvm.state]).to.deep.equal([0, 0, 'TERMINATED']);
    expect(await failureStatus(uvm.setError('VERR_NO_DATA', 'x'))).to.equal('VERR_INVALID_VM_HANDLE');
  });

  it('counts references', async () => {
    const vm = await off();
    expect([vm.uvm.retain(), vm.uvm.retain(), vm.uvm.release()]).to.deep.equal([3, 4, 3]);
    await vm.uvm.destroy();
    expect([vm.uvm.release(), vm.uvm.release()]).to.deep.equal([1, 0]);
  });

  it('is refused on an EMT', async () => {
    const vm = await off();
    await vm.uvm.emts.requests.callWait(0, async () => {
      expect(await failureStatus(vm.uvm.destroy())).to.equal('VERR_VM_THREAD_IS_EMT');
    });
    await vm.end();
  });

  it('is refused for a VM that is not off, in few words', async () => {
    const vm = await TestVm.create();
    expect(await failureStatus(vm.uvm.destroy())).to.equal('VERR_VM_INVALID_VM_STATE');
    expect(vm.errors.map(({ detail }) => detail)).to.deep.equal([
      'VMR3Destroy failed because the VM state is CREATED instead of OFF',
    ]);
    await vm.end();
  });

  it('twice at once is refused the second time', async () => {
    const vm = await off(2);
    const first = vm.uvm.destroy();
    expect(await failureStatus(vm.uvm.destroy())).to.equal('VERR_INVALID_VM_HANDLE');
    await first;
  });

  it('ends though an EMT hangs in something, after five seconds; what is queued there is killed', async () => {
    const vm = await TestVm.create({ cpuCount: 2, userMethods: { emtTerm: () => {} } });
    const { uvm, timers } = vm;
    await uvm.powerOff();
    const gate = deferred();
    const hung = { done: false };
    // The last act of EMT(1) does not come to its end.
    const end = uvm.emts.emts[1]!;
    const wait = end.perform.bind(end);
    end.perform = async (what, call) => {
      if (what === 'emtTerm') await gate.promise;
      return wait(what, call);
    };
    const destroyed = uvm.destroy().then(() => {
      hung.done = true;
    });
    const late = failureStatus(uvm.emts.requests.callWait(1, () => {}));
    await vm.settle();
    timers.advance(4_999_000_000n);
    await vm.settle();
    expect(uvm.state).to.equal('DESTROYING');
    timers.advance(1_000_000n);
    await vm.settle();
    expect([uvm.state, hung.done]).to.deep.equal(['TERMINATED', false]);
    timers.advance(250_000_000n);
    await destroyed;
    expect(vm.log.at(-1)).to.equal('EMT-1 does not end');
    expect(await late).to.equal('VERR_VM_REQUEST_KILLED');
    gate.resolve();
  });

  it('ends though EMT(0) hangs, after 31 seconds', async () => {
    const vm = await off();
    const { uvm, timers } = vm;
    const gate = deferred();
    const end = uvm.emts.emts[0]!;
    const perform = end.perform.bind(end);
    end.perform = async (what, call) => {
      if (what === 'emtTerm') await gate.promise;
      return perform(what, call);
    };
    let over = false;
    void uvm.destroy().then(() => {
      over = true;
    });
    for (const ms of [30_000n, 999n]) {
      await vm.settle();
      timers.advance(ms * 1_000_000n);
    }
    await vm.settle();
    expect([over, uvm.state]).to.deep.equal([false, 'DESTROYING']);
    timers.advance(1_000_000n);
    await vm.settle();
    expect([over, uvm.state, vm.log.at(-1)]).to.deep.equal([true, 'TERMINATED', 'EMT does not end']);
    gate.resolve();
    await vm.settle();
    expect(uvm.state).to.equal('TERMINATED');
  });

  it('dumps the statistics', async () => {
    const vm = await off();
    await vm.end();
    expect(
      vm.log.filter((line) => line.includes('tatistics **')).map((line) => line.replaceAll('*', '').trim()),
    ).to.deep.equal(['Statistics', 'End of statistics']);
  });
});
