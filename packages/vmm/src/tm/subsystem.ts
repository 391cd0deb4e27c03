import { isRunning, type Subsystem } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import { TimerAlarm, timerStep } from './alarm.js';
import type { TimerRules } from './create-timer.js';
import { registerTmInfo } from './info.js';
import { TimeManager, type TimeManagerOptions } from './time-manager.js';
import type { CritSect } from './timer.js';
import { tmUnit } from './unit.js';

/** What the host has besides the timers of the VM. */
export type TmSubsystemOptions = Partial<Pick<TimeManagerOptions, 'utc' | 'hostTscFrequency'>>;

const NS_PER_MS = 1_000_000n;

/** UTC of the machine this runs on, as exactly as JavaScript has it. */
const systemUtc = { now: () => BigInt(Date.now()) * NS_PER_MS };

/**
 * The clocks of a VM, as `vm.tm`: the unit `tm`, the info items, and timers that are delivered on the timer EMT while the
 * VM runs. The TSC of a CPU ticks while the VM runs and the CPU has been started.
 *
 * A timer whose callback fails counts as delivered; the user is told.
 */
export function tm(options: TmSubsystemOptions = {}): Subsystem {
  let alarm: TimerAlarm | undefined;
  return {
    name: 'TM',
    init: (vm) => {
      const { uvm } = vm;
      const time = new TimeManager({
        host: uvm.timers,
        utc: systemUtc,
        ...options,
        config: vm.config?.child('TM'),
        cpuCount: vm.cpus.length,
        rules: rulesOf(vm),
        log: uvm.log,
      });
      vm.tm = time;
      vm.registry.register(tmUnit(time));
      registerTmInfo(uvm.info, time);
      vm.steps.push(
        timerStep({
          tm: time,
          isRunning: () => isRunning(vm.state),
          onFailure: (_, failure) => void uvm.errors.raise(failure),
        }),
      );
      alarm = new TimerAlarm(time, uvm.timers, () => uvm.emts.emts[time.timerCpu]?.poke());
    },
    stateChanged: (vm) => {
      if (vm.tm === undefined) return;
      const running = isRunning(vm.state);
      for (const [idCpu, { ticking }] of vm.tm.cpus.entries()) {
        const ticks = running && vm.cpus[idCpu]?.state === 'STARTED';
        if (ticks && !ticking) vm.tm.resumeCpu(idCpu);
        else if (ticking && !ticks) vm.tm.pauseCpu(idCpu);
      }
    },
    reset: (vm) => vm.tm?.reset(),
    term: () => alarm?.stop(),
  };
}

const rulesOf = (vm: Vm): TimerRules => ({
  isCreating: () => vm.state === 'CREATING',
  isOnEmt: () => vm.uvm.emts.here !== undefined,
  defaultCritSect: (device) => (device as { readonly critSect?: CritSect }).critSect,
});
