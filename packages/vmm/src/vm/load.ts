import { type LoadOptions, loadState, type Source, SsmError } from '@ssmkit/runtime';
import { failureOf } from '../emt/outcome.js';
import { relocateOrder } from './subsystem-order.js';
import { requireVm, type Uvm } from './uvm.js';
import type { Vm } from './vm.js';

/** How a machine is loaded; what is not said here is said by the options of `loadState`. */
export interface VmLoadOptions extends Omit<LoadOptions, 'after'> {
  /** The machine comes from another host, where it was running. Default false. */
  teleporting?: boolean;
  /** Where the state comes from, for the message to the user. */
  from?: string;
}

/**
 * Loads a saved state into a machine that was just created, or is suspended; it is suspended afterwards. A machine that
 * could not be loaded can only be switched off.
 *
 * @throws SsmError VERR_VM_INVALID_VM_STATE; what the load has failed with, of which the user has been told.
 */
export async function load(uvm: Uvm, source: Source, options: VmLoadOptions = {}): Promise<void> {
  const { teleporting = false, from = 'a stream', ...rest } = options;
  const vm = requireVm(uvm);
  await uvm.emts.requests.callWait(0, async (context) => {
    vm.trySet(context, 'VMR3Load', [
      ['LOADING', 'CREATED'],
      ['LOADING', 'SUSPENDED'],
    ]);
    vm.teleportedAndNotFullyResumed = teleporting;
    const errorsBefore = uvm.errors.errorCount;
    try {
      await loadState(vm.registry, source, { ...rest, after: 'RESUME' });
    } catch (error) {
      const failure = failureOf('the load', error);
      vm.teleportedAndNotFullyResumed = false;
      vm.set(context, 'LOAD_FAILURE', 'LOADING');
      if (uvm.errors.errorCount === errorsBefore) context.run(() => uvm.errors.raise(forUser(failure, from)));
      throw failure;
    }
    startCpus(vm);
    await vm.subsystems.tell(vm, context, relocateOrder, 0);
    vm.set(context, 'SUSPENDED', 'LOADING');
  });
}

/** What fails in a unit the loader itself can tell in words; of the rest the user learns what to do about it. */
function forUser(failure: SsmError, from: string): SsmError {
  if (failure.where.unit !== undefined) return failure;
  return new SsmError(
    failure.status,
    `the saved state from ${from} could not be restored: it may be damaged, or of another version; ` +
      `discard it to start the machine anew (${failure.detail})`,
    failure.where,
    { cause: failure },
  );
}

/**
 * A machine that was never switched on has its CPUs started by what it has loaded: the unit "vmm" says which were. Without
 * one all are.
 */
function startCpus(vm: Vm): void {
  if (vm.registry.find('vmm', 1) !== undefined) return;
  for (const cpu of vm.cpus) cpu.state = 'STARTED';
}
