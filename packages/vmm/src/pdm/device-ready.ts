import { SsmError } from '@ssmkit/runtime';
import type { EmtContext } from '../emt/index.js';
import type { Vm } from '../vm/vm.js';

/**
 * CPUs that wait until a device is through with what the guest has asked it (`PDMDevHlpVMWaitForDeviceReady`). A
 * notification that comes first is not lost.
 */
export class DeviceReady {
  readonly #vm: Vm;
  readonly #ready = new Set<number>();

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** Waits on a CPU's own EMT. @throws SsmError VERR_INVALID_CPU_ID, VERR_VM_THREAD_NOT_EMT on another one. */
  async wait(idCpu: number, context: EmtContext): Promise<void> {
    this.#check(idCpu);
    if (context.idCpu !== idCpu) {
      throw new SsmError('VERR_VM_THREAD_NOT_EMT', `CPU ${idCpu} waits on EMT(${context.idCpu})`);
    }
    const { emts } = this.#vm.uvm;
    await emts.rendezvous.serveWhile(context.emt, () => this.#ready.delete(idCpu));
  }

  /** @throws SsmError VERR_INVALID_CPU_ID. */
  notify(idCpu: number): void {
    this.#check(idCpu);
    this.#ready.add(idCpu);
    this.#vm.cpus[idCpu]?.emt.poke();
  }

  #check(idCpu: number): void {
    if (this.#vm.cpus[idCpu] === undefined) throw new SsmError('VERR_INVALID_CPU_ID', `there is no CPU ${idCpu}`);
  }
}
