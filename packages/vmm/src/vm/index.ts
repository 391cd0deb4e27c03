/*
 * VM: the life of a virtual machine
 *
 * `createVm` makes a `Uvm`, the machine from the user's side, and through it the `Vm`, the machine itself, which its
 * subsystems, devices and executors know. The Uvm is there first and last: it has the EMTs, the request queues, those who
 * want to be told of states and errors, and is counted by references. The Vm lives from CREATING to TERMINATED.
 *
 *     CREATING ─▶ CREATED ─▶ POWERING_ON ─▶ RUNNING ◀─▶ SUSPENDED ◀─▶ SAVING
 *                    │                         │   (…ING between)
 *                    └─▶ LOADING ─▶ SUSPENDED  ├─▶ RUNNING_LS ─▶ SUSPENDED_LS ─▶ SAVING    saved live
 *                          └─▶ LOAD_FAILURE    └─▶ GURU_MEDITATION, FATAL_ERROR
 *     … ─▶ POWERING_OFF ─▶ OFF ─▶ DESTROYING ─▶ TERMINATED
 *
 * `states.ts` has all states and all transitions; there are no others, whoever asks. An operation lists the transitions
 * it can begin with, and the one that starts from the current state is taken (`trySet`); none is an error that the user is
 * told of. Nearly all operations are rendezvous from the last EMT down: the last one makes the first transition, each does
 * its part, EMT(0) comes last, does the work and makes the final transition (`change-state.ts`). So nobody executes the
 * guest while the state says …ING, and two operations cannot be under way at once.
 *
 * The exception is a live save, whose passes run while the machine does, and anything can happen to it meanwhile. The
 * states …_LS say that a save is under way; what ends the machine cancels the save, and the saving side then finds out what
 * has happened and puts the state in order (`live-steps.ts`).
 *
 * What the VMM consists of is plugged in (`Subsystem`), each part called in its place in the orders of
 * `subsystem-order.ts`.
 */
export { CallbackList } from './callback-list.js';
export { createVm, type VmOptions } from './create.js';
export { ErrorReports, type RuntimeError, runtimeErrorFlags } from './errors.js';
export type { VmLoadOptions } from './load.js';
export { type ResumeReason, resumeReasons, type SuspendReason, suspendReasons } from './reasons.js';
export { type Firmware, resetFlags } from './reset-info.js';
export { VmSaveError, type VmSaveOptions, type VmSaveResult, type VmTeleportOptions } from './save.js';
export { type StateHooks, StateMachine } from './state-machine.js';
export {
  isPoweredOn,
  isRunning,
  type StateChange,
  stateTransitions,
  type VmState,
  vmStateName,
  vmStates,
} from './states.js';
export { type InitStage, initStages, type Subsystem } from './subsystem.js';
export * as subsystemOrder from './subsystem-order.js';
export { type SubsystemName, subsystemNames } from './subsystem-order.js';
export type { UserMethods } from './user-methods.js';
export { type AtError, type AtRuntimeError, type AtState, Uvm } from './uvm.js';
export { type InterruptKind, interruptKinds, VirtualCpu } from './virtual-cpu.js';
export { type ResetCounts, Vm } from './vm.js';
