/*
 * TM, the time of a VM
 *
 * A guest must not notice that its machine is not always there: that it is suspended for a week, or that the host had no
 * time for it. So it has clocks of its own, and the devices' timers go by them:
 *
 *     host ──┬──────────────────────────▶ REAL          milliseconds of the host; always ticks
 *            └─ while a CPU runs, warped ▶ VIRTUAL       nanoseconds the VM has run
 *                                          └─ offset ──▶ VIRTUAL_SYNC   waits for its timers, then catches up
 *                                                        └─ frequency ─▶ TSC of each CPU, while it runs
 *
 * VIRTUAL_SYNC is what the guest sees. Of a timer that is a second late the guest knows nothing, as the clock has stood
 * still at the timer's time; the second is made up for afterwards, so gently that the guest still finds one tick of its
 * timer per tick of its clock (virtual-sync-clock.ts).
 *
 * Nothing here waits, or asks the machine for the time: the host's clock is given, `run()` delivers what is due at a
 * time, and `deadline` says when that is next, to the nanosecond. The same times in give the same deliveries. During a run
 * time stands still, so that callbacks do not see how long others take.
 *
 *     const tm = new TimeManager({ host: timers, utc, config: root.child('TM'), cpuCount: 1 });
 *     const tick = tm.createTimer({ clock: 'VIRTUAL_SYNC', name: 'PIT', owner: { kind: 'device', instance: pit },
 *                                   callback: (pit, timer) => timer.set(pit.tick(timer.now)) });
 *     tm.resume();
 *     tick.setMillies(10);
 *     tm.run();
 *
 * `timerStep` is what an EMT does about timers, and `TimerAlarm` wakes it in time. Reading a clock has no effect that
 * anybody can see; so a state that is saved and loaded at any moment goes on with the same deliveries.
 *
 * Facts: TMR3.cpp, TMAll.cpp and tm.h of VirtualBox 7.2, as far as the project's specification documents have them: clocks,
 * states and flags of timers, statuses, thresholds, what is saved. How the clocks are computed, in which order timers are
 * delivered and what limits there are was chosen here (docs/provenance.md).
 */
export { TimerAlarm, type TimerStepOptions, timerStep } from './alarm.js';
export { type ClockName, clocks, type Ticks, type TimerClock, type TimeUnit } from './clocks.js';
export {
  type CatchUpPeriod,
  type CatchUpSettings,
  defaultPeriods,
  readTmSettings,
  type TmSettings,
} from './config.js';
export { CpuTicks } from './cpu-ticks.js';
export type { TimerOptions, TimerOwner, TimerRules } from './create-timer.js';
export { registerTmInfo, type TmInfo, type TmInfoName, tmInfo } from './info.js';
export { type TmSubsystemOptions, tm } from './subsystem.js';
export { TimeManager, type TimeManagerOptions } from './time-manager.js';
export {
  type AnyTimer,
  type CritSect,
  getSavedTimer,
  type TimerCallback,
  type TimerOwnerKind,
  type TimerState,
  TmTimer,
  timerFlags,
  timerStates,
} from './timer.js';
export { TM_UNIT, TM_UNIT_VERSION, tmUnit } from './unit.js';
export { VirtualClock } from './virtual-clock.js';
export { VirtualSyncClock } from './virtual-sync-clock.js';
