import type { Answer, EmtContext } from '../emt/index.js';
import type { SubsystemName } from './subsystem-order.js';
import type { Vm } from './vm.js';

/** How far the initialisation is (`VMINITCOMPLETED`). */
export const initStages = { RING3: 1, RING0: 2, HM: 3 } as const;

export type InitStage = keyof typeof initStages;

type Result = Answer | Promise<Answer>;

/**
 * A part of the VMM, such as PDM or TM. All methods are called on EMT(0), each subsystem in its place in the orders of
 * `subsystem-order.ts`; a subsystem has those that mean something to it.
 *
 * The creation of the VM fails with whatever `init…` fails with. The other methods tell of what happens anyway; what
 * they fail with is logged.
 */
export interface Subsystem {
  readonly name: SubsystemName;
  /** NEM: its configuration, before all others. */
  initConfig?(vm: Vm, context: EmtContext): Result;
  init?(vm: Vm, context: EmtContext): Result;
  /** NEM, once the CPUs are there. */
  initAfterCpum?(vm: Vm, context: EmtContext): Result;
  /** MM, once PGM is there. */
  initPaging?(vm: Vm, context: EmtContext): Result;
  /** PGM and TM, once all devices are there. */
  initFinalize?(vm: Vm, context: EmtContext): Result;
  /** PGM and PDM: the memory is to be set up for the guest, after the initialisation and after every hard reset. */
  memSetup?(vm: Vm, atReset: boolean, context: EmtContext): Result;
  /** VMM: what would be in ring 0. */
  initR0?(vm: Vm, context: EmtContext): Result;
  initCompleted?(vm: Vm, stage: InitStage, context: EmtContext): Result;
  /** After the initialisation and after every load; `delta` is 0. */
  relocate?(vm: Vm, delta: number, context: EmtContext): Result;
  powerOn?(vm: Vm, context: EmtContext): Result;
  suspend?(vm: Vm, context: EmtContext): Result;
  resume?(vm: Vm, context: EmtContext): Result;
  powerOff?(vm: Vm, context: EmtContext): Result;
  /** A hard reset; of a soft reset, too, for all but PDM. */
  reset?(vm: Vm, context: EmtContext): Result;
  /** PDM: a soft reset. @param flags who has asked for it: see {@link resetFlags}. */
  softReset?(vm: Vm, flags: number, context: EmtContext): Result;
  /** The state of the VM has changed, and everybody has been told. In no particular order, and not to be awaited. */
  stateChanged?(vm: Vm): void;
  /** A CPU is unplugged. Called on its EMT. */
  resetCpu?(vm: Vm, idCpu: number, context: EmtContext): Result;
  /** The VM is destroyed, or its creation has failed after `init` had succeeded. */
  term?(vm: Vm, context: EmtContext): Result;
  /** The last of all: the VM is no more (PDM, STAM and MM have such parts). */
  termUvm?(): void;
}
