import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { ConfigNode, defaultConfigTree, dumpConfigToLog, readBaseConfig, registerConfigInfo } from '../cfgm/index.js';
import {
  type Answer,
  destinations,
  type EmtContext,
  type Executor,
  type HostTimers,
  systemTimers,
} from '../emt/index.js';
import { failureOf, hasFailed, settle } from '../emt/outcome.js';
import { createErrorTexts } from './create-errors.js';
import { destroyUvm, terminate, unlink } from './destroy.js';
import { registerRequestSamples } from './request-samples.js';
import { StateMachine } from './state-machine.js';
import type { Subsystem } from './subsystem.js';
import { relocateOrder } from './subsystem-order.js';
import { Subsystems } from './subsystems.js';
import { checkUserMethods, type UserMethods } from './user-methods.js';
import { type AtError, type AtState, Uvm } from './uvm.js';
import { VirtualCpu } from './virtual-cpu.js';
import { Vm } from './vm.js';

/** What a VM is created with. */
export interface VmOptions {
  /** 1…64; default 1. Must be what the configuration says. */
  cpuCount?: number;
  /** Builds the configuration. Called on EMT(0). Without it there is a default one. */
  configure?: (root: ConfigNode, uvm: Uvm) => Answer | Promise<Answer>;
  /** The parts of the VMM that the VM is to have. */
  subsystems?: readonly Subsystem[];
  /** Makes what executes the guest on a CPU, unless a subsystem does; without one nothing does. */
  executor?: (idCpu: number, vm: Vm) => Executor | undefined;
  /** Told of errors, those of the creation included. */
  onError?: AtError;
  /** Told of the states, CREATED first. */
  onState?: AtState;
  userMethods?: UserMethods;
  /** Default: those of the host. */
  timers?: HostTimers;
  /** Takes the lines of the release log. Default: nobody does. */
  log?: (line: string) => void;
}

const CPU_COUNT_MAX = 64;
/** Milliseconds that a creation which has failed waits for its EMTs to end. */
const FAILURE_WAIT = 2000;

/**
 * Creates a VM (`VMR3Create`).
 *
 * @returns a reference, which is the caller's to release.
 * @throws SsmError VERR_TOO_MANY_CPUS, VERR_INVALID_POINTER for what should be a function, VERR_INVALID_PARAMETER for
 * subsystems that are none; what a subsystem or the configuration has failed with. From then on there has been a VM error,
 * and nothing is left.
 */
export async function createVm(options: VmOptions = {}): Promise<Uvm> {
  const { cpuCount = 1, userMethods = {}, timers = systemTimers, log = () => {} } = options;
  checkUserMethods(userMethods);
  for (const name of ['onError', 'onState', 'configure', 'executor', 'log'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw new SsmError('VERR_INVALID_POINTER', `${name} is no function`);
    }
  }
  if (!(Number.isInteger(cpuCount) && cpuCount >= 1 && cpuCount <= CPU_COUNT_MAX)) {
    throw new SsmError('VERR_TOO_MANY_CPUS', `a VM has 1 to ${CPU_COUNT_MAX} CPUs, not ${cpuCount}`);
  }
  const subsystems = new Subsystems(options.subsystems ?? [], log);
  const uvm = new Uvm({ cpuCount, timers, userMethods, log });
  uvm.subsystems = subsystems;
  if (options.onError !== undefined) uvm.atError.register(options.onError);
  if (options.onState !== undefined) uvm.atState.register(options.onState);
  try {
    await uvm.emts.requests.callWait(destinations.ANY, (context) => createOnEmt(uvm, context, options));
  } catch (error) {
    const failure = failureOf('the creation of the VM', error);
    await reportFailure(uvm, failure);
    await destroyUvm(uvm, FAILURE_WAIT);
    throw failure;
  }
  uvm.retain();
  return uvm;
}

/** `vmR3CreateU`, on EMT(0). */
async function createOnEmt(uvm: Uvm, context: EmtContext, options: VmOptions): Promise<void> {
  const { log, subsystems } = uvm;
  if (subsystems === undefined) throw new SsmError('VERR_WRONG_ORDER', 'the UVM has no subsystems');
  const states = new StateMachine({
    log,
    tell: (next, old, goOn) =>
      uvm.atState.callAll(
        (listener, user) => listener(uvm, next, old, user),
        (thrown) => log(`The callback at-state failed: ${String(thrown)}`),
        goOn,
      ),
    changed: () => {
      if (uvm.vm !== undefined) subsystems.stateChanged(uvm.vm);
      uvm.emts.pokeAll();
    },
  });
  const cpus = uvm.emts.emts.map((emt) => new VirtualCpu(emt.id, emt));
  const vm = new Vm({ uvm, cpus, states, subsystems });
  uvm.vm = vm;
  try {
    await configure(vm, context, options);
    registerRequestSamples(uvm.statistics, uvm.emts.requests.statistics);
    await subsystems.init(vm, context);
    try {
      await subsystems.initR0(vm, context);
      await subsystems.tell(vm, context, relocateOrder, 0);
      if (options.executor !== undefined) for (const cpu of cpus) cpu.executor = options.executor(cpu.id, vm);
    } catch (error) {
      await terminate(vm, context);
      throw error;
    }
    vm.set(context, 'CREATED', 'CREATING');
  } catch (error) {
    unlink(uvm);
    throw error;
  }
}

/** The configuration, and what the VM itself reads of it. */
async function configure(vm: Vm, context: EmtContext, options: VmOptions): Promise<void> {
  const { uvm } = vm;
  const treeOptions = { onError: (error: SsmError) => void uvm.errors.raise(error) };
  const build = options.configure;
  const config = build === undefined ? defaultConfigTree(treeOptions) : ConfigNode.createTree(treeOptions);
  vm.config = config;
  if (build !== undefined) {
    const outcome = await settle('the constructor of the configuration', () => context.run(() => build(config, uvm)));
    if (hasFailed(outcome)) throw outcome;
  }
  for (const line of dumpConfigToLog(config).split('\n')) if (line !== '') uvm.log(line);
  registerConfigInfo(uvm.info, () => vm.config ?? ConfigNode.createTree());
  const base = readBaseConfig(config, uvm.cpuCount);
  vm.cpuExecutionCap = base.cpuExecutionCap;
  vm.powerOffInsteadOfReset = base.powerOffInsteadOfReset;
  uvm.name = base.name;
  uvm.uuid = base.uuid;
}

/** Tells the user why there is no VM, unless somebody who knows better has. */
async function reportFailure(uvm: Uvm, failure: SsmError): Promise<void> {
  const text = (createErrorTexts as Partial<Record<SsmFailure, string>>)[failure.status];
  if (text === undefined && uvm.errors.errorCount > 0) return;
  await uvm.setError(failure.status, text ?? `The VM could not be created: ${failure.detail}`);
}
