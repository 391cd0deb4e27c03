import type { InfoStatus } from '../emt/index.js';
import { changeState } from './change-state.js';
import { powerOff } from './power.js';
import { resetFlags, takeResetInfo } from './reset-info.js';
import { hardResetOrder, memSetupOrder, softResetOrder, suspendOrder } from './subsystem-order.js';
import { requireVm, type Uvm } from './uvm.js';
import type { Vm } from './vm.js';

/** Resets the machine as its reset button does (`VMR3Reset`). */
export async function reset(uvm: Uvm): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  return hardReset(vm);
}

/** Does the reset that somebody has asked for by `vm.requestReset` (`VMR3ResetFF`). To be called on EMT(0). */
export async function resetRequested(vm: Vm): Promise<InfoStatus> {
  const { hard, flags } = takeResetInfo(vm);
  return hard ? hardReset(vm) : softReset(vm, flags);
}

/** The CPU has met a fault while it handled a double fault (`VMR3ResetTripleFault`). To be called on an EMT. */
export async function resetTripleFault(uvm: Uvm): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  const { hard, flags } = takeResetInfo(vm, resetFlags.TRIPLE_FAULT);
  return hard ? hardReset(vm) : softReset(vm, flags);
}

/** `vmR3HardReset`. During a live save the machine is suspended at once: nothing that was saved before is of use. */
async function hardReset(vm: Vm): Promise<InfoStatus> {
  const { uvm } = vm;
  if (vm.powerOffInsteadOfReset) {
    uvm.notify('resetTurnedIntoPowerOff');
    return powerOff(uvm);
  }
  return changeState(vm, {
    who: 'vmR3HardReset',
    changes: [
      ['RESETTING', 'RUNNING'],
      ['RESETTING', 'SUSPENDED'],
      ['RESETTING_LS', 'RUNNING_LS'],
    ],
    begun: () => {
      vm.resets.total++;
      vm.resets.hard++;
    },
    each: (cpu) => cpu.wake(),
    work: async (context) => {
      const { previous } = vm.states;
      await vm.subsystems.tell(vm, context, hardResetOrder);
      await vm.subsystems.tell(vm, context, memSetupOrder, true);
      if (vm.state === 'RESETTING') {
        vm.set(context, previous === 'SUSPENDED' ? 'SUSPENDED' : 'RUNNING', 'RESETTING');
        return;
      }
      vm.set(context, 'SUSPENDING_LS', 'RESETTING_LS');
      await vm.subsystems.tell(vm, context, suspendOrder);
      vm.set(context, 'SUSPENDED_LS', 'SUSPENDING_LS');
    },
    // On EMT(0), which comes last, the work is done; all others see what has begun.
    status: () => (vm.state === 'RESETTING_LS' || vm.state === 'SUSPENDED_LS' ? 'VINF_EM_SUSPEND' : 'VINF_EM_RESET'),
  });
}

/** `vmR3SoftReset`: the memory stays, so that a live save goes on. */
async function softReset(vm: Vm, flags: number): Promise<InfoStatus> {
  return changeState(vm, {
    who: 'vmR3ResetSoft',
    changes: [
      ['SOFT_RESETTING', 'RUNNING'],
      ['SOFT_RESETTING', 'SUSPENDED'],
      ['SOFT_RESETTING_LS', 'RUNNING_LS'],
    ],
    begun: () => {
      vm.resets.total++;
      vm.resets.soft++;
    },
    each: (cpu) => cpu.wake(),
    work: async (context) => {
      const { previous } = vm.states;
      await vm.subsystems.tell(vm, context, [['PDM', 'softReset']], flags);
      await vm.subsystems.tell(vm, context, softResetOrder);
      if (vm.state === 'SOFT_RESETTING_LS') vm.set(context, 'RUNNING_LS', 'SOFT_RESETTING_LS');
      else vm.set(context, previous === 'SUSPENDED' ? 'SUSPENDED' : 'RUNNING', 'SOFT_RESETTING');
    },
    status: 'VINF_EM_RESCHEDULE',
  });
}
