import { SsmError } from '@ssmkit/runtime';
import { Tm } from '@ssmkit/vbox';
import type { MaybeNode } from '../cfgm/index.js';
import type { HostClock } from '../emt/host-clock.js';
import { type ClockName, clocks, later, type TimerClock, timerClocks } from './clocks.js';
import { checkWarp, readTmSettings, type TmSettings } from './config.js';
import { CpuTicks, cpuTicksOf } from './cpu-ticks.js';
import { createTimer, type TimerOptions, type TimerRules } from './create-timer.js';
import type { AnyTimer, TimerOwnerKind, TmTimer } from './timer.js';
import { TimerQueue } from './timer-queue.js';
import { VirtualClock } from './virtual-clock.js';
import { VirtualSyncClock } from './virtual-sync-clock.js';

/** What time is made of. */
export interface TimeManagerOptions {
  /** What all clocks follow. */
  readonly host: HostClock;
  /** Nanoseconds since 1970 in UTC, of the host. */
  readonly utc: HostClock;
  /** `/TM` of the VM's configuration. */
  readonly config?: MaybeNode;
  /** Virtual CPUs; default 1. */
  readonly cpuCount?: number;
  /** Frequency of the TSCs where the configuration says none, in Hz; default a tick per nanosecond. */
  readonly hostTscFrequency?: bigint;
  /** What the VM says of creating timers; by default all may be created. */
  readonly rules?: TimerRules;
  readonly log?: (line: string) => void;
}

/** The clocks and timers of a VM. */
export class TimeManager {
  readonly settings: TmSettings;
  readonly virtual: VirtualClock;
  readonly virtualSync: VirtualSyncClock;
  readonly cpus: readonly CpuTicks[];
  readonly #host: HostClock;
  readonly #utc: HostClock;
  readonly #rules: TimerRules;
  readonly #log: (line: string) => void;
  readonly #queues: Readonly<Record<TimerClock, TimerQueue>>;
  readonly #listeners = new Set<() => void>();
  #tscFrequency: bigint;
  /** The host's time while timers are delivered: it stands still for them. */
  #runTime: bigint | undefined;
  #lastRun = 0n;

  /** @throws SsmError VERR_INVALID_PARAMETER for a configuration that makes no sense, and as `validateConfig` and `query`. */
  constructor(options: TimeManagerOptions) {
    const { host, utc, config, cpuCount = 1, hostTscFrequency = 1_000_000_000n, rules = {}, log = () => {} } = options;
    this.settings = readTmSettings(config);
    this.#host = { now: () => this.#runTime ?? host.now() };
    this.#utc = utc;
    this.#rules = rules;
    this.#log = log;
    this.#tscFrequency = this.settings.tscFrequency ?? hostTscFrequency;
    this.virtual = new VirtualClock(this.#host, this.settings.warpPercentage);
    const firstExpire = () => this.#queues.VIRTUAL_SYNC.firstExpire;
    this.virtualSync = new VirtualSyncClock(this.virtual, this.settings.catchUp, firstExpire);
    const changed = () => this.#changed();
    const changing = () => this.virtualSync.mark();
    this.#queues = {
      VIRTUAL_SYNC: new TimerQueue('VIRTUAL_SYNC', () => this.virtualSync.read(), changed, changing),
      VIRTUAL: new TimerQueue('VIRTUAL', () => this.virtual.read(), changed),
      REAL: new TimerQueue('REAL', () => this.#realNow(), changed),
    };
    const source = () => cpuTicksOf(this.virtualSync.read(), this.#tscFrequency);
    this.cpus = Array.from({ length: cpuCount }, (_, idCpu) => new CpuTicks(idCpu, source));
  }

  /** The CPU on whose EMT timers are delivered: the one that every machine has. */
  readonly timerCpu = 0;

  /** Frequency of the TSCs, in Hz. */
  get tscFrequency(): bigint {
    return this.#tscFrequency;
  }

  /** Current time of a clock in its ticks. @param idCpu of the TSC. */
  now(clock: ClockName, idCpu = 0): bigint {
    return clock === 'TSC' ? this.#cpu(idCpu).read() : this.#queues[clock].now;
  }

  /** Ticks of a clock a second. */
  frequency(clock: ClockName): bigint {
    return clocks[clock].frequency ?? this.#tscFrequency;
  }

  /** Whether a clock ticks right now. */
  ticking(clock: ClockName, idCpu = 0): boolean {
    switch (clock) {
      case 'REAL':
        return true;
      case 'VIRTUAL':
        return this.virtual.ticking;
      case 'VIRTUAL_SYNC':
        return this.virtualSync.ticking;
      case 'TSC':
        return this.#cpu(idCpu).ticking;
    }
  }

  /**
   * The guest's idea of UTC, in nanoseconds since 1970: that of the host as it was when the guest's clocks were right,
   * with the configured offset. The log line `TMR3UtcNow` of
   * VirtualBox has the same terms.
   */
  utcNow(): bigint {
    return this.#utc.now() - this.virtualSync.lag + this.settings.utcOffset;
  }

  /** A CPU begins to run: its TSC ticks, and with the first one virtual time. @throws SsmError VERR_TM_TSC_ALREADY_TICKING. */
  resumeCpu(idCpu: number): void {
    this.#cpu(idCpu).resume();
    if (!this.virtual.ticking) this.virtual.resume();
    this.#changed();
  }

  /** A CPU stops running: its TSC stands still, and with the last one virtual time. @throws SsmError VERR_TM_TSC_ALREADY_PAUSED. */
  pauseCpu(idCpu: number): void {
    this.#cpu(idCpu).pause();
    if (!this.cpus.some(({ ticking }) => ticking)) {
      this.virtualSync.mark();
      this.virtual.pause();
    }
    this.#changed();
  }

  /** The VM runs: all CPUs do. */
  resume(): void {
    for (const [idCpu, { ticking }] of this.cpus.entries()) if (!ticking) this.resumeCpu(idCpu);
  }

  /** The VM is suspended: all CPUs are. */
  pause(): void {
    for (const [idCpu, { ticking }] of this.cpus.entries()) if (ticking) this.pauseCpu(idCpu);
  }

  /** Sets the speed of virtual time, in percent of the host's. @throws SsmError VERR_INVALID_PARAMETER outside of 1…10000. */
  setWarpDrive(percentage: number): void {
    if (!Number.isInteger(percentage)) throw new SsmError('VERR_INVALID_PARAMETER', `${percentage} % is no integer`);
    this.virtual.warp = checkWarp(BigInt(percentage));
    this.#changed();
  }

  /** The VM is reset: a lag is no longer the guest's. Timers are their owners' business. */
  reset(): void {
    const { lag } = this.virtualSync;
    if (lag > 0n) {
      this.virtualSync.giveUp();
      this.#log(`TM: the guest was ${lag} ns behind when it was reset; that is forgotten`);
    }
    this.#changed();
  }

  /**
   * Creates a timer; it is stopped.
   *
   * @throws SsmError VERR_VM_THREAD_NOT_EMT; VERR_INVALID_NAME for less than 3 or more than 31 bytes of UTF-8;
   * VERR_INVALID_PARAMETER for a clock there is not, VERR_NOT_SUPPORTED for the TSC; VERR_INVALID_FLAGS; VERR_WRONG_ORDER
   * for a timer of the virtual-sync clock once the VM has been created; VERR_TM_TOO_MANY_TIMERS.
   */
  createTimer<O = undefined, U = undefined>(options: TimerOptions<O, U>): TmTimer<O, U> {
    return createTimer(this.#queues, this.#rules, options);
  }

  /** All timers: in the order of the queues, in each in that of their creation. */
  get timers(): readonly AnyTimer[] {
    return timerClocks.flatMap((clock) => this.#queues[clock].timers);
  }

  /** Those that are armed: in the order of the queues, in each in that of their times. */
  get activeTimers(): readonly AnyTimer[] {
    return timerClocks.flatMap((clock) => this.#queues[clock].armed);
  }

  /** Destroys all timers of a device, driver or USB device. @throws SsmError VERR_INVALID_PARAMETER without an owner. */
  destroyTimersOf(ownerKind: Exclude<TimerOwnerKind, 'internal'>, owner: object): void {
    if (owner === undefined || owner === null) {
      throw new SsmError('VERR_INVALID_PARAMETER', `which ${ownerKind}'s timers are to be destroyed?`);
    }
    for (const timer of this.timers) if (timer.ownerKind === ownerKind && timer.owner === owner) timer.destroy();
  }

  /** The greatest frequency hint of a clock's armed timers, or of all, in Hz and at most that of `HostHzMax`; 0 for none. */
  maxFrequencyHint(clock?: TimerClock): number {
    const asked = clock === undefined ? timerClocks : [clock];
    const hint = Math.max(...asked.map((name) => this.#queues[name].maxFrequencyHint));
    return Math.min(hint, Number(this.settings.hostHzMax));
  }

  /** Whether {@link run} has something to do. */
  get due(): boolean {
    const at = this.deadline;
    return at !== undefined && at <= this.#host.now();
  }

  /**
   * The host's time at which {@link run} has something to do, should nothing change before: exact to the nanosecond, also
   * while the clock is catching up. Past when it has already; `undefined` when nothing is armed on a clock that ticks.
   */
  get deadline(): bigint | undefined {
    const { REAL, VIRTUAL, VIRTUAL_SYNC } = this.#queues;
    const at: bigint[] = [];
    if (REAL.firstExpire !== undefined) at.push(REAL.firstExpire * NS_PER_REAL_TICK);
    if (this.virtual.ticking) {
      const virtual: bigint[] = [];
      if (VIRTUAL.firstExpire !== undefined) virtual.push(VIRTUAL.firstExpire);
      if (this.virtualSync.held) virtual.push(this.virtual.read());
      else if (VIRTUAL_SYNC.firstExpire !== undefined)
        virtual.push(this.virtualSync.virtualTimeOf(VIRTUAL_SYNC.firstExpire));
      for (const time of virtual) at.push(this.virtual.hostTimeOf(time)!);
    }
    return at.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
  }

  /** Is told when {@link deadline} may have changed. @returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Delivers what is due, on the timer EMT: timers of the real clock, of the virtual, of the virtual-sync clock, each in
   * the order of their times. Virtual timers have to wait while the VM does not run. Called by a callback it does nothing.
   *
   * @param now the host's time, which stands still meanwhile. One that has passed counts as that of the last run.
   * @returns how many timers were delivered.
   * @throws what a callback throws. The next run goes on behind it.
   */
  run(now: bigint = this.#host.now()): number {
    if (this.#runTime !== undefined) return 0;
    this.#lastRun = later(now, this.#lastRun);
    this.#runTime = this.#lastRun;
    try {
      let count = this.#queues.REAL.deliver(this.#realNow());
      if (this.virtual.ticking) {
        count += this.#queues.VIRTUAL.deliver(this.virtual.read());
        count += this.#runVirtualSync();
      }
      return count;
    } finally {
      this.#runTime = undefined;
      this.#changed();
    }
  }

  /** What is saved as unit `tm`. */
  saveState(): Tm {
    const { time, offset, givenUp, catchUpPrevious, catchingUp } = this.virtualSync.save();
    return Object.assign(new Tm(), {
      cpuCount: this.cpus.length,
      virtual: this.virtual.read(),
      virtualSync: time,
      virtualSyncLag: offset,
      virtualSyncGivenUp: givenUp,
      virtualSyncCatchUpPrevious: catchUpPrevious,
      virtualSyncCatchUp: catchingUp,
      tsc: BigUint64Array.from(this.cpus, (cpu) => cpu.read()),
      tscFrequency: this.#tscFrequency,
    });
  }

  /**
   * Goes on from what was saved. Timers are loaded by their owners.
   *
   * @throws SsmError VERR_TM_VIRTUAL_TICKING_IPE while the VM runs, VERR_SSM_VIRTUAL_CLOCK_HZ for clocks of other
   * frequencies.
   */
  loadState(saved: Tm): void {
    if (this.virtual.ticking)
      throw new SsmError('VERR_TM_VIRTUAL_TICKING_IPE', 'clocks are not loaded while they tick');
    for (const [clock, frequency] of [
      ['VIRTUAL', saved.virtualFrequency],
      ['REAL', saved.realFrequency],
    ] as const) {
      if (frequency === clocks[clock].frequency) continue;
      const detail = `the ${clock} clock of the state has ${frequency} Hz, this one ${clocks[clock].frequency}`;
      throw new SsmError('VERR_SSM_VIRTUAL_CLOCK_HZ', detail);
    }
    this.virtual.load(saved.virtual);
    this.virtualSync.load({
      time: saved.virtualSync,
      offset: saved.virtualSyncLag,
      givenUp: saved.virtualSyncGivenUp,
      catchUpPrevious: saved.virtualSyncCatchUpPrevious,
      catchingUp: saved.virtualSyncCatchUp,
    });
    this.#tscFrequency = saved.tscFrequency;
    for (const [idCpu, cpu] of this.cpus.entries()) cpu.set(saved.tsc[idCpu] ?? 0n);
    this.#changed();
  }

  #runVirtualSync(): number {
    const { virtualSync } = this;
    // Only a timer that holds the clock has others delivered a little ahead of it: when else this runs is of no account.
    if (!virtualSync.held) return 0;
    const givenUp = virtualSync.givenUp;
    try {
      return this.#queues.VIRTUAL_SYNC.deliver(virtualSync.limit, (expire) => virtualSync.reach(expire));
    } finally {
      virtualSync.restart();
      const lost = virtualSync.givenUp - givenUp;
      if (lost > 0n)
        this.#log(`TM: ${lost} ns are too much to be made up for; ${virtualSync.givenUp} ns are lost in all`);
    }
  }

  #realNow(): bigint {
    return this.#host.now() / NS_PER_REAL_TICK;
  }

  #cpu(idCpu: number): CpuTicks {
    const cpu = this.cpus[idCpu];
    if (cpu === undefined) throw new SsmError('VERR_INVALID_CPU_ID', `there is no CPU ${idCpu}`);
    return cpu;
  }

  #changed(): void {
    if (this.#runTime === undefined) for (const listener of this.#listeners) listener();
  }
}

const NS_PER_REAL_TICK = 1_000_000_000n / clocks.REAL.frequency;
