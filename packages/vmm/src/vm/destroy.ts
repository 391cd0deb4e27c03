import { SsmError } from '@ssmkit/runtime';
import { destinations, type Emt, type EmtContext, type HostTimers, NS_PER_MS } from '../emt/index.js';
import { termOrder } from './subsystem-order.js';
import { requireVm, type Uvm } from './uvm.js';
import type { Vm } from './vm.js';

/** How long EMTs are waited for, in milliseconds: see the functions. */
const EMT0_WAIT_MIN = 2000;
const EMT0_WAIT_MORE = 1000;
const OTHER_EMT_WAIT = 250;
const EMT0_WAITS_FOR_OTHERS = 5000;
const DESTROY_WAIT = 30_000;

/** Destroys a VM that is off (`VMR3Destroy`). */
export async function destroy(uvm: Uvm): Promise<void> {
  const vm = requireVm(uvm);
  const { here, requests } = uvm.emts;
  if (here !== undefined) throw new SsmError('VERR_VM_THREAD_IS_EMT', 'an EMT cannot wait for its own end');
  try {
    vm.states.trySet('VMR3Destroy', [['DESTROYING', 'OFF']]);
  } catch (error) {
    await requests.priorityCallWait(destinations.ANY, () => {
      uvm.errors.raise(error as SsmError);
    });
    throw error;
  }
  await requests.callWait(destinations.ALL_REVERSE, (context) => destroyOnEmt(vm, context));
  await destroyUvm(uvm, DESTROY_WAIT);
}

/** `vmR3Destroy`: EMT(0), which comes last, does the work; then each EMT ends. */
export async function destroyOnEmt(vm: Vm, context: EmtContext): Promise<'VINF_EM_TERMINATE'> {
  vm.uvm.emts.rendezvous.standAlone();
  if (context.idCpu === 0) await terminate(vm, context);
  return 'VINF_EM_TERMINATE';
}

/** Terminates all subsystems. */
export async function terminate(vm: Vm, context: EmtContext): Promise<void> {
  const { log, statistics } = vm.uvm;
  for (const line of statistics.dumpToLog().trimEnd().split('\n')) log(line);
  await vm.subsystems.tell(vm, context, termOrder);
  vm.states.checkState = true;
}

/** The last act of an EMT: that of EMT(0) ends the VM, once the others have ended, or are not waited for any longer. */
export async function endOfEmt(uvm: Uvm, emt: Emt): Promise<void> {
  const { vm } = uvm;
  if (emt.id !== 0 || vm === undefined) return;
  for (const other of uvm.emts.emts.slice(1)) {
    await within(uvm.timers, other.ended, EMT0_WAITS_FOR_OTHERS);
  }
  if (vm.state === 'DESTROYING') vm.states.set('TERMINATED', 'DESTROYING');
  unlink(uvm);
}

/** The VM is no more. */
export function unlink(uvm: Uvm): void {
  const { vm } = uvm;
  if (vm === undefined) return;
  vm.config = undefined;
  uvm.vm = undefined;
}

/**
 * Ends the EMTs and what else a UVM has, and gives back the reference that its creation has taken (`vmR3DestroyUVM`). EMTs
 * that do not end are left to themselves.
 *
 * @param wait how long to wait for EMT(0), in milliseconds.
 */
export async function destroyUvm(uvm: Uvm, wait: number): Promise<void> {
  const { emts, log, timers } = uvm;
  emts.terminate();
  const [first, ...others] = emts.emts;
  if (first !== undefined && !(await within(timers, first.ended, Math.max(wait, EMT0_WAIT_MIN)))) {
    if (!(await within(timers, first.ended, EMT0_WAIT_MORE))) log(`${first.name} does not end`);
  }
  for (const other of others) {
    if (!(await within(timers, other.ended, OTHER_EMT_WAIT))) log(`${other.name} does not end`);
  }
  emts.requests.kill();
  unlink(uvm);
  uvm.subsystems?.termUvm();
  uvm.release();
}

/** Waits for a promise that does not reject, but not for ever. @returns whether it has settled. */
async function within(timers: HostTimers, promise: Promise<void>, ms: number): Promise<boolean> {
  let cancel = () => {};
  const timeout = new Promise<false>((resolve) => {
    cancel = timers.after(BigInt(ms) * NS_PER_MS, () => resolve(false));
  });
  const settled = await Promise.race([promise.then(() => true as const), timeout]);
  cancel();
  return settled;
}
