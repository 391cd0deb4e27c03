import { Registry, type SsmError } from '@ssmkit/runtime';
import type { ConfigNode } from '../cfgm/index.js';
import type { EmtContext, EmtStep } from '../emt/index.js';
import type { IoPortManager } from '../iom/index.js';
import type { RamConfig } from '../mm/index.js';
import type { Pdm } from '../pdm/index.js';
import type { GuestMemory } from '../pgm/index.js';
import type { TimeManager } from '../tm/index.js';
import type { ResumeReason, SuspendReason } from './reasons.js';
import type { Firmware } from './reset-info.js';
import type { StateMachine } from './state-machine.js';
import type { StateChange, VmState } from './states.js';
import type { Subsystems } from './subsystems.js';
import type { Uvm } from './uvm.js';
import type { VirtualCpu } from './virtual-cpu.js';

/** How often a VM was reset. */
export interface ResetCounts {
  total: number;
  hard: number;
  soft: number;
}

/** What a VM is made of. */
export interface VmParts {
  readonly uvm: Uvm;
  readonly cpus: readonly VirtualCpu[];
  readonly states: StateMachine;
  readonly subsystems: Subsystems;
}

/**
 * The machine itself: from CREATING to TERMINATED. Devices, and all else inside of the VMM, know it; users have its
 * {@link Uvm}, which outlives it.
 */
export class Vm {
  readonly uvm: Uvm;
  readonly cpus: readonly VirtualCpu[];
  readonly states: StateMachine;
  readonly subsystems: Subsystems;
  /** The units that are saved and loaded. */
  readonly registry = new Registry();
  /** Percentage of the host's time that each CPU may use, 1…100. */
  cpuExecutionCap = 100;
  /** Whether a hard reset switches the machine off. */
  powerOffInsteadOfReset = false;
  /** Whether the machine is one of two that a teleport has left, and was not resumed since. */
  teleportedAndNotFullyResumed = false;
  suspendReason: SuspendReason = 'INVALID';
  resumeReason: ResumeReason = 'INVALID';
  readonly resets: ResetCounts = { total: 0, hard: 0, soft: 0 };
  /** What EMTs look after besides rendezvous, requests and resets, the most urgent first: timers, DMA. */
  readonly steps: EmtStep[] = [];
  /** The clocks, where the subsystem TM is plugged in. */
  tm: TimeManager | undefined;
  /** How much RAM there is to be, where the subsystem MM is plugged in. */
  ramConfig: RamConfig | undefined;
  /** The guest's memory, where the subsystem PGM is plugged in. */
  pgm: GuestMemory | undefined;
  /** The I/O ports, where the subsystem IOM is plugged in. */
  iom: IoPortManager | undefined;
  /** Devices and drivers, where the subsystem PDM is plugged in. */
  pdm: Pdm | undefined;
  /** The firmware, once it is there; it has a say in how the machine is reset. */
  firmware: Firmware | undefined;
  #config: ConfigNode | undefined;
  #resetFlags: number | undefined;

  constructor({ uvm, cpus, states, subsystems }: VmParts) {
    this.uvm = uvm;
    this.cpus = cpus;
    this.states = states;
    this.subsystems = subsystems;
  }

  get state(): VmState {
    return this.states.current;
  }

  /** The configuration. `undefined` until it has been made, and when the VM is gone. */
  get config(): ConfigNode | undefined {
    return this.#config;
  }

  set config(config: ConfigNode | undefined) {
    this.#config = config;
  }

  /** Number of the CPU whose EMT begins rendezvous that change the state. */
  get lastCpu(): number {
    return this.cpus.length - 1;
  }

  /** Changes the state, on an EMT. */
  set(context: EmtContext, next: VmState, old: VmState): void {
    context.run(() => this.states.set(next, old));
  }

  /**
   * {@link StateMachine.trySet}, on an EMT.
   *
   * @throws SsmError VERR_VM_INVALID_VM_STATE, of which the user has been told.
   */
  trySet(context: EmtContext, who: string, changes: readonly StateChange[]): number {
    return context.run(() => {
      try {
        return this.states.trySet(who, changes);
      } catch (error) {
        throw this.uvm.errors.raise(error as SsmError);
      }
    });
  }

  /** Cancels what is being saved or loaded, if anything is. */
  cancelSsm(): void {
    try {
      this.registry.cancel();
    } catch {
      // There is nothing, or it is ending already.
    }
  }

  /**
   * Asks for a reset, as the keyboard controller or ACPI does: EMT(0) does it as soon as it can.
   *
   * @param flags who asks: see {@link resetFlags}.
   */
  requestReset(flags: number): void {
    this.#resetFlags = (this.#resetFlags ?? 0) | flags;
    this.uvm.emts.emts[0]?.poke();
  }

  /** Whether somebody has asked for a reset. */
  get resetRequested(): boolean {
    return this.#resetFlags !== undefined;
  }

  /** Takes the flags of those who have asked for a reset. */
  takeResetFlags(): number {
    const flags = this.#resetFlags ?? 0;
    this.#resetFlags = undefined;
    return flags;
  }
}
