import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { EmtContext, InfoStatus } from '../emt/index.js';
import type { StateChange, VmState } from './states.js';
import type { VirtualCpu } from './virtual-cpu.js';
import type { Vm } from './vm.js';

/** A change of state in which all EMTs take part. */
export interface SharedChange {
  /** For messages. */
  readonly who: string;
  /** What the last EMT, which comes first, tries. */
  readonly changes: readonly StateChange[];
  /** That has succeeded. @param index the number of the change, from 1 up. */
  readonly begun?: (index: number) => void;
  /** Each EMT. */
  readonly each?: (cpu: VirtualCpu, context: EmtContext) => Promise<void> | void;
  /** EMT(0), which comes last: the work, and the change to the final state. */
  readonly work?: (context: EmtContext) => Promise<void> | void;
  /** What each EMT returns. */
  readonly status: InfoStatus | ((context: EmtContext) => InfoStatus);
  /** What an EMT fails with that finds the VM in none of the states tried; default VERR_VM_UNEXPECTED_UNSTABLE_STATE. */
  readonly unexpected?: SsmFailure;
}

/**
 * Changes the state of a VM in a rendezvous from the last EMT down to EMT(0), so that nobody executes the guest or does
 * anything else meanwhile: the frame of powering on and off, suspending, resuming and resetting.
 *
 * @returns the status of the EMTs together.
 * @throws SsmError VERR_VM_INVALID_VM_STATE when the VM is not in a state to begin with; the user has been told.
 */
export function changeState(vm: Vm, change: SharedChange): Promise<InfoStatus> {
  const { who, changes, begun, each, work, status, unexpected = 'VERR_VM_UNEXPECTED_UNSTABLE_STATE' } = change;
  const targets: readonly VmState[] = changes.map(([next]) => next);
  return vm.uvm.emts.rendezvous.call(
    async (context) => {
      if (context.idCpu === vm.lastCpu) {
        const index = vm.trySet(context, who, changes);
        begun?.(index);
      }
      if (!targets.includes(vm.state)) throw new SsmError(unexpected, `${who} found the VM ${vm.state}`);
      const cpu = vm.cpus[context.idCpu];
      if (cpu !== undefined) await each?.(cpu, context);
      if (context.idCpu === 0) await work?.(context);
      return typeof status === 'string' ? status : status(context);
    },
    { type: 'DESCENDING', stopOnError: true },
  );
}
