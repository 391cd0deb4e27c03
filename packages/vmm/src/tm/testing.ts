import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { ManualTimers } from '../emt/index.js';
import type { TimerOptions } from './create-timer.js';
import { TimeManager, type TimeManagerOptions } from './time-manager.js';
import type { TmTimer } from './timer.js';

export const US = 1000n;
export const MS = 1000n * US;
export const S = 1000n * MS;

/** Time on a host whose time stands still until it is moved on. */
export class TestTime {
  readonly host = new ManualTimers();
  /** The host's UTC goes with its clock, and can be set. */
  utc = 0n;
  readonly tm: TimeManager;
  /** What was delivered: `name@time of its clock`. */
  readonly delivered: string[] = [];
  readonly log: string[] = [];

  constructor(config: ConfigLiteral = {}, options: Partial<TimeManagerOptions> = {}) {
    this.tm = new TimeManager({
      host: this.host,
      utc: { now: () => this.utc + this.host.now() },
      config: configTree(config),
      log: (line) => this.log.push(line),
      ...options,
    });
  }

  /** A timer that tells `delivered`. */
  timer(name: string, options: Partial<TimerOptions<undefined, undefined>> = {}): TmTimer<undefined, undefined> {
    const { callback, ...rest } = options;
    return this.tm.createTimer({
      name,
      clock: 'VIRTUAL_SYNC',
      ...rest,
      callback: (owner, timer, user) => {
        this.delivered.push(`${name}@${timer.now}`);
        callback?.(owner, timer, user);
      },
    });
  }

  /** A timer that sets itself again every so many ticks. */
  periodic(name: string, period: bigint, options: Partial<TimerOptions<undefined, undefined>> = {}) {
    return this.timer(name, { ...options, callback: (_owner, timer) => timer.set(timer.now + period) });
  }

  /** Lets time pass, with a run whenever something is due, up to an end. */
  runFor(ns: bigint): void {
    const end = this.host.now() + ns;
    for (;;) {
      const at = this.tm.deadline;
      if (at === undefined || at > end) break;
      if (at > this.host.now()) this.host.advance(at - this.host.now());
      this.tm.run();
    }
    this.host.advance(end - this.host.now());
  }
}
