import { SsmError } from '@ssmkit/runtime';
import { Em, EmCpu, EmState, Vmm } from '@ssmkit/vbox';
import type { CpuActivity } from '../emt/index.js';
import type { Subsystem } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';

const VMM_VERSION = 4;
const VMM_VERSIONS: readonly number[] = [3, VMM_VERSION];
const EM_VERSION = 5;
const EM_OLDEST = 2;

/** Which CPUs have been started: the unit `vmm` (`VirtualBox 7.2 VMMR3.cpp, vmmR3Save`). The first one always has. */
export function vmm(): Subsystem {
  return {
    name: 'VMM',
    init: (vm) => {
      vm.registry.register({
        name: 'vmm',
        instance: 1,
        version: VMM_VERSION,
        guess: vm.cpus.length + 3,
        saveExec: (stream) => stream.put(Object.assign(vmmOf(vm), { started: startedOf(vm) })),
        loadExec: (stream, version) => {
          requireVersion('vmm', version, VMM_VERSIONS.includes(version));
          const { started } = stream.get(vmmOf(vm));
          for (const cpu of vm.cpus) cpu.state = started[cpu.id - 1] === false ? 'STOPPED' : 'STARTED';
        },
      });
    },
  };
}

const vmmOf = (vm: Vm) => Object.assign(new Vmm(), { otherCpus: vm.cpus.length - 1 });

const startedOf = (vm: Vm) => vm.cpus.slice(1).map(({ state }) => state === 'STARTED');

const toState: Readonly<Record<CpuActivity, EmState>> = {
  NONE: EmState.None,
  EXECUTING: EmState.None,
  HALTED: EmState.Halted,
  WAIT_SIPI: EmState.WaitSipi,
};

/** How states other than those of 7.2 go on: whatever executed the guest, it was being executed. */
const toActivity = new Map<number, CpuActivity>([
  [EmState.Halted, 'HALTED'],
  [EmState.WaitSipi, 'WAIT_SIPI'],
]);

/** What the CPUs did: the unit `em` (`VirtualBox 7.2 EMR3.cpp, emR3Save`). */
export function em(): Subsystem {
  return {
    name: 'EM',
    init: (vm) => {
      vm.registry.register({
        name: 'em',
        instance: 0,
        version: EM_VERSION,
        guess: 49 * vm.cpus.length,
        saveExec: (stream) => stream.put(emOf(vm)),
        loadExec: (stream, version) => {
          requireVersion('em', version, version >= EM_OLDEST && version <= EM_VERSION);
          const { cpus } = stream.get(emOf(vm));
          for (const [idCpu, { previousState }] of cpus.entries()) {
            const cpu = vm.cpus[idCpu];
            if (cpu !== undefined) cpu.activity = toActivity.get(previousState) ?? 'NONE';
          }
        },
      });
    },
  };
}

const emOf = (vm: Vm) =>
  Object.assign(new Em(), {
    cpuCount: vm.cpus.length,
    cpus: vm.cpus.map(({ activity }) => Object.assign(new EmCpu(), { previousState: toState[activity] })),
  });

function requireVersion(unit: string, version: number, known: boolean): void {
  if (!known) throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${unit}'`);
}
