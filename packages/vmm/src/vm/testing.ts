import { MemorySink, MemorySource, type Sink, SsmError, type SsmFailure, type UnitCallbacks } from '@ssmkit/runtime';
import { ManualTimers } from '../emt/index.js';
import { deferred, failureStatus } from '../emt/testing.js';
import { createVm, type VmOptions } from './create.js';
import type { RuntimeError } from './errors.js';
import { resetFlags } from './reset-info.js';
import type { VmSaveError } from './save.js';
import type { VmState } from './states.js';
import type { Subsystem } from './subsystem.js';
import type { SubsystemName } from './subsystem-order.js';
import type { Uvm } from './uvm.js';
import type { Vm } from './vm.js';

export { deferred, failureStatus };

/** A VM in a test, and everything it has told. */
export class TestVm {
  readonly uvm: Uvm;
  readonly timers: ManualTimers;
  /** The states, the first one included. */
  readonly states: VmState[];
  readonly errors: SsmError[];
  readonly runtimeErrors: RuntimeError[] = [];
  readonly log: string[];

  private constructor(uvm: Uvm, timers: ManualTimers, states: VmState[], errors: SsmError[], log: string[]) {
    this.uvm = uvm;
    this.timers = timers;
    this.states = states;
    this.errors = errors;
    this.log = log;
    uvm.atRuntimeError.register((_, error) => this.runtimeErrors.push(error));
  }

  static async create(options: VmOptions = {}): Promise<TestVm> {
    const timers = new ManualTimers();
    const states: VmState[] = ['CREATING'];
    const errors: SsmError[] = [];
    const log: string[] = [];
    const { cpuCount = 1, onState } = options;
    const uvm = await createVm({
      configure: (root) => void root.insertInteger('NumCPUs', cpuCount),
      timers,
      log: (line) => log.push(line),
      ...options,
      onState: (who, next, old, user) => {
        states.push(next);
        onState?.(who, next, old, user);
      },
      onError: (_, error) => errors.push(error),
    });
    return new TestVm(uvm, timers, states, errors, log);
  }

  get vm(): Vm {
    return this.uvm.vm!;
  }

  /** The states since the last call, the one before the first change included. */
  takeStates(): string {
    const states = this.states.join(' ');
    this.states.splice(0, this.states.length - 1);
    return states;
  }

  /** Registers a unit. */
  unit(name: string, callbacks: UnitCallbacks): void {
    this.vm.registry.register({ name, version: 1, ...callbacks });
  }

  /** Lets everything happen that can without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await this.timers.turn();
  }

  /** Waits until something is so that needs no time of the VM to become so. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.timers.turn();
  }

  /** Destroys the VM, wherever it is, and gives back the caller's reference. */
  async end(): Promise<void> {
    const { uvm } = this;
    if (!uvm.valid) return;
    if (uvm.vm !== undefined) {
      if (uvm.state !== 'OFF') await uvm.powerOff();
      await uvm.destroy();
    }
    uvm.release();
  }
}

/** A saved state of a VM that has no units but the built-in ones. */
export async function emptyState(): Promise<Uint8Array> {
  const vm = await TestVm.create();
  const sink = new MemorySink();
  await vm.uvm.powerOn();
  await vm.uvm.suspend('USER');
  await vm.uvm.save(sink);
  await vm.end();
  return sink.bytes();
}

/** A sink that fails. */
export class FailingSink implements Sink {
  /** Whether it was closed as aborted, every time. */
  readonly closes: boolean[] = [];
  write(): void {
    throw new SsmError('VERR_IO_GEN_FAILURE', 'the disk is broken');
  }
  close(aborted: boolean): void {
    this.closes.push(aborted);
  }
}

/** A sink in memory that notes how it is closed. */
export class NotingSink extends MemorySink {
  /** Whether as aborted, every time. */
  readonly closes: boolean[] = [];
  override close(aborted: boolean): void {
    this.closes.push(aborted);
    super.close(aborted);
  }
}

/** A soft reset is asked for, of a machine whose firmware lets it be soft. */
export function requestSoftReset(vm: Vm): void {
  vm.firmware = { isHardReset: () => false };
  vm.requestReset(resetFlags.KBD);
}

/** How a live save ends. */
export interface LiveEnd {
  /** Status of the save, or what it has failed with. */
  status: string;
  suspended: boolean;
  bytes: number;
}

/** A live save that is held between its passes, until it is let go. */
export class HeldSave {
  readonly sink = new NotingSink();
  readonly end: Promise<LiveEnd>;
  readonly #held = deferred();
  readonly #reached = deferred();

  private constructor(vm: TestVm, options: { signal?: AbortSignal; teleport?: boolean }) {
    const { signal, teleport = false } = options;
    vm.unit('held', {
      liveExec: (stream) => void stream.putU32(1),
      liveVote: async (_pass, handle) => {
        this.#reached.resolve();
        await handle.interrupt.race(this.#held.promise);
      },
      saveExec: (stream) => void stream.putU32(2),
      loadExec: async (stream) => void stream.getU32(),
    });
    const { uvm } = vm;
    const operation = teleport ? uvm.teleport(this.sink, { signal }) : uvm.save(this.sink, { signal });
    const { registry } = vm.vm;
    this.end = operation
      .catch((error: VmSaveError) => ({
        status: error.status as SsmFailure,
        suspended: error.suspended,
        bytes: 0,
      }))
      .finally(() => registry.deregister({ type: 'internal', name: 'held' }));
  }

  /** Begins a live save and waits until its first pass is over. */
  static async begin(vm: TestVm, options: { signal?: AbortSignal; teleport?: boolean } = {}): Promise<HeldSave> {
    const save = new HeldSave(vm, options);
    await Promise.race([save.#reached.promise, save.end]);
    return save;
  }

  /** Lets the save go on. @returns how it ends. */
  async letGo(): Promise<LiveEnd> {
    this.#held.resolve();
    return this.end;
  }
}

/** Every subsystem, with every method; logs `NAME.method(argument)`. */
export function loggingSubsystems(
  names: readonly SubsystemName[],
  log: string[],
  fail: (call: string) => boolean = () => false,
): Subsystem[] {
  const methods: Readonly<Record<Exclude<keyof Subsystem, 'name' | 'stateChanged'>, boolean>> = {
    initConfig: false,
    init: false,
    initAfterCpum: false,
    initPaging: false,
    initFinalize: false,
    memSetup: true,
    initR0: false,
    initCompleted: true,
    relocate: true,
    powerOn: false,
    suspend: false,
    resume: false,
    powerOff: false,
    reset: false,
    softReset: true,
    resetCpu: true,
    term: false,
    termUvm: false,
  };
  return names.map((name) => {
    const calls = Object.entries(methods).map(([method, hasArgument]) => [
      method,
      (_vm: Vm, argument: unknown) => {
        const call = `${name}.${method}${hasArgument ? `(${String(argument)})` : ''}`;
        log.push(call);
        if (fail(call)) throw new SsmError('VERR_NO_DATA', `${call} was to fail`);
      },
    ]);
    return { name, ...Object.fromEntries(calls) } as Subsystem;
  });
}

export const memorySource = (bytes: Uint8Array) => new MemorySource(bytes);
