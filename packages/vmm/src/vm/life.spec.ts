import { MemorySink, SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { VmState } from './states.js';
import { emptyState, FailingSink, failureStatus, HeldSave, memorySource, requestSoftReset, TestVm } from './testing.js';

/*
 * The state log of every operation, from every CPU count that matters: one row per line of the manual
 */

let made: Promise<Uint8Array> | undefined;
/** A saved state. */
const state = () => {
  made ??= emptyState();
  return made;
};

/** How to bring a VM to a state in which an operation can begin. */
const starts: Readonly<Record<string, (vm: TestVm) => Promise<unknown>>> = {
  CREATED: async () => {},
  RUNNING: ({ uvm }) => uvm.powerOn(),
  SUSPENDED: async ({ uvm }) => {
    await uvm.powerOn();
    await uvm.suspend('USER');
  },
  DEBUGGING: async ({ uvm }) => {
    await uvm.powerOn();
    await uvm.enterDebugging();
  },
  LOAD_FAILURE: ({ uvm }) => failureStatus(uvm.load(memorySource(new Uint8Array(9)))),
  GURU_MEDITATION: async ({ uvm }) => {
    await uvm.powerOn();
    uvm.setGuruMeditation();
  },
  FATAL_ERROR: async ({ uvm }) => {
    await uvm.powerOn();
    await uvm.setRuntimeError(1, 'Broken', 'broken');
  },
  OFF: ({ uvm }) => uvm.powerOff(),
};

type Operation = (vm: TestVm) => Promise<unknown> | unknown;

const softReset: Operation = async (vm) => {
  requestSoftReset(vm.vm);
  await vm.settle();
};
const load: Operation = async ({ uvm }) => uvm.load(memorySource(await state()));
const loadBad: Operation = async ({ uvm }) => failureStatus(uvm.load(memorySource((await state()).subarray(0, 100))));
const powerOff: Operation = ({ uvm }) => uvm.powerOff();

/** Operation, where it begins, what states there are, what it returns where that matters. */
const rows: readonly (readonly [string, string, Operation, string, string?])[] = [
  ['power on', 'CREATED', ({ uvm }) => uvm.powerOn(), 'CREATED POWERING_ON RUNNING', 'VINF_SUCCESS'],
  ['suspend', 'RUNNING', ({ uvm }) => uvm.suspend('USER'), 'RUNNING SUSPENDING SUSPENDED', 'VINF_EM_SUSPEND'],
  ['resume', 'SUSPENDED', ({ uvm }) => uvm.resume('USER'), 'SUSPENDED RESUMING RUNNING', 'VINF_EM_RESUME'],
  ['save', 'SUSPENDED', ({ uvm }) => uvm.save(new MemorySink()), 'SUSPENDED SAVING SUSPENDED'],
  [
    'save that fails',
    'SUSPENDED',
    ({ uvm }) => failureStatus(uvm.save(new FailingSink())),
    'SUSPENDED SAVING SUSPENDED',
    'VERR_IO_GEN_FAILURE',
  ],
  [
    'live save',
    'RUNNING',
    ({ uvm }) => uvm.save(new MemorySink()),
    'RUNNING RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
  ],
  [
    'live save whose sink fails in the last pass',
    'RUNNING',
    ({ uvm }) => failureStatus(uvm.save(new FailingSink())),
    'RUNNING RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
    'VERR_IO_GEN_FAILURE',
  ],
  [
    'live save that cannot begin',
    'RUNNING',
    ({ uvm }) => failureStatus(uvm.save(new MemorySink(), { format: '1.2' })),
    'RUNNING RUNNING_LS RUNNING',
    'VERR_NOT_SUPPORTED',
  ],
  [
    'teleport',
    'RUNNING',
    ({ uvm }) => uvm.teleport(new MemorySink()),
    'RUNNING RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
  ],
  ['teleport, suspended', 'SUSPENDED', ({ uvm }) => uvm.teleport(new MemorySink()), 'SUSPENDED SAVING SUSPENDED'],
  [
    'teleport, suspended, that cannot begin',
    'SUSPENDED',
    ({ uvm }) => failureStatus(uvm.teleport(new MemorySink(), { format: '1.2' })),
    'SUSPENDED SAVING SUSPENDED',
    'VERR_NOT_SUPPORTED',
  ],
  ['load', 'CREATED', load, 'CREATED LOADING SUSPENDED'],
  ['load', 'SUSPENDED', load, 'SUSPENDED LOADING SUSPENDED'],
  ['load of a bad state', 'CREATED', loadBad, 'CREATED LOADING LOAD_FAILURE'],
  ['load of a bad state', 'SUSPENDED', loadBad, 'SUSPENDED LOADING LOAD_FAILURE'],
  ['hard reset', 'RUNNING', ({ uvm }) => uvm.reset(), 'RUNNING RESETTING RUNNING', 'VINF_EM_RESET'],
  ['hard reset', 'SUSPENDED', ({ uvm }) => uvm.reset(), 'SUSPENDED RESETTING SUSPENDED', 'VINF_EM_RESET'],
  ['soft reset', 'RUNNING', softReset, 'RUNNING SOFT_RESETTING RUNNING'],
  ['soft reset', 'SUSPENDED', softReset, 'SUSPENDED SOFT_RESETTING SUSPENDED'],
  ...['RUNNING', 'SUSPENDED', 'DEBUGGING', 'LOAD_FAILURE', 'GURU_MEDITATION', 'FATAL_ERROR', 'CREATED'].map(
    (start) => ['power off', start, powerOff, `${start} POWERING_OFF OFF`, 'VINF_EM_OFF'] as const,
  ),
  ['destroy', 'OFF', ({ uvm }) => uvm.destroy(), 'OFF DESTROYING TERMINATED'],
  ['guru meditation', 'RUNNING', ({ uvm }) => uvm.setGuruMeditation(), 'RUNNING GURU_MEDITATION'],
  [
    'fatal runtime error',
    'RUNNING',
    ({ uvm }) => uvm.setRuntimeError(1, 'Id', 'text'),
    'RUNNING FATAL_ERROR',
    'VINF_EM_SUSPEND',
  ],
  [
    'runtime error with SUSPEND',
    'RUNNING',
    ({ uvm }) => uvm.setRuntimeError(2, 'Id', 'text'),
    'RUNNING SUSPENDING SUSPENDED',
    'VINF_EM_SUSPEND',
  ],
  ['runtime error', 'RUNNING', ({ uvm }) => uvm.setRuntimeError(0, 'Id', 'text'), 'RUNNING', 'VINF_SUCCESS'],
  ['debugger', 'RUNNING', ({ uvm }) => uvm.enterDebugging(), 'RUNNING DEBUGGING', 'VINF_SUCCESS'],
  ['debugger', 'GURU_MEDITATION', ({ uvm }) => uvm.enterDebugging(), 'GURU_MEDITATION DEBUGGING'],
  ['debugger goes', 'DEBUGGING', ({ uvm }) => uvm.leaveDebugging(), 'DEBUGGING RUNNING', 'VINF_EM_RESCHEDULE'],
];

for (const cpuCount of [1, 2, 3]) {
  describe(`the life of a VM with ${cpuCount} CPU${cpuCount > 1 ? 's' : ''}`, () => {
    it('begins', async () => {
      const vm = await TestVm.create({ cpuCount });
      expect(vm.takeStates()).to.equal('CREATING CREATED');
      await vm.end();
    });

    for (const [name, start, operation, expected, status] of rows) {
      it(`${name}: ${expected.split(' ').join(', ')}`, async () => {
        const vm = await TestVm.create({ cpuCount });
        await starts[start]!(vm);
        vm.takeStates();
        const result = await operation(vm);
        expect(vm.takeStates()).to.equal(expected);
        if (status !== undefined) expect(result).to.equal(status);
        await vm.end();
      });
    }
  });

  describe(`during a live save of a VM with ${cpuCount} CPU${cpuCount > 1 ? 's' : ''}`, () => {
    /** Event; what it does while the save is held after its first pass; the states; how the save ends. */
    const events: readonly [string, (vm: TestVm, abort: () => void) => unknown, string, string, boolean][] = [
      ['nothing', () => {}, 'RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED', 'VINF_SUCCESS', true],
      ['cancel', (_, abort) => abort(), 'RUNNING_LS RUNNING', 'VERR_SSM_CANCELLED', false],
      ['cancel by the VM', ({ uvm }) => uvm.cancelSsm(), 'RUNNING_LS RUNNING', 'VERR_SSM_CANCELLED', false],
      [
        'suspend',
        ({ uvm }) => uvm.suspend('USER'),
        'RUNNING_LS SUSPENDING_EXT_LS SUSPENDED_EXT_LS SAVING SUSPENDED',
        'VINF_SSM_LIVE_SUSPENDED',
        false,
      ],
      [
        'suspend, then cancel',
        async ({ uvm }, abort) => {
          await uvm.suspend('USER');
          abort();
        },
        'RUNNING_LS SUSPENDING_EXT_LS SUSPENDED_EXT_LS SUSPENDED',
        'VERR_SSM_CANCELLED',
        false,
      ],
      [
        'hard reset',
        ({ uvm }) => uvm.reset(),
        'RUNNING_LS RESETTING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
        'VINF_SUCCESS',
        false,
      ],
      [
        'hard reset, then cancel',
        async ({ uvm }, abort) => {
          await uvm.reset();
          abort();
        },
        'RUNNING_LS RESETTING_LS SUSPENDING_LS SUSPENDED_LS SUSPENDED',
        'VERR_SSM_CANCELLED',
        true,
      ],
      [
        'soft reset',
        softReset,
        'RUNNING_LS SOFT_RESETTING_LS RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
        'VINF_SUCCESS',
        true,
      ],
      [
        'power off',
        ({ uvm }) => uvm.powerOff(),
        'RUNNING_LS POWERING_OFF_LS OFF_LS OFF',
        'VERR_SSM_LIVE_POWERED_OFF',
        false,
      ],
      [
        'guru meditation',
        ({ uvm }) => uvm.setGuruMeditation(),
        'RUNNING_LS GURU_MEDITATION_LS GURU_MEDITATION',
        'VERR_SSM_LIVE_GURU_MEDITATION',
        false,
      ],
      [
        'fatal runtime error',
        ({ uvm }) => uvm.setRuntimeError(1, 'Id', 'text'),
        'RUNNING_LS FATAL_ERROR_LS FATAL_ERROR',
        'VERR_SSM_LIVE_FATAL_ERROR',
        false,
      ],
      [
        'runtime error with SUSPEND',
        ({ uvm }) => uvm.setRuntimeError(2, 'Id', 'text'),
        'RUNNING_LS SUSPENDING_EXT_LS SUSPENDED_EXT_LS SAVING SUSPENDED',
        'VINF_SSM_LIVE_SUSPENDED',
        false,
      ],
      [
        'power off after a guru meditation',
        async ({ uvm }) => {
          const off = uvm.emts.requests.callWait(0, (context) => {
            uvm.setGuruMeditation();
            return context.run(() => uvm.powerOff());
          });
          await off;
        },
        'RUNNING_LS GURU_MEDITATION_LS POWERING_OFF_LS OFF_LS OFF',
        'VERR_SSM_LIVE_POWERED_OFF',
        false,
      ],
      [
        'power off after a fatal error',
        ({ uvm }) =>
          uvm.emts.requests.callWait(0, async (context) => {
            await context.run(() => uvm.setRuntimeError(1, 'Id', 'text'));
            return context.run(() => uvm.powerOff());
          }),
        'RUNNING_LS FATAL_ERROR_LS POWERING_OFF_LS OFF_LS OFF',
        'VERR_SSM_LIVE_POWERED_OFF',
        false,
      ],
      [
        'debugger, then cancel',
        async ({ uvm }, abort) => {
          await uvm.enterDebugging();
          abort();
        },
        'RUNNING_LS DEBUGGING_LS DEBUGGING',
        'VERR_SSM_CANCELLED',
        false,
      ],
      [
        'debugger, which goes again',
        async ({ uvm }) => {
          await uvm.enterDebugging();
          await uvm.leaveDebugging();
        },
        'RUNNING_LS DEBUGGING_LS RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
        'VINF_SUCCESS',
        true,
      ],
      [
        'power off by the debugger',
        async ({ uvm }) => {
          await uvm.enterDebugging();
          await uvm.powerOff();
        },
        'RUNNING_LS DEBUGGING_LS POWERING_OFF_LS OFF_LS OFF',
        'VERR_SSM_LIVE_POWERED_OFF',
        false,
      ],
      [
        'guru meditation, looked at by the debugger at once',
        ({ uvm }) =>
          uvm.emts.requests.callWait(0, (context) => {
            uvm.setGuruMeditation();
            return context.run(() => uvm.enterDebugging());
          }),
        'RUNNING_LS GURU_MEDITATION_LS DEBUGGING_LS DEBUGGING',
        'VERR_SSM_CANCELLED',
        false,
      ],
    ];
    for (const [name, event, expected, status, suspended] of events) {
      it(`${name}: ${expected.split(' ').join(', ')}; ${status}`, async () => {
        const vm = await TestVm.create({ cpuCount });
        await vm.uvm.powerOn();
        const abort = new AbortController();
        const save = await HeldSave.begin(vm, { signal: abort.signal });
        vm.takeStates();
        await event(vm, () => abort.abort());
        // What ends a save does so at once, though it is held.
        const end = await (status.startsWith('VERR') ? save.end : save.letGo());
        expect(vm.takeStates()).to.equal(expected);
        expect([end.status, end.suspended]).to.deep.equal([status, suspended]);
        expect(save.sink.bytes().length).to.equal(end.bytes);
        expect(end.bytes > 0).to.equal(status.startsWith('VINF'));
        expect(save.sink.closes).to.deep.equal([!status.startsWith('VINF')]);
        expect(() => vm.vm.registry.cancel())
          .to.throw(SsmError)
          .with.property('status', 'VERR_SSM_NO_PENDING_OPERATION');
        await vm.end();
      });
    }

    const refused: readonly [string, (vm: TestVm) => Promise<unknown>][] = [
      ['resume', ({ uvm }) => uvm.resume('USER')],
      ['load', async ({ uvm }) => uvm.load(memorySource(await state()))],
      ['destroy', ({ uvm }) => uvm.destroy()],
      ['a second save', ({ uvm }) => uvm.save(new MemorySink())],
      ['teleport', ({ uvm }) => uvm.teleport(new MemorySink())],
      ['power on', ({ uvm }) => uvm.powerOn()],
    ];
    for (const [name, operation] of refused) {
      it(`${name} is refused, and the save goes on`, async () => {
        const vm = await TestVm.create({ cpuCount });
        await vm.uvm.powerOn();
        const save = await HeldSave.begin(vm);
        vm.takeStates();
        expect(await failureStatus(operation(vm))).to.equal('VERR_VM_INVALID_VM_STATE');
        expect([vm.takeStates(), vm.errors.length]).to.deep.equal(['RUNNING_LS', 1]);
        expect((await save.letGo()).status).to.equal('VINF_SUCCESS');
        await vm.end();
      });
    }
  });

  describe(`a VM with ${cpuCount} CPU${cpuCount > 1 ? 's' : ''} refuses, and says so`, () => {
    const operations: Readonly<Record<string, readonly [Operation, readonly string[]]>> = {
      'power on': [({ uvm }) => uvm.powerOn(), ['CREATED']],
      suspend: [({ uvm }) => uvm.suspend('USER'), ['RUNNING']],
      resume: [({ uvm }) => uvm.resume('USER'), ['SUSPENDED']],
      save: [({ uvm }) => uvm.save(new MemorySink()), ['SUSPENDED', 'RUNNING']],
      load: [load, ['CREATED', 'SUSPENDED']],
      'hard reset': [({ uvm }) => uvm.reset(), ['RUNNING', 'SUSPENDED']],
      'power off': [powerOff, Object.keys(starts).filter((start) => start !== 'OFF')],
      destroy: [({ uvm }) => uvm.destroy(), ['OFF']],
      'a fatal error': [({ uvm }) => uvm.setRuntimeError(1, 'Id', 'text'), ['RUNNING']],
      'to enter the debugger': [({ uvm }) => uvm.enterDebugging(), ['RUNNING', 'GURU_MEDITATION']],
      'to leave the debugger': [({ uvm }) => uvm.leaveDebugging(), ['DEBUGGING']],
    };
    for (const [name, [operation, allowed]] of Object.entries(operations)) {
      for (const start of Object.keys(starts).filter((other) => !allowed.includes(other))) {
        it(`${name} when it is ${start}`, async () => {
          const vm = await TestVm.create({ cpuCount });
          await starts[start]!(vm);
          vm.takeStates();
          vm.errors.length = 0;
          expect(await failureStatus(Promise.resolve(operation(vm)))).to.equal('VERR_VM_INVALID_VM_STATE');
          expect([vm.takeStates(), vm.errors.map(({ status }) => status)]).to.deep.equal([
            start,
            ['VERR_VM_INVALID_VM_STATE'],
          ]);
          await vm.end();
        });
      }
    }
  });
}

describe('the debugger', () => {
  it('that has stopped a machine lets its live save wait, and look every 250 ms', async () => {
    const vm = await TestVm.create();
    await vm.uvm.powerOn();
    const save = await HeldSave.begin(vm);
    await vm.uvm.enterDebugging();
    void save.letGo();
    await vm.until(() => vm.timers.waiting > 0);
    expect(vm.uvm.state).to.equal('DEBUGGING_LS');
    vm.timers.advance(250_000_000n);
    await vm.settle();
    expect(vm.uvm.state).to.equal('DEBUGGING_LS');
    await vm.uvm.leaveDebugging();
    await vm.settle();
    expect(vm.uvm.state).to.equal('RUNNING_LS');
    vm.timers.advance(249_000_000n);
    await vm.settle();
    expect(vm.uvm.state).to.equal('RUNNING_LS');
    vm.timers.advance(1_000_000n);
    expect(await save.end).to.include({ status: 'VINF_SUCCESS', suspended: true });
    await vm.end();
  });

  const ends: readonly [string, (vm: TestVm) => unknown, VmState, string][] = [
    ['power off', ({ uvm }) => uvm.powerOff(), 'OFF', 'VERR_SSM_LIVE_POWERED_OFF'],
    [
      'a guru meditation',
      async ({ uvm }) => {
        await uvm.leaveDebugging();
        uvm.setGuruMeditation();
      },
      'GURU_MEDITATION',
      'VERR_SSM_LIVE_GURU_MEDITATION',
    ],
    [
      'a fatal error',
      async ({ uvm }) => {
        await uvm.leaveDebugging();
        await uvm.setRuntimeError(1, 'Id', 'text');
      },
      'FATAL_ERROR',
      'VERR_SSM_LIVE_FATAL_ERROR',
    ],
  ];
  for (const [name, event, end, status] of ends) {
    it(`ends the wait by ${name}: ${status}`, async () => {
      const vm = await TestVm.create();
      await vm.uvm.powerOn();
      const save = await HeldSave.begin(vm);
      await vm.uvm.enterDebugging();
      void save.letGo();
      await vm.until(() => vm.timers.waiting > 0);
      await event(vm);
      vm.timers.advance(250_000_000n);
      expect((await save.end).status).to.equal(status);
      expect([vm.uvm.state, save.sink.bytes().length]).to.deep.equal([end, 0]);
      await vm.end();
    });
  }
});

describe('a teleport', () => {
  it('of a suspended machine tells that it was', async () => {
    const vm = await TestVm.create();
    await starts['SUSPENDED']!(vm);
    const result = await vm.uvm.teleport(new MemorySink());
    expect(result).to.include({ status: 'VINF_SSM_LIVE_SUSPENDED', suspended: false });
    await vm.end();
  });

  it('leaves two machines of which neither was fully resumed', async () => {
    const source = await TestVm.create();
    await source.uvm.powerOn();
    const sink = new MemorySink();
    expect(source.uvm.teleportedAndNotFullyResumed).to.equal(false);
    await source.uvm.teleport(sink);
    expect(source.uvm.teleportedAndNotFullyResumed).to.equal(true);
    const target = await TestVm.create();
    await target.uvm.load(memorySource(sink.bytes()), { teleporting: true });
    expect(target.uvm.teleportedAndNotFullyResumed).to.equal(true);
    for (const { uvm } of [source, target]) {
      await uvm.resume('TELEPORTED');
      expect(uvm.teleportedAndNotFullyResumed).to.equal(false);
    }
    await Promise.all([source.end(), target.end()]);
  });

  it('that cannot be loaded is none', async () => {
    const vm = await TestVm.create();
    await failureStatus(vm.uvm.load(memorySource(new Uint8Array(3)), { teleporting: true }));
    expect(vm.uvm.teleportedAndNotFullyResumed).to.equal(false);
    await vm.end();
  });

  it('tells the units for how long the machine may stop, and what comes after', async () => {
    const vm = await TestVm.create();
    const told: unknown[] = [];
    vm.unit('asks', { savePrep: (handle) => void told.push(handle.after, handle.maxDowntime) });
    await vm.uvm.powerOn();
    await vm.uvm.teleport(new MemorySink(), { maxDowntime: 70 });
    await vm.uvm.resume('USER');
    await vm.uvm.save(new MemorySink());
    await vm.uvm.save(new MemorySink(), { continueAfterwards: false });
    expect(told).to.deep.equal(['TELEPORT', 70, 'CONTINUE', 250, 'DESTROY', 0xffffffff]);
    await vm.end();
  });
});

describe('a save that fails', () => {
  for (const start of ['RUNNING', 'SUSPENDED']) {
    it(`closes its sink once, and says whether it has suspended the machine: ${start}`, async () => {
      const vm = await TestVm.create();
      await starts[start]!(vm);
      const sink = new FailingSink();
      const error = await vm.uvm.save(sink).catch((thrown: SsmError) => thrown);
      expect(error).to.include({ status: 'VERR_IO_GEN_FAILURE', suspended: start === 'RUNNING' });
      expect([sink.closes, vm.uvm.state]).to.deep.equal([[true], 'SUSPENDED']);
      await vm.end();
    });
  }
});

describe('a save that is refused', () => {
  it('closes its sink as aborted', async () => {
    const vm = await TestVm.create();
    const sink = new FailingSink();
    const error = await vm.uvm.save(sink).catch((thrown: SsmError) => thrown);
    expect(error).to.be.instanceOf(SsmError).with.include({ status: 'VERR_VM_INVALID_VM_STATE', suspended: false });
    expect(sink.closes).to.deep.equal([true]);
    await vm.end();
  });

  it('is one on an EMT, too', async () => {
    const vm = await TestVm.create();
    await vm.uvm.powerOn();
    const sink = new FailingSink();
    await vm.uvm.emts.requests.callWait(0, async (context) => {
      expect(await failureStatus(context.run(() => vm.uvm.save(sink)))).to.equal('VERR_VM_THREAD_IS_EMT');
    });
    expect([sink.closes, vm.uvm.state]).to.deep.equal([[true], 'RUNNING']);
    await vm.end();
  });
});
