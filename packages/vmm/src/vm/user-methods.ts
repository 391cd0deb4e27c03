import { SsmError } from '@ssmkit/runtime';
import type { Uvm } from './uvm.js';

/** What the VMM calls in the program around it (`VMM2USERMETHODS`). */
export interface UserMethods {
  /** The VMM wants the state to be saved. */
  saveState?(uvm: Uvm): void | Promise<void>;
  /** An EMT begins, or ends. Called on it. */
  emtInit?(uvm: Uvm, idCpu: number): void;
  emtTerm?(uvm: Uvm, idCpu: number): void;
  /** A thread of PDM begins, or ends. */
  pdmThreadInit?(uvm: Uvm): void;
  pdmThreadTerm?(uvm: Uvm): void;
  /** The machine is switched off instead of being reset. */
  resetTurnedIntoPowerOff?(uvm: Uvm): void;
}

const names = [
  'saveState',
  'emtInit',
  'emtTerm',
  'pdmThreadInit',
  'pdmThreadTerm',
  'resetTurnedIntoPowerOff',
] as const satisfies readonly (keyof UserMethods)[];

/** @throws SsmError VERR_INVALID_POINTER for a method that is none. */
export function checkUserMethods(methods: UserMethods): void {
  for (const name of names) {
    const method: unknown = methods[name];
    if (method !== undefined && typeof method !== 'function') {
      throw new SsmError('VERR_INVALID_POINTER', `the user method ${name} is no function`);
    }
  }
}
