import { SsmError } from '@ssmkit/runtime';
import { type InfoStatus, requestFlags } from '../emt/index.js';
import { resetCpuOrder } from './subsystem-order.js';
import { requireVm, type Uvm } from './uvm.js';

export function setCpuExecutionCap(uvm: Uvm, percent: number): void {
  const vm = requireVm(uvm);
  if (!(Number.isInteger(percent) && percent >= 1 && percent <= 100)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${percent} is no execution cap of 1…100 %`);
  }
  uvm.log(`New CPU execution cap: ${percent}% (was ${vm.cpuExecutionCap}%)`);
  vm.cpuExecutionCap = percent;
}

/** There is nothing to do: what the guest sees of it is the business of a device. */
export function hotPlugCpu(uvm: Uvm, idCpu: number): void {
  requireVm(uvm);
  checkCpuId(uvm, idCpu);
}

/** Has the CPU reset and wait for SIPI; nobody waits until it does. */
export async function hotUnplugCpu(uvm: Uvm, idCpu: number): Promise<InfoStatus> {
  const vm = requireVm(uvm);
  checkCpuId(uvm, idCpu);
  await uvm.emts.requests.call(
    idCpu,
    async (context) => {
      await vm.subsystems.tell(vm, context, resetCpuOrder, idCpu);
      const cpu = vm.cpus[idCpu];
      if (cpu !== undefined) cpu.activity = 'WAIT_SIPI';
      return 'VINF_EM_WAIT_SIPI' as const;
    },
    requestFlags.NO_WAIT,
  );
  return 'VINF_SUCCESS';
}

/** Every CPU is a core of the one package. */
export function topologyOf(uvm: Uvm, idCpu: number): { readonly core: number; readonly package: number } {
  requireVm(uvm);
  checkCpuId(uvm, idCpu);
  return { core: idCpu, package: 0 };
}

function checkCpuId(uvm: Uvm, idCpu: number): void {
  if (!(Number.isInteger(idCpu) && idCpu >= 0 && idCpu < uvm.cpuCount)) {
    throw new SsmError('VERR_INVALID_CPU_ID', `there is no CPU ${idCpu}`);
  }
}
