import type { EmtContext, InfoStatus } from '../emt/index.js';
import { changeState } from './change-state.js';
import { checkReason, type ResumeReason, resumeReasons, type SuspendReason, suspendReasons } from './reasons.js';
import { powerOffOrder, powerOnOrder, resumeOrder, suspendOrder } from './subsystem-order.js';
import { requireVm, type Uvm } from './uvm.js';

/*
 * Power on, suspend, resume, power off (`VirtualBox 7.2 VMMR3/VM.cpp, vmR3PowerOn, vmR3Suspend, vmR3Resume, vmR3PowerOff`)
 *
 * A subsystem that fails on the way is logged and no more: the state changes nevertheless. PDM itself suspends what it has
 * resumed when one of its devices cannot be.
 */

export async function powerOn(uvm: Uvm): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  return changeState(vm, {
    who: 'VMR3PowerOn',
    changes: [['POWERING_ON', 'CREATED']],
    each: (cpu) => {
      cpu.state = 'STARTED';
    },
    work: async (context) => {
      await vm.subsystems.tell(vm, context, powerOnOrder);
      vm.set(context, 'RUNNING', 'POWERING_ON');
    },
    status: 'VINF_SUCCESS',
  });
}

export async function suspend(uvm: Uvm, reason: SuspendReason): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  checkReason(suspendReasons, reason);
  return changeState(vm, {
    who: 'VMR3Suspend',
    changes: [
      ['SUSPENDING', 'RUNNING'],
      ['SUSPENDING_EXT_LS', 'RUNNING_LS'],
    ],
    begun: () => {
      vm.suspendReason = reason;
    },
    work: async (context) => {
      await vm.subsystems.tell(vm, context, suspendOrder);
      if (vm.state === 'SUSPENDING') vm.set(context, 'SUSPENDED', 'SUSPENDING');
      else vm.set(context, 'SUSPENDED_EXT_LS', 'SUSPENDING_EXT_LS');
    },
    status: 'VINF_EM_SUSPEND',
  });
}

export async function resume(uvm: Uvm, reason: ResumeReason): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  checkReason(resumeReasons, reason);
  return changeState(vm, {
    who: 'VMR3Resume',
    changes: [['RESUMING', 'SUSPENDED']],
    begun: () => {
      vm.resumeReason = reason;
    },
    work: async (context) => {
      await vm.subsystems.tell(vm, context, resumeOrder);
      vm.set(context, 'RUNNING', 'RESUMING');
      vm.teleportedAndNotFullyResumed = false;
    },
    status: 'VINF_EM_RESUME',
  });
}

/** From this change on a live save is under way, and has to be cancelled; before that CREATED, where nothing is. */
const FIRST_TO_CANCEL = 7;

export async function powerOff(uvm: Uvm): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  return changeState(vm, {
    who: 'VMR3PowerOff',
    changes: [
      ['POWERING_OFF', 'RUNNING'],
      ['POWERING_OFF', 'SUSPENDED'],
      ['POWERING_OFF', 'DEBUGGING'],
      ['POWERING_OFF', 'LOAD_FAILURE'],
      ['POWERING_OFF', 'GURU_MEDITATION'],
      ['POWERING_OFF', 'FATAL_ERROR'],
      ['POWERING_OFF', 'CREATED'],
      ['POWERING_OFF_LS', 'RUNNING_LS'],
      ['POWERING_OFF_LS', 'DEBUGGING_LS'],
      ['POWERING_OFF_LS', 'GURU_MEDITATION_LS'],
      ['POWERING_OFF_LS', 'FATAL_ERROR_LS'],
    ],
    begun: (index) => {
      if (index >= FIRST_TO_CANCEL) vm.cancelSsm();
    },
    each: async (cpu, context) => {
      cpu.state = 'STOPPED';
      await logGuestState(uvm, context);
    },
    work: async (context) => {
      await vm.subsystems.tell(vm, context, powerOffOrder);
      if (vm.state === 'POWERING_OFF_LS') vm.set(context, 'OFF_LS', 'POWERING_OFF_LS');
      else vm.set(context, 'OFF', 'POWERING_OFF');
    },
    status: 'VINF_EM_OFF',
    unexpected: 'VERR_VM_INVALID_VM_STATE',
  });
}

/** What the log says of a CPU when the machine is switched off; of EMT(0), which is the last, somewhat more. */
const guestStateItems = [
  ['cpumguest', 'verbose'],
  ['cpumguesthwvirt', 'verbose'],
  ['mode', ''],
] as const;
const machineStateItems = [
  ['activetimers', ''],
  ['gdt', ''],
] as const;

async function logGuestState(uvm: Uvm, context: EmtContext): Promise<void> {
  const { idCpu } = context;
  uvm.log(`****************** Guest state at power off for VCpu ${idCpu} ******************`);
  for (const [name, args] of [...guestStateItems, ...(idCpu === 0 ? machineStateItems : [])]) {
    await uvm.logInfo(context, name, args);
  }
  uvm.log(`************** End of Guest state at power off for VCpu ${idCpu} ***************`);
}
