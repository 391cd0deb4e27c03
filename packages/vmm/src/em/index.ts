/*
 * EM and VMM: which CPUs run, and what they did
 *
 * What the EMTs know of their CPUs is all that a saved state needs besides the registers: the unit `vmm` says which CPUs
 * have been started, and `em` which of them wait for an interrupt. Executing itself is the business of the executor; what
 * a trap that was under way would be (`trpm`) an interpreter that is left between two steps never has.
 */
export { em, vmm } from './subsystems.js';
