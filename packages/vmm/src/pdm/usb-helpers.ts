import type { ConfigNode } from '../cfgm/index.js';
import type { InfoItem } from '../dbgf/index.js';
import type { TmTimer } from '../tm/index.js';
import { attachToLun } from './attach.js';
import type { DeviceUnit, OwnerTimerOptions } from './device.js';
import type { BaseInterface } from './interface-ids.js';
import type { UsbEntry } from './owner.js';
import { CommonHelpers } from './owner-helpers.js';
import type { UsbInstance } from './usb.js';

/** The helpers of one USB device instance (`VirtualBox 7.2 PDMR3Usb.cpp, g_pdmR3UsbHlp`). */
export class UsbHelperTable extends CommonHelpers<UsbEntry> implements UsbInstance {
  get uuid(): string {
    return this.owner.uuid;
  }

  get globalConfig(): ConfigNode | undefined {
    return this.owner.globalConfig;
  }

  get version(): number {
    return this.owner.version;
  }

  get port(): number {
    return this.owner.port;
  }

  get critSect() {
    return this.owner.critSect;
  }

  ssmRegister(unit: Omit<DeviceUnit, 'before'>): void {
    this.registerUnit(unit as DeviceUnit);
  }

  timerCreate<U = undefined>(options: OwnerTimerOptions<UsbInstance, U>): TmTimer<UsbInstance, U> {
    return this.newTimer<UsbInstance, U>(this, options);
  }

  async driverAttach(lun: number, base: BaseInterface, description: string): Promise<BaseInterface> {
    const context = this.owner.emt('DriverAttach');
    return attachToLun(this.pdm, context, this.owner, lun, base, description);
  }

  infoRegister(item: InfoItem<UsbInstance>): void {
    this.registerInfo<UsbInstance>((one) => this.pdm.vm.uvm.info.registerUsb<UsbInstance>(this, one), item);
  }

  protected override get samples(): string {
    return `/USB/${this.name}#${this.instance}`;
  }
}
