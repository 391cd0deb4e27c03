import { SsmError } from '@ssmkit/runtime';
import { type StateChange, stateTransitions, type VmState } from './states.js';

/** What a state machine needs of the VM around it. */
export interface StateHooks {
  readonly log: (line: string) => void;
  /** Tells who wants to know, one after another; before each `goOn` says whether to. */
  readonly tell: (next: VmState, old: VmState, goOn: () => boolean) => void;
  /** All have been told. */
  readonly changed: () => void;
}

/**
 * The state of a VM: which there is, which was before, and who is told.
 *
 * A change is made and told in one go, without an await between, so that nobody sees half of one
 * (`VirtualBox 7.2 VMMR3/VM.cpp, vmR3SetStateLocked`).
 */
export class StateMachine {
  /** Whether EMTs should look at the state as soon as possible (`VM_FF_CHECK_VM_STATE`). */
  checkState = false;
  #current: VmState = 'CREATING';
  #previous: VmState = 'CREATING';
  #announcing = false;
  readonly #hooks: StateHooks;

  constructor(hooks: StateHooks) {
    this.#hooks = hooks;
  }

  get current(): VmState {
    return this.#current;
  }

  /** The state before the current one. */
  get previous(): VmState {
    return this.#previous;
  }

  /**
   * Changes the state.
   *
   * @param old what the caller takes the state to be.
   * @param check see {@link checkState}.
   * @throws SsmError VERR_VM_UNEXPECTED_VM_STATE when the state is another one, VERR_VM_INVALID_VM_STATE for a change that
   * there is not, VERR_INVALID_STATE from a listener: nothing has changed then.
   */
  set(next: VmState, old: VmState, check = false): void {
    const current = this.#current;
    if (current !== old) throw new SsmError('VERR_VM_UNEXPECTED_VM_STATE', `the VM is ${current} instead of ${old}`);
    if (!stateTransitions[old].includes(next)) {
      throw new SsmError('VERR_VM_INVALID_VM_STATE', `a VM does not go from ${old} to ${next}`);
    }
    if (this.#announcing && next !== 'DESTROYING') {
      throw new SsmError(
        'VERR_INVALID_STATE',
        `the state is not to be changed to ${next} by who is told of ${current}`,
      );
    }
    this.#previous = old;
    this.#current = next;
    this.checkState = check;
    this.#announce(next, old);
  }

  /**
   * Makes the first of several changes that starts from the current state.
   *
   * @param who for the message.
   * @returns the number of the change, from 1 up.
   * @throws SsmError VERR_VM_INVALID_VM_STATE when none does, with a message for the user.
   */
  trySet(who: string, changes: readonly StateChange[]): number {
    const current = this.#current;
    const index = changes.findIndex(([, old]) => old === current);
    const change = changes[index];
    if (change !== undefined) {
      this.set(change[0], current);
      return index + 1;
    }
    const table = changes.map(([next, old]) => `${old} -> ${next}`).join(', ');
    this.#hooks.log(`${who}: ${table} failed, because the VM state is actually ${current}!`);
    const [only] = changes;
    const detail =
      only !== undefined && changes.length === 1
        ? `${who} failed because the VM state is ${current} instead of ${only[1]}`
        : `${who} failed because the current VM state, ${current}, was not found in the state transition table (${table})`;
    throw new SsmError('VERR_VM_INVALID_VM_STATE', detail);
  }

  #announce(next: VmState, old: VmState): void {
    const { log, tell, changed } = this.#hooks;
    log(`Changing the VM state from '${old}' to '${next}'`);
    const outer = this.#announcing;
    this.#announcing = true;
    tell(next, old, () => next === 'DESTROYING' || this.#current !== 'DESTROYING');
    this.#announcing = outer;
    changed();
  }
}
