/**
 * The states of a VM and their numbers (`VMSTATE`). Number 7, RUNNING_FT, belonged to fault tolerance, which is no more; it
 * stays reserved.
 *
 * `_LS`: a live save is under way. `_EXT_LS`: and somebody else than the save has suspended the VM.
 */
export const vmStates = {
  CREATING: 0,
  CREATED: 1,
  LOADING: 2,
  POWERING_ON: 3,
  RESUMING: 4,
  RUNNING: 5,
  RUNNING_LS: 6,
  RESETTING: 8,
  RESETTING_LS: 9,
  SOFT_RESETTING: 10,
  SOFT_RESETTING_LS: 11,
  SUSPENDING: 12,
  SUSPENDING_LS: 13,
  SUSPENDING_EXT_LS: 14,
  SUSPENDED: 15,
  SUSPENDED_LS: 16,
  SUSPENDED_EXT_LS: 17,
  SAVING: 18,
  DEBUGGING: 19,
  DEBUGGING_LS: 20,
  POWERING_OFF: 21,
  POWERING_OFF_LS: 22,
  OFF: 23,
  OFF_LS: 24,
  FATAL_ERROR: 25,
  FATAL_ERROR_LS: 26,
  GURU_MEDITATION: 27,
  GURU_MEDITATION_LS: 28,
  LOAD_FAILURE: 29,
  DESTROYING: 30,
  TERMINATED: 31,
} as const;

export type VmState = keyof typeof vmStates;

/** A change of state, the new one first, as those who ask for one of several list them. */
export type StateChange = readonly [next: VmState, old: VmState];

/**
 * All changes of state that there are (`VirtualBox 7.2 VMMR3/VM.cpp, vmR3ValidateStateTransition`).
 *
 * VirtualBox's own table leaves out that a VM that was reset while it was suspended is suspended again; its reset does
 * so nevertheless.
 */
export const stateTransitions: Readonly<Record<VmState, readonly VmState[]>> = {
  CREATING: ['CREATED'],
  CREATED: ['LOADING', 'POWERING_ON', 'POWERING_OFF'],
  LOADING: ['SUSPENDED', 'LOAD_FAILURE'],
  POWERING_ON: ['RUNNING'],
  RESUMING: ['RUNNING'],
  RUNNING: [
    'POWERING_OFF',
    'SUSPENDING',
    'RESETTING',
    'SOFT_RESETTING',
    'RUNNING_LS',
    'DEBUGGING',
    'FATAL_ERROR',
    'GURU_MEDITATION',
  ],
  RUNNING_LS: [
    'POWERING_OFF_LS',
    'SUSPENDING_LS',
    'SUSPENDING_EXT_LS',
    'RESETTING_LS',
    'SOFT_RESETTING_LS',
    'RUNNING',
    'DEBUGGING_LS',
    'FATAL_ERROR_LS',
    'GURU_MEDITATION_LS',
  ],
  RESETTING: ['RUNNING', 'SUSPENDED'],
  SOFT_RESETTING: ['RUNNING', 'SUSPENDED'],
  RESETTING_LS: ['SUSPENDING_LS'],
  SOFT_RESETTING_LS: ['RUNNING_LS'],
  SUSPENDING: ['SUSPENDED'],
  SUSPENDING_LS: ['SUSPENDING', 'SUSPENDED_LS'],
  SUSPENDING_EXT_LS: ['SUSPENDING', 'SUSPENDED_EXT_LS'],
  SUSPENDED: ['POWERING_OFF', 'SAVING', 'RESETTING', 'SOFT_RESETTING', 'RESUMING', 'LOADING'],
  SUSPENDED_LS: ['SUSPENDED', 'SAVING'],
  SUSPENDED_EXT_LS: ['SUSPENDED', 'SAVING'],
  SAVING: ['SUSPENDED'],
  DEBUGGING: ['RUNNING', 'POWERING_OFF'],
  DEBUGGING_LS: ['DEBUGGING', 'RUNNING_LS', 'POWERING_OFF_LS'],
  POWERING_OFF: ['OFF'],
  POWERING_OFF_LS: ['POWERING_OFF', 'OFF_LS'],
  OFF: ['DESTROYING'],
  OFF_LS: ['OFF'],
  FATAL_ERROR: ['POWERING_OFF'],
  FATAL_ERROR_LS: ['FATAL_ERROR', 'POWERING_OFF_LS'],
  GURU_MEDITATION: ['DEBUGGING', 'POWERING_OFF'],
  GURU_MEDITATION_LS: ['GURU_MEDITATION', 'DEBUGGING_LS', 'POWERING_OFF_LS'],
  LOAD_FAILURE: ['POWERING_OFF'],
  DESTROYING: ['TERMINATED'],
  TERMINATED: [],
};

const names = new Map<number, VmState>(
  (Object.keys(vmStates) as VmState[]).map((name) => [vmStates[name], name] as const),
);

/** The name of a state's number; of others, 7 among them, VirtualBox's text for those, with its newline. */
export function vmStateName(value: number): VmState | 'Unknown!\n' {
  return names.get(value) ?? 'Unknown!\n';
}

/** Whether the guest is executed. */
export function isRunning(state: VmState): boolean {
  return state === 'RUNNING' || state === 'RUNNING_LS';
}

/** Whether the machine is switched on, though it may be suspended: RESUMING … DEBUGGING_LS (`VMSTATE_IS_POWERED_ON`). */
export function isPoweredOn(state: VmState): boolean {
  return vmStates[state] >= vmStates.RESUMING && vmStates[state] < vmStates.POWERING_OFF;
}
