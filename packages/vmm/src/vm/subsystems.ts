import { SsmError } from '@ssmkit/runtime';
import type { EmtContext, Outcome } from '../emt/index.js';
import { hasFailed, settle } from '../emt/outcome.js';
import type { InitStage, Subsystem } from './subsystem.js';
import {
  initCompletedOrder,
  initOrder,
  memSetupOrder,
  recompilerStub,
  type SubsystemName,
  type SubsystemStep,
  subsystemNames,
  termUvmOrder,
  unwindOrder,
} from './subsystem-order.js';
import type { Vm } from './vm.js';

/** Methods that are called with the VM, an argument or none, and the context. */
type Method = Exclude<keyof Subsystem, 'name' | 'termUvm' | 'stateChanged'>;

/** The subsystems of a VM, called in their orders. */
export class Subsystems {
  readonly #byName = new Map<SubsystemName, Subsystem>();
  readonly #log: (line: string) => void;

  /** @throws SsmError VERR_INVALID_PARAMETER for a name that is none, or is there twice. */
  constructor(subsystems: readonly Subsystem[], log: (line: string) => void) {
    this.#log = log;
    for (const subsystem of subsystems) {
      const { name } = subsystem;
      if (!subsystemNames.includes(name)) throw new SsmError('VERR_INVALID_PARAMETER', `'${name}' is no subsystem`);
      if (this.#byName.has(name)) throw new SsmError('VERR_INVALID_PARAMETER', `the subsystem ${name} is there twice`);
      this.#byName.set(name, subsystem);
    }
  }

  /** The subsystem of a name, if it is plugged in. */
  get(name: SubsystemName): Subsystem | undefined {
    return this.#byName.get(name);
  }

  /** Tells the subsystems what happens. Nothing is to be done about their failures, so they are logged. */
  async tell(
    vm: Vm,
    context: EmtContext,
    order: readonly SubsystemStep<Method>[],
    argument?: number | boolean,
  ): Promise<void> {
    for (const step of order) {
      const outcome = await this.#call(vm, context, step, argument);
      if (hasFailed(outcome)) this.#log(`${step[0]}: ${step[1]} failed: ${outcome.message}`);
    }
  }

  /** Initialises all. @throws SsmError the first failure; what had been initialised has been terminated then. */
  async init(vm: Vm, context: EmtContext): Promise<void> {
    const initialised = new Set<SubsystemName>(['NEM']);
    try {
      for (const step of initOrder) {
        if ('stub' in step) {
          vm.registry.registerStub(step.stub);
          continue;
        }
        this.#require(await this.#call(vm, context, step));
        if (step[1] === 'init') initialised.add(step[0]);
      }
      await this.tell(vm, context, memSetupOrder, false);
      await this.completed(vm, context, 'RING3');
    } catch (error) {
      await this.tell(
        vm,
        context,
        unwindOrder.filter(([name]) => initialised.has(name)),
      );
      throw error;
    }
  }

  /** Tells how far the initialisation is. @throws SsmError the first failure. */
  async completed(vm: Vm, context: EmtContext, stage: InitStage): Promise<void> {
    for (const step of initCompletedOrder) {
      this.#require(await this.#call(vm, context, step, stage));
      if (stage === 'RING3' && step[0] === recompilerStub.after) vm.registry.registerStub(recompilerStub.stub);
    }
  }

  /** The part of the initialisation that would be in ring 0. @throws SsmError the first failure. */
  async initR0(vm: Vm, context: EmtContext): Promise<void> {
    this.#require(await this.#call(vm, context, ['VMM', 'initR0']));
    await this.completed(vm, context, 'RING0');
    await this.completed(vm, context, 'HM');
  }

  /** The state of the VM has changed. */
  stateChanged(vm: Vm): void {
    for (const subsystem of this.#byName.values()) subsystem.stateChanged?.(vm);
  }

  /** The last of all. */
  termUvm(): void {
    for (const [name] of termUvmOrder) {
      try {
        this.#byName.get(name)?.termUvm?.();
      } catch (thrown) {
        this.#log(`${name}: termUvm failed: ${String(thrown)}`);
      }
    }
  }

  #require(outcome: Outcome): void {
    if (hasFailed(outcome)) throw outcome;
  }

  #call(
    vm: Vm,
    context: EmtContext,
    [name, method]: SubsystemStep<Method>,
    argument?: number | boolean | InitStage,
  ): Promise<Outcome> {
    const subsystem = this.#byName.get(name);
    const call = subsystem?.[method] as
      | ((...args: unknown[]) => ReturnType<NonNullable<Subsystem['init']>>)
      | undefined;
    if (call === undefined) return Promise.resolve('VINF_SUCCESS');
    const args = argument === undefined ? [vm, context] : [vm, argument, context];
    return settle(`${name}.${method}`, () => context.run(() => call.apply(subsystem, args)));
  }
}
