import type { InfoStatus } from '../emt/index.js';
import { changeState } from './change-state.js';
import { requireVm, type Uvm } from './uvm.js';

/*
 * The debugger's states
 *
 * VirtualBox's table of transitions has the ways into DEBUGGING and out of it, but its VM.cpp never goes them: they are the
 * debugger facility's. Which EMTs take part there is not known; here all do, as in every other change.
 */

export async function enterDebugging(uvm: Uvm): Promise<InfoStatus> {
  return changeState(requireVm(uvm), {
    who: 'DBGFR3Halt',
    changes: [
      ['DEBUGGING', 'RUNNING'],
      ['DEBUGGING', 'GURU_MEDITATION'],
      ['DEBUGGING_LS', 'RUNNING_LS'],
      ['DEBUGGING_LS', 'GURU_MEDITATION_LS'],
    ],
    status: 'VINF_SUCCESS',
  });
}

export async function leaveDebugging(uvm: Uvm): Promise<InfoStatus> {
  return changeState(requireVm(uvm), {
    who: 'DBGFR3Resume',
    changes: [
      ['RUNNING', 'DEBUGGING'],
      ['RUNNING_LS', 'DEBUGGING_LS'],
    ],
    status: 'VINF_EM_RESCHEDULE',
  });
}
