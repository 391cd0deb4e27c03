import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { validateConfig } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import { destinations, type InfoStatus, requestFlags } from '../emt/index.js';
import type { SampleRegistration, SampleType } from '../stam/index.js';
import { type TimeManager, type TmTimer, timerFlags } from '../tm/index.js';
import type { ResumeReason, SuspendReason, VmState } from '../vm/index.js';
import { setAsyncNotification } from './async-notification.js';
import { nopCritSect, PdmCritSect } from './crit-sect.js';
import { PdmCritSectRw } from './crit-sect-rw.js';
import type { DeviceUnit, OwnerTimerOptions } from './device.js';
import type { OwnerHelpers } from './helpers.js';
import type { Owner } from './owner.js';
import type { Pdm } from './pdm.js';
import type { AsyncEndpoint, AsyncTemplate, CompletionCallback } from './services/async-completion.js';
import type { NetFilter } from './services/net-shaper.js';
import type { PdmQueue, QueueOptions } from './services/queue.js';
import type { PdmTask } from './services/tasks.js';
import type { PdmThread, ThreadOptions } from './services/thread.js';

/** Bytes of a timer's name that leave room for the instance, and one. */
const TIMER_NAME_END = 29;

/** Helpers that all kinds of instances have, for one of them. */
export abstract class CommonHelpers<O extends Owner> implements OwnerHelpers {
  readonly #pdm: Pdm;
  readonly #owner: O;

  constructor(pdm: Pdm, owner: O) {
    this.#pdm = pdm;
    this.#owner = owner;
  }

  get name(): string {
    return this.#owner.name;
  }

  get instance(): number {
    return this.#owner.instance;
  }

  get config() {
    return this.#owner.config;
  }

  protected get pdm(): Pdm {
    return this.#pdm;
  }

  protected get owner(): O {
    return this.#owner;
  }

  protected get tm(): TimeManager {
    const { tm } = this.#pdm.vm;
    if (tm === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'the VM has no clocks');
    return tm;
  }

  assertEmt(): boolean {
    return this.#assert(this.#owner.emtIfAny() !== undefined, 'AssertEMT');
  }

  assertOther(): boolean {
    return this.#assert(this.#owner.emtIfAny() === undefined, 'AssertOther');
  }

  vmState(): VmState {
    return this.#pdm.vm.state;
  }

  suspendReason(): SuspendReason {
    return this.#pdm.vm.suspendReason;
  }

  resumeReason(): ResumeReason {
    return this.#pdm.vm.resumeReason;
  }

  teleportedAndNotFullyResumed(): boolean {
    return this.#pdm.vm.teleportedAndNotFullyResumed;
  }

  vmSetError(status: SsmFailure, detail: string): SsmError {
    this.#owner.mustExist();
    const { uvm } = this.#pdm.vm;
    const error = new SsmError(status, detail);
    const context = this.#owner.emtIfAny();
    if (context !== undefined) context.run(() => uvm.errors.raise(error));
    // Whoever throws it does not wait until the user has been told.
    else {
      const flags = requestFlags.PRIORITY | requestFlags.NO_WAIT;
      void uvm.emts.requests.call(destinations.ANY, () => void uvm.errors.raise(error), flags).catch(() => {});
    }
    return error;
  }

  vmSetRuntimeError(flags: number, id: string, message: string): Promise<InfoStatus> {
    this.#owner.mustExist();
    const { uvm } = this.#pdm.vm;
    const raise = () => uvm.setRuntimeError(flags, id, message);
    const context = this.#owner.emtIfAny();
    return context === undefined ? raise() : context.run(raise);
  }

  virtualTime(): bigint {
    return this.tm.now('VIRTUAL');
  }

  virtualFrequency(): bigint {
    return this.tm.frequency('VIRTUAL');
  }

  validateConfig(values: string, nodes: string): void {
    validateConfig(this.config, { path: '/', values, nodes, who: this.name, instance: this.instance });
  }

  statRegister<T extends SampleType>(sample: SampleRegistration<T>): void {
    this.#owner.emt('STAMRegister');
    const { statistics } = this.#pdm.vm.uvm;
    statistics.register({ ...sample, name: this.#sampleName(sample.name) });
    this.#owner.resources.add('statistics', () => {
      // It may have deregistered it itself.
      if (statistics.find(this.#sampleName(sample.name))?.sample === sample.sample) {
        statistics.deregisterSample(sample.sample);
      }
    });
  }

  statDeregister(sample: object): void {
    this.#owner.mustExist();
    this.#pdm.vm.uvm.statistics.deregisterSample(sample);
  }

  statDeregisterByPrefix(prefix: string): void {
    this.#owner.mustExist();
    this.#pdm.vm.uvm.statistics.deregisterByPrefix(this.#sampleName(prefix));
  }

  queueCreate<T>(options: QueueOptions<T>): PdmQueue<T> {
    const context = this.#owner.emt('QueueCreate');
    const name = this.instance === 0 ? options.name : `${options.name}_${this.instance}`;
    const queue = context.run(() => this.#pdm.queues.create({ ...options, name }));
    this.#owner.resources.add('queue', () => queue.destroy());
    return queue;
  }

  async threadCreate<U = undefined>(options: ThreadOptions<U>): Promise<PdmThread<U>> {
    this.#owner.emt('ThreadCreate');
    const thread = await this.#pdm.threads.create(options);
    this.#owner.resources.add('thread', async () => {
      await thread.destroy();
    });
    return thread;
  }

  critSectInit(name: string): PdmCritSect {
    this.#owner.mustExist();
    if (name === '') throw new SsmError('VERR_INVALID_NAME', 'a critical section has a name');
    const section = new PdmCritSect(name);
    this.#owner.resources.add('critSect', () => section.destroy());
    return section;
  }

  critSectRwInit(name: string): PdmCritSectRw {
    this.#owner.mustExist();
    if (name === '') throw new SsmError('VERR_INVALID_NAME', 'a critical section has a name');
    const section = new PdmCritSectRw(name);
    this.#owner.resources.add('critSect', () => section.destroy());
    return section;
  }

  taskCreate(name: string, run: () => void | Promise<void>): PdmTask {
    this.#owner.emt('TaskCreate');
    const task = this.#pdm.tasks.create(this.instance === 0 ? name : `${name}_${this.instance}`, run);
    this.#owner.resources.add('task', () => task.destroy());
    return task;
  }

  critSectNop(): PdmCritSect {
    return nopCritSect;
  }

  infoDeregister(name: string): void {
    this.#owner.mustExist();
    this.#pdm.vm.uvm.info.deregister(this.#owner.kind, this, name);
  }

  setAsyncNotification(done: () => boolean): void {
    this.#owner.emt('SetAsyncNotification');
    setAsyncNotification(this.#owner, done);
  }

  asyncNotificationCompleted(): void {
    this.#owner.mustExist();
    this.#pdm.asyncWait.wake();
  }

  asyncTemplateCreate<U = undefined>(
    description: string,
    completed: CompletionCallback<U>,
    user?: U,
  ): AsyncTemplate<U> {
    this.#owner.emt('AsyncCompletionTemplateCreate');
    const template = this.#pdm.asyncCompletion.createTemplate(description, completed, user as U);
    this.#owner.resources.add('template', () => template.abandon());
    return template;
  }

  asyncEndpointOpen<U>(template: AsyncTemplate<U>, file: string, flags?: number): Promise<AsyncEndpoint<U>> {
    this.#owner.mustExist();
    return this.#pdm.asyncCompletion.openEndpoint(template, file, flags);
  }

  netShaperAttach(group: string, unchoked?: () => void): NetFilter {
    this.#owner.mustExist();
    const filter = this.#pdm.netShaper.attach(group, unchoked);
    this.#owner.resources.add('filter', () => filter.detach());
    return filter;
  }

  queryGenericUserObject(uuid: string): unknown {
    this.#owner.mustExist();
    return this.#pdm.userObject(uuid);
  }

  protected newTimer<S extends object, U>(self: S, options: OwnerTimerOptions<S, U>): TmTimer<S, U> {
    const { name } = options;
    const context = this.#owner.emt('TimerCreate');
    if (new TextEncoder().encode(name).length >= TIMER_NAME_END) {
      throw new SsmError('VERR_INVALID_NAME', `timer '${name}' has ${TIMER_NAME_END} bytes or more`);
    }
    const timer = context.run(() =>
      this.tm.createTimer<S, U>({
        ...options,
        name: this.instance === 0 ? name : `${name}[${this.instance}]`,
        owner: { kind: this.#owner.kind, instance: self },
        flags:
          this.#owner.kind === 'driver' ? ((options.flags ?? 0) | timerFlags.NO_RING0) >>> 0 : (options.flags ?? 0),
      }),
    );
    this.#owner.resources.addOnce('timer', () => this.tm.destroyTimersOf(this.#owner.kind, self));
    return timer;
  }

  protected registerUnit(unit: DeviceUnit, name = this.name, instance = this.instance): void {
    this.#owner.emt('SSMRegister');
    const { registry } = this.#pdm.vm;
    const { kind } = this.#owner;
    registry.register({ ...boundUnit(unit), name, instance, type: kind, owner: this, ...this.#lock() });
    this.#owner.resources.add('unit', () => {
      if (registry.find(name, instance)?.owner === this)
        registry.deregister({ type: kind, name, instance, owner: this });
    });
  }

  protected registerInfo<S>(register: (item: InfoItem<S>) => void, item: InfoItem<S>): void {
    this.#owner.mustExist();
    register(item);
    const { info } = this.#pdm.vm.uvm;
    this.#owner.resources.addOnce('info', () => info.deregister(this.#owner.kind, this));
  }

  /** Samples go below this. */
  protected abstract get samples(): string;

  #sampleName(name: string): string {
    return name.startsWith('/') ? name : `${this.samples}/${name}`;
  }

  #lock() {
    const owner = this.#owner;
    if (owner.critSect === undefined) return {};
    const { vm } = this.#pdm;
    // While the VM runs a live save shares the event loop with EMT(0); else it is on EMT(0), as all other holders are.
    const passes: object = {};
    const stack: { leave(): void }[] = [];
    return {
      lock: {
        enter: async () => {
          const section = owner.critSect!;
          const isLive = vm.state === 'RUNNING_LS' || vm.state === 'RUNNING';
          const holder = isLive ? passes : vm.uvm.emts.emts[0]!;
          await section.acquire(holder);
          stack.push({ leave: () => section.release(holder) });
        },
        leave: () => stack.pop()?.leave(),
      },
    };
  }

  #assert(holds: boolean, what: string): boolean {
    if (!holds) this.#pdm.log(`PDM: ${what} '${this.name}'/${this.instance}`);
    return holds;
  }
}

/** The callbacks of a unit with its `this`; spreading alone loses methods of its class. */
function boundUnit(unit: DeviceUnit): DeviceUnit {
  const names = [
    'livePrep',
    'liveExec',
    'liveVote',
    'savePrep',
    'saveExec',
    'saveDone',
    'loadPrep',
    'loadExec',
    'loadDone',
  ] as const;
  const { version, guess, before } = unit;
  return {
    version,
    ...(guess !== undefined && { guess }),
    ...(before !== undefined && { before }),
    ...Object.fromEntries(names.flatMap((name) => (unit[name] === undefined ? [] : [[name, unit[name].bind(unit)]]))),
  };
}
