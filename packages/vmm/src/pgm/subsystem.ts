import { SsmError } from '@ssmkit/runtime';
import type { Subsystem } from '../vm/index.js';
import { GuestMemory } from './guest-memory.js';
import { PHYS_INFO, registerPgmInfo } from './info.js';
import { registerPgmSamples } from './samples.js';
import { pgmUnit } from './unit.js';

/** How the memory of a VM behaves. */
export interface PgmOptions {
  /** Whether a hard reset makes the RAM zero, as if the power had been off; default true. A soft reset never does. */
  readonly clearRamAtReset?: boolean;
}

/**
 * The memory of a VM, as `vm.pgm`: the unit `pgm`, the info item `phys`, samples below `/PGM`. How much RAM there is MM
 * has read.
 */
export function pgm({ clearRamAtReset = true }: PgmOptions = {}): Subsystem {
  return {
    name: 'PGM',
    init: (vm) => {
      if (vm.ramConfig === undefined) throw new SsmError('VERR_WRONG_ORDER', 'PGM needs MM, which is not plugged in');
      const { uvm } = vm;
      const memory = new GuestMemory({ ...vm.ramConfig, cpuCount: vm.cpus.length });
      const unit = pgmUnit(memory, uvm.timers);
      vm.registry.register(unit);
      registerPgmInfo(uvm.info, memory);
      registerPgmSamples(uvm.statistics, memory, unit.numbers);
      vm.pgm = memory;
    },
    reset: (vm) => vm.pgm?.reset(),
    memSetup: (vm, atReset) => {
      if (atReset && clearRamAtReset) vm.pgm?.clearRam();
    },
    resetCpu: (vm, idCpu) => vm.pgm?.cpus[idCpu]?.reset(),
    term: (vm) => {
      // The UVM lives on, and would keep the memory.
      vm.uvm.info.deregister('internal', undefined, PHYS_INFO);
      vm.uvm.statistics.deregisterByPrefix('/PGM/');
      vm.pgm = undefined;
    },
  };
}
