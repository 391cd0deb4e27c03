import { MemorySink, SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { Executor } from '../emt/index.js';
import { resumeReasons, suspendReasons } from './reasons.js';
import { resetFlags } from './reset-info.js';
import { subsystemNames } from './subsystem-order.js';
import { deferred, emptyState, failureStatus, loggingSubsystems, memorySource, TestVm } from './testing.js';

describe('suspending and resuming', () => {
  it('have the reasons of VirtualBox', () => {
    expect(Object.values(suspendReasons)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Object.values(resumeReasons)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([suspendReasons.HOST_BATTERY_LOW, resumeReasons.TELEPORTED]).to.deep.equal([6, 6]);
  });

  it('remember the reason', async () => {
    const vm = await TestVm.create();
    const { uvm } = vm;
    await uvm.powerOn();
    expect([uvm.suspendReason, uvm.resumeReason]).to.deep.equal(['INVALID', 'INVALID']);
    await uvm.suspend('HOST_SUSPEND');
    await uvm.resume('HOST_RESUME');
    expect([uvm.suspendReason, uvm.resumeReason]).to.deep.equal(['HOST_SUSPEND', 'HOST_RESUME']);
    await failureStatus(uvm.resume('USER'));
    expect(uvm.resumeReason).to.equal('HOST_RESUME');
    await vm.end();
  });

  for (const reason of ['INVALID', 'END', 'BOREDOM', 'toString'] as const) {
    it(`refuse the reason ${reason}`, async () => {
      const vm = await TestVm.create();
      await vm.uvm.powerOn();
      expect(await failureStatus(vm.uvm.suspend(reason as never))).to.equal('VERR_INVALID_PARAMETER');
      await vm.uvm.suspend('USER');
      expect(await failureStatus(vm.uvm.resume(reason as never))).to.equal('VERR_INVALID_PARAMETER');
      await vm.end();
    });
  }

  it('on an EMT work like a call', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    await vm.uvm.powerOn();
    const status = await vm.uvm.emts.requests.callWait(1, () => vm.uvm.suspend('VM'));
    expect([status, vm.uvm.state]).to.deep.equal(['VINF_EM_SUSPEND', 'SUSPENDED']);
    await vm.end();
  });
});

describe('PDM', () => {
  const events: readonly [string, (vm: TestVm) => Promise<unknown>, string, string][] = [
    ['powerOn', ({ uvm }) => uvm.powerOn(), 'POWERING_ON', 'RUNNING'],
    ['suspend', ({ uvm }) => uvm.suspend('USER'), 'SUSPENDING', 'SUSPENDED'],
    ['resume', ({ uvm }) => uvm.resume('USER'), 'RESUMING', 'RUNNING'],
    ['powerOff', ({ uvm }) => uvm.powerOff(), 'POWERING_OFF', 'OFF'],
  ];

  it('is told on the way, and waited for', async () => {
    const log: string[] = [];
    const note = (name: string) => async (vm: { state: string; uvm: { timers: { turn(): Promise<void> } } }) => {
      log.push(`${name} ${vm.state}`);
      await vm.uvm.timers.turn();
      log.push(`${name} ${vm.state}`);
    };
    const vm = await TestVm.create({
      subsystems: [
        {
          name: 'PDM',
          powerOn: note('powerOn'),
          suspend: note('suspend'),
          resume: note('resume'),
          powerOff: note('powerOff'),
        },
      ],
    });
    for (const [, operation, , end] of events) {
      await operation(vm);
      expect(vm.uvm.state).to.equal(end);
    }
    expect(log).to.deep.equal(events.flatMap(([name, , state]) => [`${name} ${state}`, `${name} ${state}`]));
    await vm.end();
  });

  it('whatever it fails with, the state goes on', async () => {
    const vm = await TestVm.create({
      subsystems: loggingSubsystems(['PDM'], [], (call) => !call.startsWith('PDM.init')),
    });
    for (const [, operation, , end] of events) {
      await operation(vm);
      expect(vm.uvm.state).to.equal(end);
    }
    expect(vm.log.filter((line) => line.startsWith('PDM: ')).map((line) => line.split(' ')[1])).to.deep.equal([
      'memSetup',
      'relocate',
      'powerOn',
      'suspend',
      'resume',
      'powerOff',
    ]);
    await vm.end();
  });

  it('is told of a live save’s suspending, too', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: [{ name: 'PDM', suspend: ({ state }) => void log.push(state) }] });
    await vm.uvm.powerOn();
    await vm.uvm.save(new MemorySink());
    expect(log).to.deep.equal(['SUSPENDING_LS']);
    await vm.end();
  });
});

describe('resetting', () => {
  it('hard: all subsystems in order, then the memory', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: loggingSubsystems(subsystemNames, log) });
    await vm.uvm.powerOn();
    log.length = 0;
    await vm.uvm.reset();
    expect(log).to.deep.equal([
      ...['GIM', 'PDM', 'PGM', 'SELM', 'TRPM', 'IOM', 'CPUM', 'TM', 'EM', 'HM', 'NEM'].map((name) => `${name}.reset`),
      'PGM.memSetup(true)',
      'PDM.memSetup(true)',
    ]);
    expect(vm.vm.resets).to.deep.equal({ total: 1, hard: 1, soft: 0 });
    await vm.end();
  });

  it('soft: PDM its own way, then some', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: loggingSubsystems(subsystemNames, log) });
    await vm.uvm.powerOn();
    log.length = 0;
    vm.vm.firmware = { isHardReset: () => false };
    vm.vm.requestReset(resetFlags.KBD);
    await vm.settle();
    expect(log).to.deep.equal([
      'PDM.softReset(14)',
      ...['TRPM', 'CPUM', 'EM', 'HM', 'NEM'].map((name) => `${name}.reset`),
    ]);
    expect(vm.vm.resets).to.deep.equal({ total: 1, hard: 0, soft: 1 });
    await vm.end();
  });

  /** What is asked for, who says what, and which reset it is. */
  const decisions: readonly [string, number, boolean | undefined, 'HALTED' | 'NONE' | 'WAIT_SIPI', 'hard' | 'soft'][] =
    [
      ['the keyboard controller, firmware for soft', resetFlags.KBD, false, 'NONE', 'soft'],
      ['the keyboard controller, firmware for hard', resetFlags.KBD, true, 'NONE', 'hard'],
      ['the keyboard controller, no firmware', resetFlags.KBD, undefined, 'NONE', 'hard'],
      ['ACPI, firmware for soft', resetFlags.ACPI, false, 'NONE', 'soft'],
      ['port A, firmware for soft', resetFlags.PORT_A, false, 'WAIT_SIPI', 'soft'],
      ['nobody known', resetFlags.UNKNOWN, false, 'NONE', 'hard'],
      ['GIM: not below itself', resetFlags.GIM, false, 'NONE', 'soft'],
      ['the keyboard controller, another CPU in use', resetFlags.KBD, false, 'HALTED', 'hard'],
    ];
  for (const [name, flags, firmware, other, expected] of decisions) {
    it(`asked for by ${name}: ${expected}`, async () => {
      const vm = await TestVm.create({ cpuCount: 2 });
      await vm.uvm.powerOn();
      vm.vm.cpus[1]!.activity = other;
      if (firmware !== undefined) vm.vm.firmware = { isHardReset: () => firmware };
      vm.vm.requestReset(flags);
      await vm.settle();
      expect(vm.vm.resets).to.deep.equal({
        total: 1,
        hard: expected === 'hard' ? 1 : 0,
        soft: expected === 'soft' ? 1 : 0,
      });
      expect(vm.vm.resetRequested).to.equal(false);
      await vm.end();
    });
  }

  it('after a triple fault overrides who has asked before', async () => {
    const vm = await TestVm.create();
    await vm.uvm.powerOn();
    const seen: number[] = [];
    vm.vm.firmware = {
      isHardReset: (flags) => {
        seen.push(flags);
        return false;
      },
    };
    const status = await vm.uvm.emts.requests.callWait(0, () => {
      vm.vm.requestReset(resetFlags.ACPI);
      return vm.uvm.resetTripleFault();
    });
    await vm.settle();
    expect([status, seen, vm.vm.resets.total]).to.deep.equal(['VINF_EM_RESCHEDULE', [resetFlags.TRIPLE_FAULT], 1]);
    await vm.end();
  });

  it('a machine that is to be switched off instead switches it off, and says so', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({
      userMethods: {
        resetTurnedIntoPowerOff: (uvm) => {
          log.push(uvm.state);
          throw new Error('which changes nothing');
        },
      },
    });
    await vm.uvm.powerOn();
    vm.uvm.setPowerOffInsteadOfReset(true);
    expect(await vm.uvm.reset()).to.equal('VINF_EM_OFF');
    expect([log, vm.uvm.state, vm.vm.resets.total]).to.deep.equal([['RUNNING'], 'OFF', 0]);
    await vm.end();
  });

  it('that is asked for when it cannot be is forgotten, and the user told', async () => {
    const vm = await TestVm.create();
    vm.vm.requestReset(resetFlags.KBD);
    await vm.settle();
    expect([vm.uvm.state, vm.vm.resetRequested, vm.errors.length]).to.deep.equal(['CREATED', false, 1]);
    await vm.end();
  });

  it('wakes the CPUs', async () => {
    const vm = await TestVm.create({ executor: () => ({ run: () => 'VINF_EM_HALT' }) });
    await vm.uvm.powerOn();
    await vm.settle();
    expect(vm.vm.cpus[0]?.activity).to.equal('HALTED');
    await vm.uvm.suspend('USER');
    await vm.uvm.reset();
    expect(vm.vm.cpus[0]?.activity).to.equal('NONE');
    await vm.end();
  });
});

describe('loading', () => {
  it('relocates, and starts the CPUs of a machine that was never on', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ subsystems: loggingSubsystems(['PGM', 'GCM'], log) });
    log.length = 0;
    await vm.uvm.load(memorySource(await emptyState()));
    expect(log).to.deep.equal(['PGM.relocate(0)', 'PGM.relocate(0)', 'GCM.relocate(0)']);
    expect([vm.vm.cpus[0]?.state, vm.uvm.teleportedAndNotFullyResumed]).to.deep.equal(['STARTED', false]);
    await vm.end();
  });

  it('leaves the CPUs to the unit "vmm", where there is one', async () => {
    const vm = await TestVm.create();
    vm.vm.registry.register({ name: 'vmm', instance: 1, version: 4 });
    await vm.uvm.load(memorySource(await emptyState()));
    expect(vm.vm.cpus[0]?.state).to.equal('STOPPED');
    await vm.end();
  });

  it('tells the user once what went wrong: in general', async () => {
    const vm = await TestVm.create();
    const failure = await vm.uvm
      .load(memorySource(new Uint8Array(50)), { from: 'vm16.sav' })
      .catch((error: SsmError) => error);
    expect(failure).to.be.instanceOf(SsmError).with.property('status', 'VERR_SSM_INTEGRITY_MAGIC');
    expect(vm.errors.length).to.equal(1);
    expect(vm.errors[0]).to.include({ status: 'VERR_SSM_INTEGRITY_MAGIC', cause: failure });
    expect(vm.errors[0]?.detail).to.contain('vm16.sav').and.to.contain('could not be restored');
    await vm.end();
  });

  it('tells the user once what went wrong: in a unit', async () => {
    const source = await TestVm.create();
    source.unit('pit', { saveExec: (stream) => void stream.putU8(1) });
    await source.uvm.powerOn();
    const sink = new MemorySink();
    await source.uvm.save(sink);
    await source.end();
    const vm = await TestVm.create();
    expect(await failureStatus(vm.uvm.load(memorySource(sink.bytes())))).to.equal('VERR_SSM_INTEGRITY_UNIT_NOT_FOUND');
    expect(vm.errors.map(({ detail }) => detail)).to.deep.equal(["Found no handler for unit 'pit' instance #0"]);
    await vm.end();
  });

  it('tells the user nothing more than who has told already', async () => {
    const source = await TestVm.create();
    source.unit('pit', { saveExec: (stream) => void stream.putU8(1) });
    await source.uvm.powerOn();
    const sink = new MemorySink();
    await source.uvm.save(sink);
    await source.end();
    const vm = await TestVm.create();
    vm.unit('pit', {
      loadExec: async () => {
        throw await vm.uvm.errors.raise(new SsmError('VERR_SSM_UNEXPECTED_DATA', 'channel 3'));
      },
    });
    expect(await failureStatus(vm.uvm.load(memorySource(sink.bytes())))).to.equal('VERR_SSM_UNEXPECTED_DATA');
    expect(vm.errors.map(({ detail }) => detail)).to.deep.equal(['channel 3']);
    await vm.end();
  });

  it('brings back what was saved, live or not', async () => {
    for (const live of [false, true]) {
      const machine = async (values: number[]) => {
        const vm = await TestVm.create({ cpuCount: 2 });
        vm.unit('counter', {
          liveExec: (stream) => void stream.putU32(values[0]! - 1),
          saveExec: (stream) => void stream.putU32(values[0]!),
          loadExec: (stream) => {
            values[0] = stream.getU32();
          },
        });
        return vm;
      };
      const source = await machine([77]);
      await source.uvm.powerOn();
      if (!live) await source.uvm.suspend('USER');
      const sink = new MemorySink();
      const result = await source.uvm.save(sink);
      expect(result).to.deep.equal({ status: 'VINF_SUCCESS', suspended: live, bytes: sink.bytes().length });
      const loaded = [0];
      const target = await machine(loaded);
      await target.uvm.load(memorySource(sink.bytes()));
      expect(loaded).to.deep.equal([77]);
      await target.uvm.resume('STATE_RESTORED');
      expect(target.uvm.state).to.equal('RUNNING');
      await Promise.all([source.end(), target.end()]);
    }
  });
});

describe('virtual CPUs', () => {
  for (const percent of [0, 101, 1.5, Number.NaN]) {
    it(`refuse an execution cap of ${percent}`, async () => {
      const vm = await TestVm.create();
      expect(() => vm.uvm.setCpuExecutionCap(percent))
        .to.throw(SsmError)
        .with.property('status', 'VERR_INVALID_PARAMETER');
      for (const good of [1, 100]) {
        vm.uvm.setCpuExecutionCap(good);
        expect(vm.vm.cpuExecutionCap).to.equal(good);
      }
      await vm.end();
    });
  }

  it('have an EMT each, which says on whose it is (VMR3GetThreadHandle, VMR3GetVMCPUThread, VMR3GetVMCPUId)', async () => {
    const vm = await TestVm.create({ cpuCount: 3 });
    const { emts } = vm.uvm;
    expect([emts.here, vm.uvm.cpuId]).to.deep.equal([undefined, undefined]);
    for (const cpu of vm.vm.cpus) {
      const seen = await emts.requests.callWait(cpu.id, () => {
        expect([emts.here?.emt === cpu.emt, vm.uvm.cpuId]).to.deep.equal([true, cpu.id]);
      });
      expect([cpu.emt.name, seen]).to.deep.equal([`EMT-${cpu.id}`, 'VINF_SUCCESS']);
    }
    expect(new Set(vm.vm.cpus.map(({ emt }) => emt)).size).to.equal(3);
    await vm.end();
  });

  it('are plugged without further ado', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    vm.uvm.hotPlugCpu(1);
    await vm.end();
  });

  it('are unplugged: reset, on their own EMT, to wait for SIPI', async () => {
    const log: string[] = [];
    const vm = await TestVm.create({ cpuCount: 2, subsystems: loggingSubsystems(subsystemNames, log) });
    await vm.uvm.powerOn();
    log.length = 0;
    const gate = deferred();
    const busy = vm.uvm.emts.requests.callWait(1, () => gate.promise);
    await vm.settle();
    expect(await vm.uvm.hotUnplugCpu(1)).to.equal('VINF_SUCCESS');
    expect(log).to.deep.equal([]);
    gate.resolve();
    await busy;
    await vm.settle();
    expect(log).to.deep.equal(['PGM', 'PDM', 'TRPM', 'CPUM', 'EM', 'HM', 'NEM'].map((name) => `${name}.resetCpu(1)`));
    expect(vm.vm.cpus.map(({ activity }) => activity)).to.deep.equal(['NONE', 'WAIT_SIPI']);
    await vm.end();
  });

  it('are cores of one package', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    expect([vm.uvm.topologyOf(0), vm.uvm.topologyOf(1)]).to.deep.equal([
      { core: 0, package: 0 },
      { core: 1, package: 0 },
    ]);
    await vm.end();
  });

  it('that there are not are refused', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    for (const id of [2, -1, 0.5]) {
      expect(() => vm.uvm.hotPlugCpu(id))
        .to.throw(SsmError)
        .with.property('status', 'VERR_INVALID_CPU_ID');
      expect(() => vm.uvm.topologyOf(id))
        .to.throw(SsmError)
        .with.property('status', 'VERR_INVALID_CPU_ID');
      expect(await failureStatus(vm.uvm.hotUnplugCpu(id))).to.equal('VERR_INVALID_CPU_ID');
    }
    await vm.end();
  });

  it('execute the guest while it is running, and only then', async () => {
    const seen = new Set<string>();
    const executor = (idCpu: number): Executor => ({
      run: async (slice) => {
        await vm.timers.turn();
        seen.add(`${idCpu} ${vm.uvm.state} ${slice.idCpu === idCpu}`);
      },
    });
    const vm: TestVm = await TestVm.create({ cpuCount: 2, executor });
    await vm.settle();
    expect([...seen]).to.deep.equal([]);
    await vm.uvm.powerOn();
    await vm.settle();
    await vm.uvm.suspend('USER');
    expect([...seen].sort()).to.deep.equal(['0 RUNNING true', '1 RUNNING true']);
    seen.clear();
    await vm.settle();
    expect([...seen]).to.deep.equal([]);
    await vm.uvm.save(new MemorySink());
    await vm.uvm.resume('USER');
    await vm.settle();
    await vm.uvm.powerOff();
    expect([...seen].sort()).to.deep.equal(['0 RUNNING true', '1 RUNNING true']);
    await vm.end();
  });

  it('execute the guest while it is saved live, too', async () => {
    const seen = new Set<string>();
    const vm: TestVm = await TestVm.create({
      executor: () => ({ run: () => void seen.add(vm.uvm.state) }),
    });
    vm.unit('slow', {
      liveExec: async (stream) => {
        stream.putU8(1);
        for (let i = 0; i < 3; i++) await vm.timers.turn();
      },
      saveExec: (stream) => void stream.putU8(1),
    });
    await vm.uvm.powerOn();
    await vm.uvm.save(new MemorySink());
    expect([...seen]).to.deep.equal(['RUNNING', 'RUNNING_LS']);
    await vm.end();
  });

  it('can operate on their VM from within the guest', async () => {
    let slices = 0;
    const vm: TestVm = await TestVm.create({
      cpuCount: 2,
      executor: (idCpu) => ({
        run: async ({ context }) => {
          if (idCpu === 1) return 'VINF_EM_HALT';
          await vm.timers.turn();
          return ++slices === 3 ? context.run(() => vm.uvm.powerOff()) : 'VINF_SUCCESS';
        },
      }),
    });
    await vm.uvm.powerOn();
    for (let i = 0; i < 5; i++) await vm.settle();
    expect([vm.uvm.state, slices]).to.deep.equal(['OFF', 3]);
    await vm.end();
  });

  it('whose executor fails meditate', async () => {
    const vm = await TestVm.create({
      cpuCount: 2,
      executor: (id) => ({ run: () => (id === 1 ? 'VERR_NO_DATA' : 'VINF_EM_HALT') }),
    });
    await vm.uvm.powerOn();
    await vm.settle();
    expect([vm.uvm.state, vm.vm.states.checkState]).to.deep.equal(['GURU_MEDITATION', true]);
    expect(vm.uvm.setGuruMeditation()).to.equal(false);
    await vm.end();
  });

  it('are told that they are wanted when the machine stops', async () => {
    const wanted: boolean[] = [];
    const vm: TestVm = await TestVm.create({
      executor: () => ({
        run: async (slice) => {
          wanted.push(slice.wanted);
          vm.uvm.setGuruMeditation();
          wanted.push(slice.wanted);
        },
      }),
    });
    await vm.uvm.powerOn();
    await vm.settle();
    expect(wanted).to.deep.equal([false, true]);
    await vm.end();
  });

  it('wake when an interrupt comes', async () => {
    let slices = 0;
    const vm: TestVm = await TestVm.create({
      executor: () => ({
        run: () => {
          slices++;
          return 'VINF_EM_HALT';
        },
      }),
    });
    await vm.uvm.powerOn();
    await vm.settle();
    expect(slices).to.equal(1);
    vm.vm.cpus[0]!.wake();
    await vm.settle();
    expect(slices).to.equal(2);
    await vm.end();
  });
});

describe('switching off', () => {
  it('logs the state of every CPU, the last one first, and more of the first one', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    const item = (name: string, broken = false) =>
      vm.uvm.info.registerInternal({
        name,
        description: '',
        handler: (_vm, output, args) => {
          if (broken) throw new SsmError('VERR_NO_DATA', 'none');
          output.line(`${name}(${args}) of ${vm.uvm.cpuId}`);
        },
      });
    item('cpumguest');
    item('mode');
    item('gdt');
    item('activetimers', true);
    await vm.uvm.powerOn();
    vm.log.length = 0;
    await vm.uvm.powerOff();
    const from = vm.log.findIndex((line) => line.startsWith('*'));
    expect(vm.log.slice(from, vm.log.indexOf("Changing the VM state from 'POWERING_OFF' to 'OFF'"))).to.deep.equal([
      '****************** Guest state at power off for VCpu 1 ******************',
      'cpumguest(verbose) of 1',
      'mode() of 1',
      '************** End of Guest state at power off for VCpu 1 ***************',
      '****************** Guest state at power off for VCpu 0 ******************',
      'cpumguest(verbose) of 0',
      'mode() of 0',
      'VERR_NO_DATA: none',
      'gdt() of 0',
      '************** End of Guest state at power off for VCpu 0 ***************',
    ]);
    await vm.end();
  });

  it('info items are written on the EMT that is asked for', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    const seen: (number | undefined)[] = [];
    vm.uvm.info.registerInternal({
      name: 'where',
      description: '',
      flags: 1,
      handler: () => void seen.push(vm.uvm.cpuId),
    });
    vm.uvm.info.registerInternal({
      name: 'all',
      description: '',
      flags: 2,
      handler: () => void seen.push(vm.uvm.cpuId),
    });
    await vm.uvm.info.text('where', { cpu: 1 });
    await vm.uvm.info.text('where', { cpu: 0 });
    await vm.uvm.info.text('all');
    expect(seen).to.deep.equal([1, 0, 0, 1]);
    await vm.end();
  });

  it('stops the CPUs', async () => {
    const vm = await TestVm.create({ cpuCount: 2 });
    await vm.uvm.powerOn();
    expect(vm.vm.cpus.map(({ state }) => state)).to.deep.equal(['STARTED', 'STARTED']);
    await vm.uvm.powerOff();
    expect(vm.vm.cpus.map(({ state }) => state)).to.deep.equal(['STOPPED', 'STOPPED']);
    await vm.end();
  });
});
