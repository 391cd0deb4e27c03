import { destinations, type EmtContext, type InfoStatus, requestFlags } from '../emt/index.js';
import { conclude, type Outcome, settle } from '../emt/outcome.js';
import { changeState } from './change-state.js';
import { checkRuntimeError, type RuntimeError, runtimeErrorFlags } from './errors.js';
import { suspend } from './power.js';
import { isRunning } from './states.js';
import { requireVm, type Uvm } from './uvm.js';
import type { Vm } from './vm.js';

const { FATAL, SUSPEND, NO_WAIT } = runtimeErrorFlags;

/**
 * Tells the user that something went wrong while the machine was running, such as a full disk (`VMSetRuntimeError`). FATAL
 * and SUSPEND change the state first; when both are set FATAL wins. On an EMT NO_WAIT means nothing.
 *
 * @returns VINF_EM_SUSPEND when the state was changed, else VINF_SUCCESS; callbacks that run on an EMT pass it on.
 * @throws SsmError VERR_INVALID_PARAMETER; VERR_VM_INVALID_VM_STATE for a fatal error of a machine that is not running:
 * the user has been told of both.
 */
export async function setRuntimeError(uvm: Uvm, error: RuntimeError): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  checkRuntimeError(error);
  const { here, requests } = uvm.emts;
  if (here !== undefined) return raise(vm, { ...error, flags: error.flags & ~NO_WAIT }, here);
  if ((error.flags & NO_WAIT) !== 0) {
    await requests.call(destinations.ANY, (context) => raise(vm, error, context), requestFlags.NO_WAIT);
    return 'VINF_SUCCESS';
  }
  return requests.priorityCallWait(destinations.ANY, (context) => raise(vm, error, context));
}

/** `vmR3SetRuntimeErrorCommon`. */
async function raise(vm: Vm, error: RuntimeError, context: EmtContext): Promise<InfoStatus> {
  const { uvm } = vm;
  uvm.log(`VM: Raising runtime error '${error.id}' (fFlags=0x${error.flags.toString(16)})`);
  const outcome: Outcome = await settle('the change of state', () => context.run(() => act(vm, error.flags)));
  context.run(() => uvm.errors.raiseRuntime(error));
  return conclude(outcome);
}

function act(vm: Vm, flags: number): Promise<InfoStatus> | undefined {
  if ((flags & FATAL) !== 0) return becomeFatal(vm);
  // Several may come at once, of several disks: only the first finds the machine running.
  if ((flags & SUSPEND) !== 0 && isRunning(vm.state)) return suspend(vm.uvm, 'RUNTIME_ERROR');
  return undefined;
}

/** `vmR3SetRuntimeErrorChangeState`. PDM is not told: there is no way back. */
function becomeFatal(vm: Vm): Promise<InfoStatus> {
  return changeState(vm, {
    who: 'VMSetRuntimeError',
    changes: [
      ['FATAL_ERROR', 'RUNNING'],
      ['FATAL_ERROR_LS', 'RUNNING_LS'],
    ],
    begun: (index) => {
      if (index === 2) vm.cancelSsm();
      vm.states.checkState = true;
    },
    status: 'VINF_EM_SUSPEND',
  });
}
