import type { Subsystem } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import { Cpu8086, type Cpu8086Options } from './cpu.js';
import { Executor8086 } from './executor.js';
import { registerCpuInfo } from './info.js';
import { StepTimers } from './step-timers.js';
import { iemUnit } from './unit.js';

/** What an 8086 is built into. */
export interface IemOptions {
  /** What its lines reach, once the memory and the ports of the VM are there. */
  readonly bus: (vm: Vm) => Pick<Cpu8086Options, 'memory' | 'io' | 'acknowledge' | 'coprocessor'>;
}

/**
 * An 8086 that executes the guest as CPU 0, with {@link StepTimers} as the VM's timers by their clock: two parts of the VM, since VirtualBox resets registers with CPUM and has
 * memory and ports before IEM. Its unit is `iem8086`, its info item `cpumguest`.
 *
 * Other CPUs a machine of 8086s does not have: those that there are wait for ever.
 */
export function iem({ bus }: IemOptions): Subsystem[] {
  let cpu: Cpu8086 | undefined;
  return [
    {
      name: 'IEM',
      init: (vm) => {
        const [first] = vm.cpus;
        if (first === undefined) return;
        cpu = new Cpu8086(bus(vm));
        vm.registry.register(iemUnit(cpu));
        registerCpuInfo(vm.uvm.info, cpu);
        const { timers } = vm.uvm;
        first.executor = new Executor8086(cpu, first, timers instanceof StepTimers ? timers : undefined);
      },
    },
    {
      name: 'CPUM',
      reset: () => cpu?.reset(),
    },
  ];
}
