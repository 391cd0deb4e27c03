import { type Sink, type Source, SsmError, type SsmFailure } from '@ssmkit/runtime';
import { type InfoDestination, InfoRegistry } from '../dbgf/index.js';
import {
  destinations,
  type Emt,
  type EmtContext,
  type EmtStep,
  Emts,
  GuestExecution,
  type HostTimers,
  type InfoStatus,
} from '../emt/index.js';
import { hasFailed, settle } from '../emt/outcome.js';
import { Statistics } from '../stam/index.js';
import { CallbackList } from './callback-list.js';
import * as cpus from './cpus.js';
import { enterDebugging, leaveDebugging } from './debugging.js';
import { destroy, endOfEmt } from './destroy.js';
import { ErrorReports, type RuntimeError } from './errors.js';
import { setGuruMeditation } from './guru.js';
import { load, type VmLoadOptions } from './load.js';
import { powerOff, powerOn, resume, suspend } from './power.js';
import type { ResumeReason, SuspendReason } from './reasons.js';
import { reset, resetRequested, resetTripleFault } from './reset.js';
import { setRuntimeError } from './runtime-error.js';
import { save, teleport, type VmSaveOptions, type VmSaveResult, type VmTeleportOptions } from './save.js';
import { isRunning, type VmState } from './states.js';
import type { Subsystems } from './subsystems.js';
import type { UserMethods } from './user-methods.js';
import type { Vm } from './vm.js';

/** Told of every change of state. It must not change the state itself, save that it may begin to destroy the VM. */
export type AtState = (uvm: Uvm, next: VmState, old: VmState, user: unknown) => void;
/** Told of errors that are the user's to see. */
export type AtError = (uvm: Uvm, error: SsmError, user: unknown) => void;
/** Told of what goes wrong while the VM is running. */
export type AtRuntimeError = (uvm: Uvm, error: RuntimeError, user: unknown) => void;

/** What a UVM is made with. */
export interface UvmOptions {
  readonly cpuCount: number;
  readonly timers: HostTimers;
  readonly userMethods: UserMethods;
  readonly log: (line: string) => void;
}

/**
 * A VM from the user's side. It is there before the VM itself, and outlives it, until the last reference is released.
 *
 * All operations can be called from anywhere. From elsewhere than an EMT they are queued and waited for; on an EMT they
 * are done at once (after an await: see {@link EmtContext.run}). They return an informational status, which callbacks
 * that run on an EMT have to pass on, and throw an `SsmError` with VirtualBox's status.
 *
 * VERR_INVALID_VM_HANDLE is what all operations fail with when the VM is gone, or is about to go.
 */
export class Uvm {
  readonly cpuCount: number;
  readonly timers: HostTimers;
  readonly userMethods: UserMethods;
  readonly log: (line: string) => void;
  /** Who is told of changes of state; registered and deregistered by callback and what it was registered with. */
  readonly atState = new CallbackList<AtState>();
  readonly atError = new CallbackList<AtError>();
  readonly atRuntimeError = new CallbackList<AtRuntimeError>();
  readonly errors: ErrorReports;
  readonly emts: Emts;
  /** Info items. */
  readonly info: InfoRegistry;
  readonly statistics = new Statistics();
  name: string | undefined;
  uuid: Uint8Array | undefined;
  /** The VM; `undefined` before it is created and after it was destroyed. For the inside of the VMM. */
  vm: Vm | undefined;
  /** The subsystems; they have something to terminate after the VM, too. For the inside of the VMM. */
  subsystems: Subsystems | undefined;
  #references = 1;

  constructor({ cpuCount, timers, userMethods, log }: UvmOptions) {
    this.cpuCount = cpuCount;
    this.timers = timers;
    this.userMethods = userMethods;
    this.log = log;
    this.errors = new ErrorReports({
      log,
      tellError: (error) =>
        this.atError.callAll((listener, user) => listener(this, error, user), failedCallback('at-error', log)),
      tellRuntimeError: (error) =>
        this.atRuntimeError.callAll(
          (listener, user) => listener(this, error, user),
          failedCallback('at-runtime-error', log),
        ),
    });
    this.info = new InfoRegistry({
      vm: () => this.vm,
      runOn: async (destination, call) => {
        await this.emts.requests.callVoidWait(requestDestination(destination), call);
      },
    });
    this.emts = new Emts({
      cpuCount,
      timers,
      guest: new GuestExecution({
        timers,
        runningCpu: (emt) => this.#runningCpu(emt),
        executionCap: () => this.vm?.cpuExecutionCap ?? 100,
        onFailure: (_context, failure) => {
          log(`Guru meditation: ${failure.message}`);
          if (this.vm !== undefined) setGuruMeditation(this.vm);
        },
      }),
      servesShared: (emt) => emt.id === 0 || this.vm !== undefined,
      steps: [
        {
          name: 'reset',
          pending: (emt) => emt.id === 0 && this.vm?.resetRequested === true,
          serve: (emt) => emt.perform('a reset', () => this.vm && resetRequested(this.vm)),
        },
        {
          name: 'subsystems',
          pending: (emt) => this.#stepOf(emt) !== undefined,
          serve: async (emt) => (await this.#stepOf(emt)?.serve(emt)) ?? 'VINF_SUCCESS',
        },
      ],
      onInit: (emt) => this.notify('emtInit', emt.id),
      onTerm: async (emt) => {
        await endOfEmt(this, emt);
        this.notify('emtTerm', emt.id);
      },
    });
  }

  // References

  /** @returns the new count. @throws SsmError VERR_INVALID_VM_HANDLE when there is none left. */
  retain(): number {
    this.#requireReference();
    return ++this.#references;
  }

  /** Gives a reference back. @returns the new count. @throws SsmError VERR_INVALID_VM_HANDLE when there was none left. */
  release(): number {
    this.#requireReference();
    if (--this.#references === 0) this.name = undefined;
    return this.#references;
  }

  /** Whether the handle may be used. */
  get valid(): boolean {
    return this.#references > 0;
  }

  // Queries

  /** The state of the VM; TERMINATED when there is none. */
  get state(): VmState {
    return (this.valid && this.vm?.state) || 'TERMINATED';
  }

  get errorCount(): number {
    return this.valid ? this.errors.errorCount : 0;
  }

  get runtimeErrorCount(): number {
    return this.valid ? this.errors.runtimeErrorCount : 0;
  }

  get suspendReason(): SuspendReason {
    return (this.valid && this.vm?.suspendReason) || 'INVALID';
  }

  get resumeReason(): ResumeReason {
    return (this.valid && this.vm?.resumeReason) || 'INVALID';
  }

  /** Whether the machine is one of two that a teleport has left, and was not resumed since. */
  get teleportedAndNotFullyResumed(): boolean {
    return this.vm?.teleportedAndNotFullyResumed === true;
  }

  /** Number of the virtual CPU on whose EMT the caller is; `undefined` elsewhere. */
  get cpuId(): number | undefined {
    return this.emts.here?.idCpu;
  }

  // Life

  /** CREATED → RUNNING. */
  powerOn(): Promise<InfoStatus> {
    return powerOn(this);
  }

  /**
   * RUNNING → SUSPENDED.
   *
   * @returns VINF_EM_SUSPEND.
   * @throws SsmError VERR_VM_INVALID_VM_STATE, VERR_INVALID_PARAMETER for a reason that is none.
   */
  suspend(reason: SuspendReason): Promise<InfoStatus> {
    return suspend(this, reason);
  }

  /** SUSPENDED → RUNNING. @returns VINF_EM_RESUME. @throws SsmError like {@link suspend}. */
  resume(reason: ResumeReason): Promise<InfoStatus> {
    return resume(this, reason);
  }

  /** A hard reset. Where `powerOffInsteadOfReset` says so, the machine is switched off. */
  reset(): Promise<InfoStatus> {
    return reset(this);
  }

  /** A CPU has met a triple fault. On an EMT only. */
  resetTripleFault(): Promise<InfoStatus> {
    return resetTripleFault(this);
  }

  /** → OFF. What is being saved live is cancelled. @returns VINF_EM_OFF. @throws SsmError VERR_VM_INVALID_VM_STATE. */
  powerOff(): Promise<InfoStatus> {
    return powerOff(this);
  }

  /**
   * OFF → TERMINATED. The caller keeps its reference.
   *
   * @throws SsmError VERR_VM_THREAD_IS_EMT on an EMT, VERR_VM_INVALID_VM_STATE unless the VM is off.
   */
  destroy(): Promise<void> {
    return destroy(this);
  }

  /** See {@link save}. */
  save(sink: Sink, options?: VmSaveOptions): Promise<VmSaveResult> {
    return save(this, sink, options);
  }

  /** See {@link teleport}. */
  teleport(sink: Sink, options?: VmTeleportOptions): Promise<VmSaveResult> {
    return teleport(this, sink, options);
  }

  /** See {@link load}. */
  load(source: Source, options?: VmLoadOptions): Promise<void> {
    return load(this, source, options);
  }

  /** Cancels what is being saved or loaded. @throws SsmError VERR_SSM_NO_PENDING_OPERATION, VERR_SSM_ALREADY_CANCELLED. */
  cancelSsm(): void {
    requireVm(this).registry.cancel();
  }

  /** The debugger stops the guest: RUNNING or GURU_MEDITATION → DEBUGGING. */
  enterDebugging(): Promise<InfoStatus> {
    return enterDebugging(this);
  }

  /** The debugger lets the guest go on: DEBUGGING → RUNNING. */
  leaveDebugging(): Promise<InfoStatus> {
    return leaveDebugging(this);
  }

  // Errors

  /**
   * Tells the user of an error (`VMSetError`). The state does not change.
   *
   * @returns the error, to be thrown.
   */
  async setError(status: SsmFailure, detail: string): Promise<SsmError> {
    this.#requireReference();
    const error = new SsmError(status, detail);
    await this.emts.requests.priorityCallWait(destinations.ANY, () => {
      this.errors.raise(error);
    });
    return error;
  }

  /** See {@link setRuntimeError}. */
  setRuntimeError(flags: number, id: string, message: string): Promise<InfoStatus> {
    return setRuntimeError(this, { flags, id, message });
  }

  /** The guest cannot be executed any more. @returns false when it was not being executed. */
  setGuruMeditation(): boolean {
    return setGuruMeditation(requireVm(this));
  }

  // CPUs

  /** @throws SsmError VERR_INVALID_PARAMETER for less than 1 % or more than 100 %. */
  setCpuExecutionCap(percent: number): void {
    cpus.setCpuExecutionCap(this, percent);
  }

  setPowerOffInsteadOfReset(powerOffInsteadOfReset: boolean): void {
    requireVm(this).powerOffInsteadOfReset = powerOffInsteadOfReset;
  }

  /** @throws SsmError VERR_INVALID_CPU_ID. */
  hotPlugCpu(idCpu: number): void {
    cpus.hotPlugCpu(this, idCpu);
  }

  /** @throws SsmError VERR_INVALID_CPU_ID. */
  hotUnplugCpu(idCpu: number): Promise<InfoStatus> {
    return cpus.hotUnplugCpu(this, idCpu);
  }

  /** Where a CPU is in the guest's topology. @throws SsmError VERR_INVALID_CPU_ID. */
  topologyOf(idCpu: number): { readonly core: number; readonly package: number } {
    return cpus.topologyOf(this, idCpu);
  }

  // For the inside of the VMM

  /** Calls a user method, if there is one. What it throws is logged. */
  notify(method: 'emtInit' | 'emtTerm', idCpu: number): void;
  notify(method: 'pdmThreadInit' | 'pdmThreadTerm' | 'resetTurnedIntoPowerOff'): void;
  notify(
    method: 'emtInit' | 'emtTerm' | 'pdmThreadInit' | 'pdmThreadTerm' | 'resetTurnedIntoPowerOff',
    idCpu = 0,
  ): void {
    try {
      this.userMethods[method]?.(this, idCpu);
    } catch (thrown) {
      failedCallback(method, this.log)(thrown);
    }
  }

  /** Writes what an info item says to the log; nothing where there is no such item. */
  async logInfo(context: EmtContext, name: string, args = ''): Promise<void> {
    let text = '';
    const outcome = await settle(`info item ${name}`, async () => {
      text = await context.run(() => this.info.text(name, { args }));
    });
    if (hasFailed(outcome) && outcome.status !== 'VERR_FILE_NOT_FOUND') this.log(outcome.message);
    for (const line of text === '' ? [] : text.trimEnd().split('\n')) this.log(line);
  }

  #runningCpu(emt: Emt) {
    const { vm } = this;
    if (vm === undefined || !isRunning(vm.state)) return undefined;
    const cpu = vm.cpus[emt.id];
    return cpu?.state === 'STARTED' ? cpu : undefined;
  }

  #stepOf(emt: Emt): EmtStep | undefined {
    return this.vm?.steps.find((step) => step.pending(emt));
  }

  #requireReference(): void {
    if (!this.valid) throw invalidHandle();
  }
}

/** The VM of a UVM. @throws SsmError VERR_INVALID_VM_HANDLE when there is none, or it is about to go. */
export function requireVm(uvm: Uvm): Vm {
  const { vm } = uvm;
  if (!uvm.valid || vm === undefined) throw invalidHandle();
  const { state } = vm;
  if (state === 'TERMINATED' || (state === 'DESTROYING' && uvm.emts.here === undefined)) throw invalidHandle();
  return vm;
}

const invalidHandle = () => new SsmError('VERR_INVALID_VM_HANDLE', 'there is no VM, or none any more');

const failedCallback = (what: string, log: (line: string) => void) => (thrown: unknown) =>
  log(`The callback ${what} failed: ${String(thrown)}`);

function requestDestination(destination: InfoDestination): number {
  if (typeof destination === 'number') return destination;
  return destination === 'all' ? destinations.ALL : destinations.ANY;
}
