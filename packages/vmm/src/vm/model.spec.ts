import { MemorySink, type SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { stateTransitions, type VmState } from './states.js';
import {
  emptyState,
  FailingSink,
  HeldSave,
  loggingSubsystems,
  memorySource,
  requestSoftReset,
  TestVm,
} from './testing.js';

/*
 * Anything, at any time
 *
 * Random operations run on a VM and on a model of it, which says for every operation and state what states follow, or that
 * the operation is refused. PDM fails whenever it is told something, and a callback throws at every change of state: that
 * is to change nothing. Concurrent operations have no order to be predicted; what is checked is that all of them end, and
 * that the VM can still be switched off and destroyed.
 */

/** Operation, and the states that follow by the state in which it begins; in all others it is refused. */
const changes: Readonly<Record<string, Readonly<Partial<Record<VmState, string>>>>> = {
  powerOn: { CREATED: 'POWERING_ON RUNNING' },
  suspend: { RUNNING: 'SUSPENDING SUSPENDED', RUNNING_LS: 'SUSPENDING_EXT_LS SUSPENDED_EXT_LS' },
  resume: { SUSPENDED: 'RESUMING RUNNING' },
  reset: {
    RUNNING: 'RESETTING RUNNING',
    SUSPENDED: 'RESETTING SUSPENDED',
    RUNNING_LS: 'RESETTING_LS SUSPENDING_LS SUSPENDED_LS',
  },
  softReset: {
    RUNNING: 'SOFT_RESETTING RUNNING',
    SUSPENDED: 'SOFT_RESETTING SUSPENDED',
    RUNNING_LS: 'SOFT_RESETTING_LS RUNNING_LS',
  },
  powerOff: {
    ...Object.fromEntries(
      (['RUNNING', 'SUSPENDED', 'DEBUGGING', 'LOAD_FAILURE', 'GURU_MEDITATION', 'FATAL_ERROR', 'CREATED'] as const).map(
        (state) => [state, 'POWERING_OFF OFF'],
      ),
    ),
    ...Object.fromEntries(
      (['RUNNING_LS', 'DEBUGGING_LS', 'GURU_MEDITATION_LS', 'FATAL_ERROR_LS'] as const).map((state) => [
        state,
        'POWERING_OFF_LS OFF_LS',
      ]),
    ),
  },
  guru: { RUNNING: 'GURU_MEDITATION', RUNNING_LS: 'GURU_MEDITATION_LS' },
  fatal: { RUNNING: 'FATAL_ERROR', RUNNING_LS: 'FATAL_ERROR_LS' },
  debug: {
    RUNNING: 'DEBUGGING',
    GURU_MEDITATION: 'DEBUGGING',
    RUNNING_LS: 'DEBUGGING_LS',
    GURU_MEDITATION_LS: 'DEBUGGING_LS',
  },
  undebug: { DEBUGGING: 'RUNNING', DEBUGGING_LS: 'RUNNING_LS' },
  save: { SUSPENDED: 'SAVING SUSPENDED', RUNNING: 'RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED' },
  saveBadly: { SUSPENDED: 'SAVING SUSPENDED', RUNNING: 'RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED' },
  load: { CREATED: 'LOADING SUSPENDED', SUSPENDED: 'LOADING SUSPENDED' },
  loadBadly: { CREATED: 'LOADING LOAD_FAILURE', SUSPENDED: 'LOADING LOAD_FAILURE' },
  destroy: { OFF: 'DESTROYING TERMINATED' },
};

/** What fails though it is not refused. */
const failing: Readonly<Record<string, string>> = {
  saveBadly: 'VERR_IO_GEN_FAILURE',
  loadBadly: 'VERR_SSM_INTEGRITY_MAGIC',
};

/** What ends a live save that is under way. */
const cancelling = new Set(['powerOff', 'guru', 'fatal']);

const operate: Readonly<Record<string, (real: Real) => unknown>> = {
  powerOn: ({ vm }) => vm.uvm.powerOn(),
  suspend: ({ vm }) => vm.uvm.suspend('USER'),
  resume: ({ vm }) => vm.uvm.resume('USER'),
  reset: ({ vm }) => vm.uvm.reset(),
  softReset: ({ vm }) => vm.uvm.vm && requestSoftReset(vm.uvm.vm),
  powerOff: ({ vm }) => vm.uvm.powerOff(),
  guru: ({ vm }) => vm.uvm.setGuruMeditation(),
  fatal: ({ vm }) => vm.uvm.setRuntimeError(1, 'Id', 'text'),
  debug: ({ vm }) => vm.uvm.enterDebugging(),
  undebug: ({ vm }) => vm.uvm.leaveDebugging(),
  save: ({ vm }) => vm.uvm.save(new MemorySink()),
  saveBadly: ({ vm }) => vm.uvm.save(new FailingSink()),
  load: ({ vm, state }) => vm.uvm.load(memorySource(state)),
  loadBadly: ({ vm }) => vm.uvm.load(memorySource(new Uint8Array(77))),
  destroy: ({ vm }) => vm.uvm.destroy(),
};

interface Real {
  readonly vm: TestVm;
  readonly state: Uint8Array;
  save: HeldSave | undefined;
}

interface Model {
  state: VmState;
  /** Held: between its passes; waiting: for the debugger to let go. */
  save: 'none' | 'held' | 'waiting';
  cancelled: boolean;
  /** How the live save ends that has just ended. */
  ended: { status: string; suspended: boolean } | undefined;
}

/** What becomes of a machine that did not live to be saved. */
const lost: Readonly<Partial<Record<VmState, readonly [VmState, string]>>> = {
  OFF_LS: ['OFF', 'VERR_SSM_LIVE_POWERED_OFF'],
  FATAL_ERROR_LS: ['FATAL_ERROR', 'VERR_SSM_LIVE_FATAL_ERROR'],
  GURU_MEDITATION_LS: ['GURU_MEDITATION', 'VERR_SSM_LIVE_GURU_MEDITATION'],
};

/** A live save whose passes are over, or have failed. @returns the states that follow. */
function endSave(model: Model, step1Failed: boolean): string {
  const { state } = model;
  if (!step1Failed && state === 'DEBUGGING_LS') {
    model.save = 'waiting';
    return '';
  }
  model.save = 'none';
  const loss = lost[state];
  if (loss !== undefined) {
    model.ended = { status: loss[1], suspended: false };
    return loss[0];
  }
  if (step1Failed) {
    model.ended = { status: 'VERR_SSM_CANCELLED', suspended: state === 'SUSPENDED_LS' };
    return state.startsWith('SUSPENDED') ? 'SUSPENDED' : state.replace('_LS', '');
  }
  const success = state === 'SUSPENDED_EXT_LS' ? 'VINF_SSM_LIVE_SUSPENDED' : 'VINF_SUCCESS';
  model.ended = { status: model.cancelled ? 'VERR_SSM_CANCELLED' : success, suspended: state === 'RUNNING_LS' };
  return state === 'RUNNING_LS' ? 'SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED' : 'SAVING SUSPENDED';
}

/** Something that happens to a VM. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const { vm } = real;
    model.ended = undefined;
    vm.takeStates();
    const expected = this.#predict(model);
    let result: unknown;
    try {
      result = await this.#operate(real);
    } catch (error) {
      result = (error as SsmError).status ?? error;
    }
    if (model.ended !== undefined) expect(await real.save?.end).to.include(model.ended);
    else if (model.save === 'waiting') await vm.until(() => vm.timers.waiting > 0);
    await vm.settle();
    const told = vm.takeStates().split(' ').slice(1).join(' ');
    expect(told, this.name).to.equal(expected.states);
    if (expected.failure !== undefined) expect(result, this.name).to.equal(expected.failure);
    else if (typeof result === 'string') expect(result).to.match(/^VINF/);
    model.state = (expected.states.split(' ').at(-1) as VmState) || model.state;
    expect(vm.uvm.state).to.equal(model.state);
  }

  #predict(model: Model): { states: string; failure?: string | undefined } {
    const { name } = this;
    const gone = model.state === 'TERMINATED';
    switch (name) {
      case 'beginLive':
        if (model.state !== 'RUNNING') return { states: '' };
        model.save = 'held';
        model.cancelled = false;
        return { states: 'RUNNING_LS' };
      case 'letGo':
        if (model.save !== 'held') return { states: '' };
        return { states: endSave(model, false) };
      case 'wait':
        return { states: model.save === 'waiting' ? endSave(model, false) : '' };
      case 'cancel': {
        if (gone) return { states: '', failure: 'VERR_INVALID_VM_HANDLE' };
        if (model.save === 'none') return { states: '', failure: 'VERR_SSM_NO_PENDING_OPERATION' };
        if (model.cancelled) return { states: '', failure: 'VERR_SSM_ALREADY_CANCELLED' };
        model.cancelled = true;
        return { states: model.save === 'held' ? endSave(model, true) : '' };
      }
    }
    if (gone) return { states: '', failure: name === 'softReset' ? undefined : 'VERR_INVALID_VM_HANDLE' };
    const states = changes[name]?.[model.state];
    if (states === undefined) {
      const silent = name === 'guru' || name === 'softReset';
      return { states: '', failure: silent ? undefined : 'VERR_VM_INVALID_VM_STATE' };
    }
    const failure = failing[name];
    if (model.save === 'none' || !cancelling.has(name)) return { states, failure };
    model.cancelled = true;
    if (model.save === 'waiting') return { states, failure };
    model.state = states.split(' ').at(-1) as VmState;
    return { states: `${states} ${endSave(model, true)}`, failure };
  }

  async #operate(real: Real): Promise<unknown> {
    const { vm } = real;
    switch (this.name) {
      case 'beginLive':
        if (vm.uvm.state === 'RUNNING') real.save = await HeldSave.begin(vm);
        return undefined;
      case 'letGo':
        void real.save?.letGo();
        return undefined;
      case 'wait':
        vm.timers.advance(250_000_000n);
        return undefined;
      case 'cancel':
        return vm.uvm.cancelSsm();
      default:
        return operate[this.name]?.(real);
    }
  }

  toString(): string {
    return this.name;
  }
}

/** A VM with PDM failing at everything, and a callback that always throws. */
async function faultyVm(cpuCount: number): Promise<TestVm> {
  const vm = await TestVm.create({
    cpuCount,
    subsystems: loggingSubsystems(['PDM'], [], (call) => !call.startsWith('PDM.init')),
    executor: (id) => ({ run: () => (id === 0 ? 'VINF_EM_HALT' : 'VINF_EM_WAIT_SIPI') }),
    onState: () => {
      throw new Error('at every change');
    },
  });
  vm.takeStates();
  return vm;
}

describe('a VM', () => {
  let state: Uint8Array;
  before(async () => {
    state = await emptyState();
  });

  for (const cpuCount of [1, 2]) {
    it(`with ${cpuCount} CPU${cpuCount > 1 ? 's' : ''} does what its model does, whatever happens`, async () => {
      const names = [...Object.keys(changes).filter((name) => name !== 'destroy'), 'cancel', 'wait'];
      // What leads on is drawn more often than what ends everything.
      const more = ['powerOn', 'powerOn', 'resume', 'resume', 'beginLive', 'beginLive', 'beginLive', 'letGo', 'letGo'];
      const commands = [...names, ...more, ...more, 'debug', 'undebug', 'destroy'].map((name) =>
        fc.constant(new Step(name)),
      );
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 25 }), async (steps) => {
          const vm = await faultyVm(cpuCount);
          const model: Model = { state: 'CREATED', save: 'none', cancelled: false, ended: undefined };
          const real: Real = { vm, state, save: undefined };
          try {
            await fc.asyncModelRun(() => ({ model, real }), steps);
          } finally {
            // As far as possible: what is held goes on, what waits is waited for.
            let over = real.save === undefined;
            void real.save?.letGo().finally(() => {
              over = true;
            });
            await vm.until(() => over || vm.timers.waiting > 0);
            if (vm.uvm.state === 'DEBUGGING_LS') await vm.uvm.leaveDebugging();
            vm.timers.advance(250_000_000n);
            await vm.until(() => over);
            await vm.end();
          }
        }),
        { numRuns: 80 },
      );
    });
  }

  it('makes all changes of state in its life but those that VirtualBox only allows', async () => {
    /** Only what these lives show: what the random ones above happen to reach differs from run to run. */
    const seen = new Set<string>();
    const all = Object.entries(stateTransitions).flatMap(([old, nexts]) => nexts.map((next) => `${old} ${next}`));
    /** The way to all others, operation after operation. */
    const lives = [
      'powerOn suspend resume debug undebug reset softReset guru debug powerOff destroy',
      'powerOn powerOff',
      'powerOn guru powerOff',
      'powerOn fatal powerOff',
      'powerOn beginLive softReset letGo reset softReset save load loadBadly powerOff',
      'load powerOff',
      'powerOff',
      'loadBadly powerOff',
      'powerOn beginLive cancel beginLive suspend cancel resume beginLive suspend letGo powerOff',
      'powerOn beginLive reset cancel resume beginLive reset letGo powerOff',
      'powerOn beginLive debug cancel undebug beginLive debug letGo undebug guru debug undebug wait powerOff',
      'powerOn beginLive powerOff',
      'powerOn beginLive guru powerOff',
      'powerOn beginLive fatal powerOff',
      'powerOn beginLive debug powerOff',
      'powerOn beginLive debug letGo undebug guru powerOff wait destroy',
      'powerOn beginLive debug letGo undebug fatal powerOff wait destroy',
    ];
    for (const life of lives) {
      const vm = await faultyVm(1);
      const model: Model = { state: 'CREATED', save: 'none', cancelled: false, ended: undefined };
      const real: Real = { vm, state, save: undefined };
      for (const name of life.split(' ')) await new Step(name).run(model, real);
      await vm.end();
      for (const line of vm.log) {
        const [, old, next] = /^Changing the VM state from '(\w+)' to '(\w+)'$/.exec(line) ?? [];
        if (old !== undefined) seen.add(`${old} ${next}`);
      }
    }
    expect(all.filter((transition) => !seen.has(transition))).to.deep.equal([
      'SUSPENDING_LS SUSPENDING',
      'SUSPENDING_EXT_LS SUSPENDING',
      'POWERING_OFF_LS POWERING_OFF',
    ]);
  });

  it('survives operations at the same time from anywhere', async () => {
    const operation = fc.record({
      name: fc.constantFrom(...Object.keys(changes).filter((name) => name !== 'destroy'), 'cancel'),
      /** From the EMT of a CPU, or from elsewhere. */
      cpu: fc.option(fc.nat(2), { nil: undefined }),
      /** Turns of the event loop before it. */
      pause: fc.nat(2),
    });
    const expected =
      /^(VERR_VM_INVALID_VM_STATE|VERR_VM_THREAD_IS_EMT|VERR_SSM_(LIVE_\w+|CANCELLED|NO_PENDING_OPERATION|ALREADY_CANCELLED|INTEGRITY_MAGIC)|VERR_IO_GEN_FAILURE)$/;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 12 }), async (operations) => {
        const vm = await faultyVm(3);
        vm.unit('live', {
          liveExec: (stream) => void stream.putU8(1),
          liveVote: async (pass) => {
            await vm.timers.turn();
            return pass < 2 ? 'VINF_SSM_VOTE_FOR_ANOTHER_PASS' : 'VINF_SUCCESS';
          },
          loadExec: (stream) => void stream.getU8(),
        });
        await vm.uvm.powerOn();
        const real: Real = { vm, state, save: undefined };
        const results: Promise<string>[] = [];
        for (const { name, cpu, pause } of operations) {
          const run = async () => (name === 'cancel' ? vm.uvm.cancelSsm() : operate[name]?.(real));
          const started =
            cpu === undefined
              ? run()
              : vm.uvm.emts.requests.callVoidWait(cpu, async (context) => {
                  await context.run(run);
                });
          results.push(
            started.then(
              () => 'VINF_SUCCESS',
              (error: SsmError) => error.status ?? String(error),
            ),
          );
          for (let i = 0; i < pause; i++) await vm.timers.turn();
        }
        let over = false;
        const all = Promise.all(results).finally(() => {
          over = true;
        });
        while (!over) {
          await vm.timers.turn();
          if (vm.uvm.state === 'DEBUGGING_LS') await vm.uvm.leaveDebugging().catch(() => {});
          vm.timers.advance(250_000_000n);
        }
        for (const status of await all) if (status !== 'VINF_SUCCESS') expect(status).to.match(expected);
        await vm.settle();
        expect(vm.uvm.state).to.match(/^(RUNNING|SUSPENDED|DEBUGGING|OFF|FATAL_ERROR|GURU_MEDITATION|LOAD_FAILURE)$/);
        await vm.end();
        expect(vm.uvm.state).to.equal('TERMINATED');
      }),
      { numRuns: 100 },
    );
  });
});
