import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { VirtualCpu } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import type { DmacCallbacks, IrqLevel, PicCallbacks, PicHelpers, RtcCallbacks } from './device.js';
import type { DeviceEntry } from './owner.js';

/*
 * Chips that other devices, and CPUs, reach through PDM: the interrupt controller, the DMA controller, the clock
 *
 *     device ──isaSetIrq──▶ PIC ──INTR──▶ CPU 0: pending 'PIC' ──▶ executor
 *                            ◀── getInterrupt ── the CPU acknowledges
 *     device ──dmaSetDreq──▶ DMAC ── dmaSchedule ──▶ EMT(0) leaves the guest and lets it run
 */

/** A chip and the device that has registered it. */
class Socket<T> {
  readonly #what: string;
  readonly #missing: SsmFailure;
  #owner: DeviceEntry | undefined;
  #chip: T | undefined;

  constructor(what: string, missing: SsmFailure) {
    this.#what = what;
    this.#missing = missing;
  }

  get chip(): T | undefined {
    return this.#chip;
  }

  /** @throws SsmError that there is none. */
  get required(): T {
    if (this.#chip === undefined) throw new SsmError(this.#missing, `the machine has no ${this.#what}`);
    return this.#chip;
  }

  /** @throws SsmError VERR_ALREADY_EXISTS, VERR_INVALID_PARAMETER for a callback that is missing. */
  plug(owner: DeviceEntry, chip: T, callbacks: readonly (keyof T)[]): void {
    if (this.#chip !== undefined) {
      const detail = `${this.#owner?.title} is the machine's ${this.#what} already`;
      throw new SsmError('VERR_ALREADY_EXISTS', detail);
    }
    for (const callback of callbacks) {
      if (typeof chip?.[callback] === 'function') continue;
      throw new SsmError('VERR_INVALID_PARAMETER', `the ${this.#what} lacks ${String(callback)}`);
    }
    this.#owner = owner;
    this.#chip = chip;
    owner.resources.add('chip', () => {
      this.#owner = undefined;
      this.#chip = undefined;
    });
  }
}

export class Chips {
  readonly #vm: Vm;
  readonly #pic = new Socket<PicCallbacks>('PIC', 'VERR_PDM_NO_PIC_INSTANCE');
  readonly #dmac = new Socket<DmacCallbacks>('DMA controller', 'VERR_PDM_NO_DMAC_INSTANCE');
  readonly #rtc = new Socket<RtcCallbacks>('real-time clock', 'VERR_PDM_NO_RTC_INSTANCE');
  #isDmaPending = false;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  get #cpu(): VirtualCpu {
    return this.#vm.cpus[0]!;
  }

  /** @throws SsmError VERR_ALREADY_EXISTS, VERR_INVALID_PARAMETER. */
  registerPic(owner: DeviceEntry, pic: PicCallbacks): PicHelpers {
    this.#pic.plug(owner, pic, ['setIrq', 'getInterrupt']);
    return {
      setInterruptFF: () => this.#cpu.setPending('PIC', true),
      clearInterruptFF: () => this.#cpu.setPending('PIC', false),
    };
  }

  registerDmac(owner: DeviceEntry, dmac: DmacCallbacks): void {
    const callbacks = ['run', 'register', 'readMemory', 'writeMemory', 'setDreq', 'channelMode'] as const;
    this.#dmac.plug(owner, dmac, callbacks);
  }

  registerRtc(owner: DeviceEntry, rtc: RtcCallbacks): void {
    this.#rtc.plug(owner, rtc, ['readCmos', 'writeCmos']);
  }

  /** The DMA controller. @throws SsmError VERR_PDM_NO_DMAC_INSTANCE. */
  get dmac(): DmacCallbacks {
    return this.#dmac.required;
  }

  /** The real-time clock. @throws SsmError VERR_PDM_NO_RTC_INSTANCE. */
  get rtc(): RtcCallbacks {
    return this.#rtc.required;
  }

  /** Drives an interrupt line. @throws SsmError VERR_PDM_NO_PIC_INSTANCE. */
  setIrq(irq: number, level: IrqLevel): void {
    this.#pic.required.setIrq(irq, level);
  }

  /**
   * A CPU takes an interrupt (`PDMGetInterrupt`). INTR stays as the interrupt controller drives it; only one that has no
   * vector after all has nothing pending.
   *
   * @returns the vector; nothing when none is pending.
   */
  getInterrupt(idCpu: number): number | undefined {
    const cpu = this.#vm.cpus[idCpu];
    if (cpu?.isPending('PIC') !== true) return undefined;
    const vector = this.#pic.chip?.getInterrupt();
    if (vector === undefined) cpu.setPending('PIC', false);
    return vector;
  }

  get isDmaPending(): boolean {
    return this.#isDmaPending;
  }

  set isDmaPending(pending: boolean) {
    this.#isDmaPending = pending;
    if (pending) this.#cpu.emt.poke();
  }

  /** Lets the DMA controller run, on EMT(0) (`PDMR3DmaRun`). */
  runDma(): void {
    this.#isDmaPending = false;
    if (this.#dmac.chip?.run() === true) this.#isDmaPending = true;
  }

  /** Nothing waits for a CPU any more, nor DMA: after a reset, before a state is loaded. */
  clear(): void {
    for (const cpu of this.#vm.cpus)
      for (const kind of ['APIC', 'PIC', 'NMI', 'SMI'] as const) cpu.setPending(kind, false);
    this.#isDmaPending = false;
  }
}
