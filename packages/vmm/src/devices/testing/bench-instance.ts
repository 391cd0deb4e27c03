import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { ConfigNode } from '../../cfgm/index.js';
import type { InfoItem } from '../../dbgf/index.js';
import type { InfoStatus } from '../../emt/index.js';
import type {
  DeviceInstance,
  DeviceTimerOptions,
  DeviceUnit,
  DmacCallbacks,
  DmaTransfer,
  IoPortHandlers,
  IrqLevel,
  PicCallbacks,
  PicHelpers,
  RtcCallbacks,
} from '../../pdm/device.js';
import type { BaseInterface } from '../../pdm/interface-ids.js';
import type { Mmio2Range, MmioHandlers } from '../../pgm/index.js';
import type { SampleRegistration, SampleType } from '../../stam/index.js';
import type { CritSect, TmTimer } from '../../tm/index.js';
import type { ResumeReason, SuspendReason, VmState } from '../../vm/index.js';
import type { DeviceBench } from '../testing.js';

/** What stands below a LUN: a driver's base, or what makes one for the device's. */
export type BenchDriver = BaseInterface | ((device: BaseInterface) => BaseInterface | Promise<BaseInterface>);

/** A device's instance on a bench. */
export class BenchInstance implements DeviceInstance {
  readonly name: string;
  readonly instance: number;
  readonly config: ConfigNode;
  readonly isTrusted = true;
  readonly critSect: CritSect = { enter: () => {}, leave: () => {} };
  readonly #bench: DeviceBench;
  readonly #attached = new Set<number>();

  constructor(bench: DeviceBench, name: string, instance: number, config: ConfigNode) {
    this.#bench = bench;
    this.name = name;
    this.instance = instance;
    this.config = config;
  }

  ssmRegister(unit: DeviceUnit): void {
    const { name, instance } = this;
    this.#bench.registry.register({ ...unit, name, instance, type: 'device', owner: this });
  }

  timerCreate<U = undefined>(options: DeviceTimerOptions<U>): TmTimer<DeviceInstance, U> {
    const owner = { kind: 'device', instance: this as DeviceInstance } as const;
    return this.#bench.tm.createTimer<DeviceInstance, U>({ ...options, owner });
  }

  ioPortMap(first: number, count: number, handlers: IoPortHandlers): () => void {
    return this.#bench.bus.mapPorts(first, count, handlers);
  }

  mmioMap(address: number, size: number, handlers: MmioHandlers, description: string): () => void {
    const { memory } = this.#bench;
    const range = memory.createMmio({ owner: this, size, handlers, description });
    range.map(address);
    return () => memory.remove(range);
  }

  mmio2Create(region: number, size: number, description: string): Mmio2Range {
    const { name: device, instance } = this;
    return this.#bench.memory.createMmio2({ owner: this, device, instance, region, size, description });
  }

  physRead(address: number, bytes: Uint8Array): void {
    this.#bench.bus.physRead(address, bytes);
  }

  physWrite(address: number, bytes: Uint8Array): void {
    this.#bench.bus.physWrite(address, bytes);
  }

  isaSetIrq(irq: number, level: IrqLevel): void {
    this.#bench.bus.setIrq(irq, level);
  }

  picRegister(pic: PicCallbacks): PicHelpers {
    return this.#bench.bus.registerPic(pic);
  }

  dmacRegister(dmac: DmacCallbacks): void {
    this.#bench.bus.registerDmac(dmac);
  }

  dmaRegister(channel: number, transfer: DmaTransfer): void {
    this.#bench.bus.registerDma(channel, transfer);
  }

  dmaReadMemory(channel: number, bytes: Uint8Array, offset: number): number {
    return this.#bench.bus.dmac.readMemory(channel, bytes, offset);
  }

  dmaWriteMemory(channel: number, bytes: Uint8Array, offset: number): number {
    return this.#bench.bus.dmac.writeMemory(channel, bytes, offset);
  }

  dmaSetDreq(channel: number, level: boolean): void {
    this.#bench.bus.dmac.setDreq(channel, level);
  }

  dmaGetChannelMode(channel: number): number {
    return this.#bench.bus.dmac.channelMode(channel);
  }

  dmaSchedule(): void {
    this.#bench.bus.dmaScheduled++;
  }

  rtcRegister(rtc: RtcCallbacks): void {
    this.#bench.bus.registerRtc(rtc);
  }

  cmosRead(address: number): number {
    return this.#bench.bus.rtc.readCmos(address);
  }

  cmosWrite(address: number, value: number): void {
    this.#bench.bus.rtc.writeCmos(address, value);
  }

  a20Set(enable: boolean): void {
    this.#bench.bus.a20 = enable;
  }

  a20IsEnabled(): boolean {
    return this.#bench.bus.a20;
  }

  async driverAttach(lun: number, base: BaseInterface): Promise<BaseInterface> {
    const where = `${this.name}#${this.instance} LUN#${lun}`;
    if (this.#attached.has(lun)) throw new SsmError('VERR_PDM_DRIVER_ALREADY_ATTACHED', where);
    const driver = this.#bench.drivers.get(`${this.name}/${lun}`);
    if (driver === undefined) throw new SsmError('VERR_PDM_NO_ATTACHED_DRIVER', where);
    this.#attached.add(lun);
    return typeof driver === 'function' ? await driver(base) : driver;
  }

  vmState(): VmState {
    return this.#bench.vmState;
  }

  suspendReason(): SuspendReason {
    return 'USER';
  }

  resumeReason(): ResumeReason {
    return 'USER';
  }

  teleportedAndNotFullyResumed(): boolean {
    return false;
  }

  vmSetError(status: SsmFailure, detail: string): SsmError {
    const error = new SsmError(status, detail);
    this.#bench.errors.push(error);
    return error;
  }

  async vmSetRuntimeError(_flags: number, id: string): Promise<InfoStatus> {
    this.#bench.calls.push(`runtime error ${id}`);
    return 'VINF_SUCCESS';
  }

  vmReset(flags: number): void {
    this.#bench.calls.push(`reset ${flags}`);
  }

  virtualTime(): bigint {
    return this.#bench.tm.now('VIRTUAL');
  }

  utcNow(): bigint {
    return this.#bench.tm.utcNow();
  }

  infoRegister(item: InfoItem<DeviceInstance>): void {
    this.#bench.info.registerDevice<DeviceInstance>(this, item);
  }

  /** The bench does not know how many instances a registration may have: all names have the number. */
  statRegister<T extends SampleType>(sample: SampleRegistration<T>): void {
    const name = `/Devices/${this.name}#${this.instance}/${sample.name}`;
    this.#bench.statistics.register({ ...sample, name });
  }

  setAsyncNotification(): void {
    throw new SsmError('VERR_NOT_SUPPORTED', 'this bench waits for nobody');
  }

  asyncNotificationCompleted(): void {}
}
