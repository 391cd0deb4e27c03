import { SsmError } from '@ssmkit/runtime';
import { duplicateSubTree, queryDef } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import { destinations, type InfoStatus } from '../emt/index.js';
import type { Session } from '../sup/index.js';
import type { TmTimer } from '../tm/index.js';
import type { Firmware, Uvm, VirtualCpu, Vm } from '../vm/index.js';
import { attachToLun, detachDriver } from './attach.js';
import type { PdmCritSect } from './crit-sect.js';
import type { DeviceInstance, DeviceTimerOptions, DeviceUnit } from './device.js';
import { GuestHelpers } from './guest-helpers.js';
import type { DeviceHelpers, DriverReconfiguration } from './helpers.js';
import type { BaseInterface } from './interface-ids.js';
import { PDM_NAME_MAX } from './registrations.js';

/** Drivers of a chain that is reconfigured. */
const CHAIN_MAX = 8;

/** The helpers of one device instance (`VirtualBox 7.2 PDMR3DevHlp.cpp`, the table for trusted and that for other devices). */
export class DeviceHelperTable extends GuestHelpers implements DeviceHelpers {
  get isTrusted(): boolean {
    return this.owner.isTrusted;
  }

  get critSect(): PdmCritSect {
    return this.owner.critSect;
  }

  setDeviceCritSect(section: PdmCritSect): void {
    this.owner.emt('SetDeviceCritSect');
    if (section === this.owner.critSect) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${this.owner.title} has this critical section already`);
    }
    const isUsed = this.pdm.vm.tm?.timers.some((timer) => timer.owner === this) === true;
    if (this.pdm.vm.state !== 'CREATING' || this.owner.hasOwnCritSect || isUsed) {
      const detail = `${this.owner.title} chooses its critical section too late`;
      throw new SsmError('VERR_WRONG_ORDER', detail);
    }
    this.owner.critSect = section;
  }

  ssmRegister(unit: DeviceUnit): void {
    this.registerUnit(unit);
  }

  ssmRegisterAsImposter(name: string, instance: number, unit: DeviceUnit): void {
    this.registerUnit(unit, name, instance);
  }

  timerCreate<U = undefined>(options: DeviceTimerOptions<U>): TmTimer<DeviceInstance, U> {
    return this.newTimer<DeviceInstance, U>(this, options);
  }

  infoRegister(item: InfoItem<DeviceInstance>): void {
    this.registerInfo<DeviceInstance>((one) => this.pdm.vm.uvm.info.registerDevice<DeviceInstance>(this, one), item);
  }

  // Drivers

  async driverAttach(lun: number, base: BaseInterface, description: string): Promise<BaseInterface> {
    const context = this.owner.emt('DriverAttach');
    return attachToLun(this.pdm, context, this.owner, lun, base, description);
  }

  async driverDetach(number: number, flags = 0): Promise<void> {
    const context = this.owner.emt('DriverDetach');
    const lun = this.owner.lun(number);
    if (lun === undefined) throw new SsmError('VERR_PDM_LUN_NOT_FOUND', `${this.owner.title} has no LUN#${number}`);
    if (lun.top === undefined) throw new SsmError('VERR_PDM_NO_DRIVER_ATTACHED', `LUN#${number} is empty`);
    await detachDriver(this.pdm, context, lun.top, flags);
  }

  async driverReconfigure(number: number, chain: readonly DriverReconfiguration[], flags = 0): Promise<void> {
    const context = this.owner.emt('DriverReconfigure');
    if (flags !== 0 || chain.length === 0 || chain.length > CHAIN_MAX) {
      throw new SsmError('VERR_INVALID_PARAMETER', `a chain has 1 to ${CHAIN_MAX} drivers, and there are no flags`);
    }
    for (const { driver } of chain) {
      if (driver.length >= 1 && driver.length <= PDM_NAME_MAX) continue;
      throw new SsmError('VERR_OUT_OF_RANGE', `'${driver}' is no name of a driver`);
    }
    const top = this.owner.lun(number)?.top;
    if (top !== undefined) await detachDriver(this.pdm, context, top, 0);
    this.owner.node.child(`LUN#${number}`)?.remove();
    let node = this.owner.node.insertNode(`LUN#${number}`);
    for (const [i, { driver, config }] of chain.entries()) {
      if (i > 0) node = node.insertNode('AttachedDriver');
      node.insertString('Driver', driver);
      if (config !== undefined) node.insertSubTree('Config', duplicateSubTree(config));
    }
  }

  // The VM

  vmReqCallNoWait(cpu: number, call: () => void): void {
    this.owner.mustExist();
    void this.pdm.vm.uvm.emts.requests.callNoWait(cpu, call).catch(() => {});
  }

  vmReqPriorityCallWait(cpu: number, call: () => void | Promise<void>): Promise<InfoStatus> {
    this.owner.mustExist();
    const request = () => this.pdm.vm.uvm.emts.requests.priorityCallWait(cpu, call);
    const context = this.owner.emtIfAny();
    return context === undefined ? request() : context.run(request);
  }

  vmWaitForDeviceReady(cpu: number): Promise<void> {
    return this.pdm.deviceReady.wait(cpu, this.owner.emt('VMWaitForDeviceReady'));
  }

  vmNotifyCpuDeviceReady(cpu: number): void {
    this.owner.mustExist();
    this.pdm.deviceReady.notify(cpu);
  }

  vmReset(flags: number): InfoStatus {
    this.#mustBeTrusted('VMReset');
    const { vm } = this.pdm;
    if (queryDef(this.pdm.config, 'HaltOnReset', 'bool', false)) {
      for (const cpu of vm.cpus) cpu.activity = 'HALTED';
      return 'VINF_EM_HALT';
    }
    vm.requestReset(flags);
    return 'VINF_EM_RESET';
  }

  async vmSuspend(): Promise<InfoStatus> {
    this.#mustBeTrusted('VMSuspend');
    return this.#endRun('VINF_EM_SUSPEND', (uvm) => uvm.suspend('VM'));
  }

  async vmPowerOff(): Promise<InfoStatus> {
    this.#mustBeTrusted('VMPowerOff');
    return this.#endRun('VINF_EM_OFF', (uvm) => uvm.powerOff());
  }

  async vmSuspendSaveAndPowerOff(): Promise<InfoStatus> {
    this.#mustBeTrusted('VMSuspendSaveAndPowerOff');
    const { uvm } = this.pdm.vm;
    const { saveState } = uvm.userMethods;
    if (saveState === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'the program around the VM saves no states');
    }
    return this.#endRun('VINF_EM_SUSPEND', async () => {
      const status = await this.#run(() => uvm.suspend('VM'));
      // Saving is done from elsewhere than an EMT, and so is what comes after it.
      void Promise.resolve()
        .then(() => saveState(uvm))
        .then(() => uvm.powerOff())
        .catch((error) => this.pdm.log(`PDM: saving the state failed: ${String(error)}`));
      return status;
    });
  }

  uvm(): Uvm | undefined {
    return this.#forTrusted('GetUVM', () => this.pdm.vm.uvm);
  }

  vm(): Vm | undefined {
    return this.#forTrusted('GetVM', () => this.pdm.vm);
  }

  vmCpu(): VirtualCpu | undefined {
    return this.#forTrusted('GetVMCPU', () => this.pdm.vm.cpus[this.owner.emtIfAny()?.idCpu ?? -1]);
  }

  supSession(): Session | undefined {
    return this.#forTrusted('GetSupDrvSession', () => this.pdm.session);
  }

  currentCpuId(): number {
    this.#mustBeTrusted('GetCurrentCpuId');
    return this.owner.emtIfAny()?.idCpu ?? destinations.NIL;
  }

  pokeAllEmts(): void {
    this.#mustBeTrusted('PokeAllEmts');
    this.pdm.vm.uvm.emts.pokeAll();
  }

  firmwareRegister(firmware: Firmware): void {
    this.#mustBeTrusted('FirmwareRegister');
    this.owner.emt('FirmwareRegister');
    const { vm } = this.pdm;
    if (vm.state !== 'CREATING') throw new SsmError('VERR_WRONG_ORDER', 'the firmware is registered with the VM');
    if (typeof firmware?.isHardReset !== 'function') {
      throw new SsmError('VERR_INVALID_PARAMETER', 'firmware says which resets are hard');
    }
    if (vm.firmware !== undefined) throw new SsmError('VERR_ALREADY_EXISTS', 'the machine has firmware');
    vm.firmware = firmware;
    this.owner.resources.add('chip', () => {
      if (vm.firmware === firmware) vm.firmware = undefined;
    });
  }

  queryLun(device: string, instance: number, lun: number): BaseInterface {
    this.#mustBeTrusted('QueryLun');
    return this.pdm.queryLun(device, instance, lun);
  }

  override queryGenericUserObject(uuid: string): unknown {
    this.#mustBeTrusted('QueryGenericUserObject');
    return super.queryGenericUserObject(uuid);
  }

  protected override get samples(): string {
    const { maxInstances } = this.owner.registered.registration;
    return maxInstances === 1 ? `/Devices/${this.name}` : `/Devices/${this.name}#${this.instance}`;
  }

  #mustBeTrusted(helper: string): void {
    this.owner.mustExist();
    if (this.owner.isTrusted) return;
    this.pdm.log(`PDM: untrusted device ${this.owner.title} called trusted helper ${helper}`);
    throw new SsmError('VERR_ACCESS_DENIED', `device ${this.owner.title} is not trusted to call ${helper}`);
  }

  #forTrusted<T>(helper: string, get: () => T): T | undefined {
    this.owner.mustExist();
    if (this.owner.isTrusted) return get();
    this.pdm.log(`PDM: untrusted device ${this.owner.title} called trusted helper ${helper}`);
    return undefined;
  }

  /** With several CPUs the others have to leave the guest first, so that it is queued (`PDMR3DevHlp.cpp, pdmR3DevHlp_VMSuspend`). */
  async #endRun(
    status: 'VINF_EM_SUSPEND' | 'VINF_EM_OFF',
    end: (uvm: Uvm) => Promise<InfoStatus>,
  ): Promise<InfoStatus> {
    const { uvm } = this.pdm.vm;
    if (uvm.cpuCount === 1) return this.#run(() => end(uvm));
    await uvm.emts.requests.callNoWait(destinations.ANY_QUEUE, (context) => context.run(() => end(uvm)));
    return status;
  }

  #run<T>(call: () => Promise<T>): Promise<T> {
    const context = this.owner.emtIfAny();
    return context === undefined ? call() : context.run(call);
  }
}
