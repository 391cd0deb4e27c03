import { type GetStream, type PutStream, SsmError } from '@ssmkit/runtime';
import { TimerState as SavedState, Timer as SavedTimer } from '@ssmkit/vbox';
import {
  clocks,
  earlier,
  TICKS_MAX,
  type Ticks,
  type TimerClock,
  type TimeUnit,
  ticksFrom,
  ticksOf,
  ticksTo,
} from './clocks.js';
import type { QueueEntry, TimerQueue } from './timer-queue.js';

/**
 * States of a timer and their numbers (`VirtualBox 7.2 tm.h`). VirtualBox has eight more, for what threads have
 * begun and the timer EMT has yet to finish; in one event loop nothing is begun only.
 */
export const timerStates = { STOPPED: 1, ACTIVE: 2, EXPIRED_DELIVER: 4, FREE: 12 } as const;

export type TimerState = keyof typeof timerStates;

/** Flags of a timer (`tm.h`). There is no ring 0 here, so that it does not matter who may be there. */
export const timerFlags = { NO_CRIT_SECT: 1, RING0: 2, NO_RING0: 0x80000000 } as const;

/** Guards what a callback touches. */
export interface CritSect {
  enter(): void;
  leave(): void;
}

export type TimerOwnerKind = 'device' | 'driver' | 'usb' | 'internal';

/** What a timer calls, on the timer EMT: with the owner's instance, the timer, and what the owner gave for it. */
export type TimerCallback<O, U> = (owner: O, timer: TmTimer<O, U>, user: U) => void;

/** A timer, whatever it calls. */
export type AnyTimer = Pick<
  TmTimer,
  'name' | 'clock' | 'ownerKind' | 'owner' | 'flags' | 'state' | 'isActive' | 'expire' | 'frequencyHint' | 'destroy'
>;

/** What makes a timer. */
export interface TimerParts<O, U> {
  readonly name: string;
  readonly ownerKind: TimerOwnerKind;
  readonly owner: O;
  readonly user: U;
  readonly flags: number;
  readonly callback: TimerCallback<O, U>;
  readonly critSect: CritSect | undefined;
}

/**
 * A timer: calls back once, when its clock gets to a time. Who wants that periodically sets it again in the callback.
 *
 * All methods throw VERR_INVALID_HANDLE once the timer has been destroyed.
 */
export class TmTimer<O = unknown, U = unknown> {
  readonly name: string;
  readonly clock: TimerClock;
  readonly ownerKind: TimerOwnerKind;
  readonly owner: O;
  readonly user: U;
  readonly flags: number;
  readonly #callback: TimerCallback<O, U>;
  readonly #queue: TimerQueue;
  readonly #entry: QueueEntry;
  #critSect: CritSect | undefined;
  #state: TimerState = 'STOPPED';

  /** For `TimeManager.createTimer`. */
  constructor(queue: TimerQueue, { name, ownerKind, owner, user, flags, callback, critSect }: TimerParts<O, U>) {
    this.name = name;
    this.clock = queue.clock;
    this.ownerKind = ownerKind;
    this.owner = owner;
    this.user = user;
    this.flags = flags;
    this.#callback = callback;
    this.#critSect = critSect;
    this.#queue = queue;
    this.#entry = { timer: this, expire: 0n, order: 0, index: -1, frequencyHint: 0, deliver: () => this.#deliver() };
    queue.add(this.#entry);
  }

  get state(): TimerState {
    return this.#state;
  }

  get isActive(): boolean {
    return this.#state === 'ACTIVE';
  }

  /** When it expires, in ticks of its clock; 2⁶⁴-1 when it is not armed. */
  get expire(): bigint {
    return this.isActive ? this.#entry.expire : TICKS_MAX;
  }

  /** Ticks of its clock a second. */
  get frequency(): bigint {
    return clocks[this.clock].frequency;
  }

  /** Current time of its clock, in ticks. */
  get now(): bigint {
    this.#mustExist();
    return this.#queue.now;
  }

  /** Current time of its clock, in another unit, rounded down. */
  nowIn(unit: TimeUnit): bigint {
    return this.to(unit, this.now);
  }

  /** Ticks of its clock in so many units, rounded down. */
  from(unit: TimeUnit, count: Ticks): bigint {
    return ticksFrom(this.clock, unit, ticksOf(count, `${unit}s`));
  }

  /** So many ticks of its clock in a unit, rounded down. */
  to(unit: TimeUnit, ticks: Ticks): bigint {
    return ticksTo(this.clock, unit, ticksOf(ticks, 'ticks'));
  }

  /**
   * Arms the timer for a time of its clock, also if it is armed already, and from inside of its callback. A time that is
   * past is delivered by the next run.
   *
   * @throws SsmError VERR_INVALID_PARAMETER for what is no u64.
   */
  set(expire: Ticks): void {
    this.#mustExist();
    const at = ticksOf(expire, 'expiry');
    this.#state = 'ACTIVE';
    this.#queue.arm(this.#entry, at);
  }

  /** Arms the timer for so many ticks from now. @returns now. @throws as {@link set}. */
  setRelative(ticks: Ticks): bigint {
    const { now } = this;
    const expire = now + ticksOf(ticks, 'ticks');
    this.set(earlier(expire, TICKS_MAX));
    return now;
  }

  /** Arms the timer for so many milliseconds from now. @throws as {@link set}. */
  setMillies(count: Ticks): void {
    this.setRelative(this.from('milli', count));
  }

  /** Microseconds; the real clock rounds them down to its ticks. @throws as {@link set}. */
  setMicro(count: Ticks): void {
    this.setRelative(this.from('micro', count));
  }

  /** Nanoseconds; the real clock rounds them down to its ticks. @throws as {@link set}. */
  setNano(count: Ticks): void {
    this.setRelative(this.from('nano', count));
  }

  /** Disarms the timer. @throws SsmError VERR_INVALID_PARAMETER while it is delivered. */
  stop(): void {
    this.#mustExist();
    if (this.#state === 'EXPIRED_DELIVER') throw this.#error('VERR_INVALID_PARAMETER', 'is being delivered');
    this.#queue.disarm(this.#entry);
    this.#state = 'STOPPED';
  }

  /** How often a second the timer expires, as long as it is armed: {@link TimeManager.maxFrequencyHint}. */
  get frequencyHint(): number {
    return this.#entry.frequencyHint;
  }

  set frequencyHint(hz: number) {
    this.#mustExist();
    if (hz >>> 0 !== hz) throw this.#error('VERR_INVALID_PARAMETER', `cannot have a frequency of ${hz} Hz`);
    this.#entry.frequencyHint = hz;
  }

  get critSect(): CritSect | undefined {
    return this.#critSect;
  }

  /** Lets a section guard the callback. @throws SsmError VERR_INVALID_PARAMETER when there is one already. */
  setCritSect(critSect: CritSect): void {
    this.#mustExist();
    if (this.#critSect !== undefined) throw this.#error('VERR_INVALID_PARAMETER', 'has a critical section');
    this.#critSect = critSect;
  }

  /** The timer is no more; also from inside of its callback. */
  destroy(): void {
    this.#mustExist();
    this.#queue.delete(this.#entry);
    this.#state = 'FREE';
  }

  /** What is saved of it. @throws SsmError VERR_TM_INVALID_STATE while it is delivered. */
  saveState(): SavedTimer {
    this.#mustExist();
    if (this.#state === 'EXPIRED_DELIVER') throw this.#error('VERR_TM_INVALID_STATE', 'is being delivered');
    const saved = new SavedTimer();
    if (this.isActive) {
      saved.state = SavedState.Active;
      saved.expire = this.#entry.expire;
    }
    return saved;
  }

  /** Arms or stops it as it was saved. @throws SsmError VERR_TM_LOAD_STATE for a state that is none. */
  loadState({ state, expire }: Pick<SavedTimer, 'state' | 'expire'>): void {
    this.#mustExist();
    const isArmed = savedStates.get(state);
    if (isArmed === undefined) throw this.#error('VERR_TM_LOAD_STATE', `cannot have been saved in state ${state}`);
    this.#guarded(() => (isArmed ? this.set(expire) : this.stop()));
  }

  /** Puts its state into a unit (`TMR3TimerSave`). @throws as {@link saveState}. */
  save(stream: PutStream): void {
    stream.put(this.saveState());
  }

  /** Gets its state from a unit (`TMR3TimerLoad`). @throws SsmError VERR_TM_LOAD_STATE, which sticks to the stream. */
  load(stream: GetStream): void {
    this.#mustExist();
    this.loadState(getSavedTimer(stream));
  }

  #deliver(): void {
    this.#state = 'EXPIRED_DELIVER';
    try {
      this.#guarded(() => this.#callback(this.owner, this, this.user));
    } finally {
      if (this.#state === 'EXPIRED_DELIVER') this.#state = 'STOPPED';
    }
  }

  #guarded(call: () => void): void {
    const critSect = this.#critSect;
    critSect?.enter();
    try {
      call();
    } finally {
      critSect?.leave();
    }
  }

  #mustExist(): void {
    if (this.#state === 'FREE') throw this.#error('VERR_INVALID_HANDLE', 'has been destroyed');
  }

  #error(status: ConstructorParameters<typeof SsmError>[0], detail: string): SsmError {
    return new SsmError(status, `timer '${this.name}' ${detail}`);
  }
}

/** The states that timers are saved in, and whether they are armed in them. */
const savedStates: ReadonlyMap<number, boolean> = new Map([
  [SavedState.Stopped, false],
  [SavedState.OldStopped, false],
  [SavedState.Active, true],
  [SavedState.OldActive, true],
]);

/**
 * Gets what was saved of a timer: also to get past one that there is no more (`TMR3TimerSkip`).
 *
 * @throws SsmError VERR_TM_LOAD_STATE, which sticks to the stream.
 */
export function getSavedTimer(stream: GetStream): SavedTimer {
  const saved = new SavedTimer();
  saved.state = stream.getU8();
  if (!savedStates.has(saved.state)) {
    throw stream.refuse('VERR_TM_LOAD_STATE', `no timer can have been saved in state ${saved.state}`);
  }
  if (saved.isActive) saved.expire = stream.getU64();
  return saved;
}
