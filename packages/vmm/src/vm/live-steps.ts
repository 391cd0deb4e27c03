import { type LiveSave, SsmError, type SsmFailure } from '@ssmkit/runtime';
import { type EmtContext, type InfoStatus, NS_PER_MS } from '../emt/index.js';
import { failureOf, hasFailed, type Outcome, settle } from '../emt/outcome.js';
import type { StateChange, VmState } from './states.js';
import { suspendOrder } from './subsystem-order.js';
import type { Vm } from './vm.js';

/*
 * A live save from its first pass on (`VirtualBox 7.2 VMMR3/VM.cpp, vmR3SaveTeleport`)
 *
 *     caller     step 1: pass after pass; the guest runs, and anything may happen to it
 *     all EMTs   suspend the VM, unless something has happened to it           ──▶ or be done, and fail
 *     EMT(0)     step 2: the rest; done
 *
 *     step 1 has failed: done; all EMTs: put the state in order
 *
 * Power off, guru meditation and fatal errors cancel the save, so that step 1 fails; what they have left, a state …_LS, says
 * afterwards which of them it was. Suspending and hard reset let step 1 come to its end.
 */

/** What becomes of a save. */
export interface Saving {
  /** Whether the save has suspended the VM. */
  suspended: boolean;
}

/** How long to wait for the debugger to let go. */
const DEBUGGER_INTERVAL = 250n * NS_PER_MS;

/** What has happened to a machine that was being saved live: the state it is to go to, and what the save fails with. */
const ends: Readonly<Partial<Record<VmState, readonly [next: VmState, status: SsmFailure]>>> = {
  OFF_LS: ['OFF', 'VERR_SSM_LIVE_POWERED_OFF'],
  FATAL_ERROR_LS: ['FATAL_ERROR', 'VERR_SSM_LIVE_FATAL_ERROR'],
  GURU_MEDITATION_LS: ['GURU_MEDITATION', 'VERR_SSM_LIVE_GURU_MEDITATION'],
};

/** Ways back after a failure; the first three are those of {@link ends}, the fourth means that the save has suspended. */
const cleanUps: readonly StateChange[] = [
  ['OFF', 'OFF_LS'],
  ['FATAL_ERROR', 'FATAL_ERROR_LS'],
  ['GURU_MEDITATION', 'GURU_MEDITATION_LS'],
  ['SUSPENDED', 'SUSPENDED_LS'],
  ['SUSPENDED', 'SAVING'],
  ['SUSPENDED', 'SUSPENDED_EXT_LS'],
  ['RUNNING', 'RUNNING_LS'],
  ['DEBUGGING', 'DEBUGGING_LS'],
];
const SUSPENDED_BY_SAVE = 4;

const ended = (status: SsmFailure, state: VmState) =>
  new SsmError(status, `the machine is ${state}: it did not live to be saved`);

/**
 * Step 1 and all that follows.
 *
 * @returns the status and the size of the saved state.
 * @throws SsmError what the save has failed with.
 */
export async function afterStep1(
  vm: Vm,
  live: LiveSave,
  saving: Saving,
): Promise<{ status: InfoStatus; bytes: number }> {
  const { requests } = vm.uvm.emts;
  const step1 = await settle('step 1', () => live.step1());
  if (hasFailed(step1)) {
    await finish(vm, live);
    throw await cleanedUp(vm, saving, step1);
  }
  const suspended = vm.state === 'SAVING' ? 'VINF_SUCCESS' : await suspendForSave(vm, saving);
  if (hasFailed(suspended)) {
    await finish(vm, live);
    throw suspended;
  }
  let bytes = 0;
  let status: InfoStatus = 'VINF_SUCCESS';
  await requests.callWait(0, async (context) => {
    const result = await step2(vm, context, live);
    ({ bytes } = result);
    if (hasFailed(result.outcome)) throw result.outcome;
    status = result.outcome;
  });
  return { status, bytes };
}

/** Puts the state in order after step 1 has failed. @returns what the save is to fail with. */
async function cleanedUp(vm: Vm, saving: Saving, step1: SsmError): Promise<SsmError> {
  const cleanUp = await settle('the clean-up', () =>
    vm.uvm.emts.rendezvous.call(
      (context) => {
        const failure = cleanUpStep1(vm, context, saving);
        if (failure !== undefined) throw failure;
      },
      { type: 'ONCE' },
    ),
  );
  return hasFailed(cleanUp) && step1.status === 'VERR_SSM_CANCELLED' ? cleanUp : step1;
}

/** `vmR3LiveDoStep1Cleanup`. @returns what has happened to the machine meanwhile. */
export function cleanUpStep1(vm: Vm, context: EmtContext, saving: Saving): SsmError | undefined {
  const { state } = vm;
  const index = vm.trySet(context, 'vmR3LiveDoStep1Cleanup', cleanUps);
  if (index === SUSPENDED_BY_SAVE) saving.suspended = true;
  const end = ends[state];
  return end && ended(end[1], end[0]);
}

/** Suspends the VM; waits as long as a debugger has stopped it. @returns why not. */
async function suspendForSave(vm: Vm, saving: Saving): Promise<Outcome> {
  const { emts, timers } = vm.uvm;
  for (;;) {
    const outcome = await settle('suspending', () =>
      emts.rendezvous.call((context) => liveSuspend(vm, context, saving), { type: 'DESCENDING', stopOnError: true }),
    );
    if (!hasFailed(outcome) || outcome.status !== 'VERR_TRY_AGAIN') return outcome;
    await new Promise<void>((resolve) => timers.after(DEBUGGER_INTERVAL, resolve));
  }
}

/**
 * `vmR3LiveDoSuspend`. Where somebody else has suspended the VM, or a reset has, there is nothing left to do; VirtualBox
 * means to go on then, but fails with VERR_VM_UNEXPECTED_UNSTABLE_STATE.
 */
async function liveSuspend(vm: Vm, context: EmtContext, saving: Saving): Promise<InfoStatus> {
  if (context.idCpu === vm.lastCpu) {
    const { state } = vm;
    const end = ends[state];
    if (end !== undefined) {
      vm.set(context, end[0], state);
      throw ended(end[1], end[0]);
    }
    if (state === 'DEBUGGING_LS') throw new SsmError('VERR_TRY_AGAIN', 'a debugger has stopped the machine');
    if (state === 'RUNNING_LS') vm.set(context, 'SUSPENDING_LS', state);
    else if (state !== 'SUSPENDED_LS' && state !== 'SUSPENDED_EXT_LS') {
      throw new SsmError('VERR_VM_UNEXPECTED_VM_STATE', `the VM is ${state} while it is saved live`);
    }
  }
  if (vm.state === 'SUSPENDED_LS' || vm.state === 'SUSPENDED_EXT_LS') return 'VINF_EM_SUSPEND';
  if (vm.state !== 'SUSPENDING_LS') {
    throw new SsmError('VERR_VM_UNEXPECTED_UNSTABLE_STATE', `the VM is ${vm.state} while it is being suspended`);
  }
  if (context.idCpu === 0) {
    await vm.subsystems.tell(vm, context, suspendOrder);
    vm.set(context, 'SUSPENDED_LS', 'SUSPENDING_LS');
    saving.suspended = true;
  }
  return 'VINF_EM_SUSPEND';
}

/** `vmR3LiveDoStep2`. */
async function step2(vm: Vm, context: EmtContext, live: LiveSave): Promise<{ outcome: Outcome; bytes: number }> {
  const { state } = vm;
  let outcome: Outcome = state === 'SUSPENDED_LS' ? 'VINF_SUCCESS' : 'VINF_SSM_LIVE_SUSPENDED';
  if (state !== 'SAVING') vm.set(context, 'SAVING', state);
  let bytes = 0;
  for (const step of [
    () => live.step2(),
    async () => {
      ({ bytes } = await live.done());
    },
  ]) {
    try {
      await step();
    } catch (error) {
      // The first failure stays: the second step fails with that of the first anyway.
      if (!hasFailed(outcome)) outcome = failureOf('step 2', error);
    }
  }
  vm.set(context, 'SUSPENDED', 'SAVING');
  return { outcome, bytes };
}

/** Ends a live save that has failed. What it says is known. */
async function finish(vm: Vm, live: LiveSave): Promise<void> {
  await settle('the end of the save', () =>
    vm.uvm.emts.requests.callVoidWait(0, async () => {
      await live.done();
    }),
  );
}
