import type { Vm } from './vm.js';

/**
 * The guest cannot be executed any more (`VMR3SetGuruMeditation`). A live save is cancelled.
 *
 * @returns false when the guest was not being executed: nothing has changed then.
 */
export function setGuruMeditation(vm: Vm): boolean {
  const { state } = vm;
  if (state === 'RUNNING') {
    vm.states.set('GURU_MEDITATION', state, true);
  } else if (state === 'RUNNING_LS') {
    vm.states.set('GURU_MEDITATION_LS', state, true);
    vm.cancelSsm();
  } else {
    return false;
  }
  return true;
}
