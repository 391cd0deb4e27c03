import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import type { InfoItem } from '../dbgf/index.js';
import type { TmTimer } from '../tm/index.js';
import { attachBelow, detachDriver } from './attach.js';
import type { OwnerTimerOptions } from './device.js';
import type { DriverInstance, DriverUnit } from './driver.js';
import type { DriverHelpers } from './helpers.js';
import type { BaseInterface } from './interface-ids.js';
import type { DriverEntry } from './owner.js';
import { CommonHelpers } from './owner-helpers.js';
import { callService } from './ring0.js';
import { BLOCK_CACHE_UNIT, blockCacheUnit } from './services/block-cache-unit.js';
import type { BlockCacheUser, BlockDevice } from './services/block-cache-user.js';
import type { UsbHubHelpers } from './services/usb-hubs.js';
import type { UsbHub } from './usb.js';

/** The helpers of one driver instance (`VirtualBox 7.2 PDMR3Driver.cpp, g_pdmR3DrvHlp`). */
export class DriverHelperTable extends CommonHelpers<DriverEntry> implements DriverHelpers {
  get upBase(): BaseInterface | undefined {
    return this.owner.upBase;
  }

  get downBase(): BaseInterface | undefined {
    return this.owner.downBase;
  }

  async attach(_flags = 0): Promise<BaseInterface> {
    const context = this.owner.emt('Attach');
    return attachBelow(this.pdm, context, this.owner);
  }

  async detach(flags = 0): Promise<void> {
    const context = this.owner.emt('Detach');
    const { down } = this.owner;
    if (down === undefined) throw new SsmError('VERR_PDM_NO_DRIVER_ATTACHED', `nothing is below ${this.owner.title}`);
    await detachDriver(this.pdm, context, down, flags);
  }

  async detachSelf(flags = 0): Promise<void> {
    const context = this.owner.emt('DetachSelf');
    await detachDriver(this.pdm, context, this.owner, flags);
  }

  mountPrepare(file: string, coreDriver: string | undefined): void {
    this.owner.emt('MountPrepare');
    const { node, down, title } = this.owner;
    if (down !== undefined) {
      throw new SsmError('VERR_PDM_DRIVER_ALREADY_ATTACHED', `a mount below ${title} is in the way`);
    }
    node.child('AttachedDriver')?.remove();
    if (coreDriver === undefined) {
      throw new SsmError('VERR_NOT_IMPLEMENTED', 'which driver an image is for has to be said');
    }
    const attached = node.insertNode('AttachedDriver');
    try {
      attached.insertString('Driver', coreDriver);
      attached.insertNode('Config').insertString('Path', file);
    } catch (error) {
      attached.remove();
      throw error;
    }
  }

  ssmRegister(unit: DriverUnit): void {
    this.registerUnit(unit);
  }

  ssmDeregister(name = this.name, instance = this.instance): void {
    this.owner.emt('SSMDeregister');
    this.pdm.vm.registry.deregister({ type: 'driver', name, instance, owner: this });
  }

  timerCreate<U = undefined>(options: OwnerTimerOptions<DriverInstance, U>): TmTimer<DriverInstance, U> {
    return this.newTimer<DriverInstance, U>(this, options);
  }

  infoRegister(item: InfoItem<DriverInstance>): void {
    this.registerInfo<DriverInstance>((one) => this.pdm.vm.uvm.info.registerDriver<DriverInstance>(this, one), item);
  }

  pollerRegister(poll: () => void): void {
    const context = this.owner.emt('PDMPollerRegister');
    const forget = context.run(() => this.pdm.pollers.add(poll));
    this.owner.resources.add('poller', forget);
  }

  blockCacheRetain(medium: BlockDevice, id: string): BlockCacheUser {
    const context = this.owner.emt('BlkCacheRetain');
    const { blockCache, vm } = this.pdm;
    if (vm.registry.find(BLOCK_CACHE_UNIT, 0) === undefined) {
      // States have it in front of what devices have.
      const before = vm.registry.units.find(({ type }) => type !== 'internal')?.name;
      vm.registry.register({ ...blockCacheUnit(blockCache), ...(before !== undefined && { before }) });
    }
    const user = context.run(() => blockCache.retain(medium, id));
    this.owner.resources.add('cacheUser', async () => {
      await user.release();
      if (blockCache.users.length === 0) vm.registry.deregister({ type: 'internal', name: BLOCK_CACHE_UNIT });
    });
    return user;
  }

  usbRegisterHub(versions: number, ports: number, hub: UsbHub): UsbHubHelpers {
    this.owner.emt('USBRegisterHub');
    return this.pdm.usb.register(this.owner, versions, ports, hub);
  }

  async supCallVmmR0Ex(operation: number, request?: Uint8Array): Promise<SsmStatus> {
    this.owner.mustExist();
    return callService(this.pdm, operation, request);
  }

  protected override get samples(): string {
    return `/Drivers/${this.name}-${this.instance}`;
  }
}
