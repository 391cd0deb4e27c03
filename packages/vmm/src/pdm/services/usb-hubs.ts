import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, queryDef, queryString } from '../../cfgm/index.js';
import type { EmtContext } from '../../emt/index.js';
import { hasFailed } from '../../emt/outcome.js';
import { isPoweredOn } from '../../vm/index.js';
import { mapped } from '../attach.js';
import { instanceNumber } from '../create-devices.js';
import { driverClasses, usbFlags, usbVersions } from '../flags.js';
import { type DriverEntry, UsbEntry } from '../owner.js';
import type { Pdm } from '../pdm.js';
import { NO_INSTANCE_LIMIT, type Registered } from '../registrations.js';
import type { UsbHub, UsbInstance, UsbRegistration } from '../usb.js';
import { pdmVersions } from '../versions.js';

/*
 * USB (`VirtualBox 7.2 PDMR3Usb.cpp`)
 *
 * A hub is a driver that has ports; USB devices are made after all others, plugged into the first hub that speaks a
 * version they do and has a port free.
 *
 *     /USB/<device>/<n>/UUID       how the device is found again; random where none is given
 *     /USB/<device>/<n>/Config/    its settings
 */

const ALL_VERSIONS = usbVersions.USB_1_1 | usbVersions.USB_2_0 | usbVersions.USB_3_0;
/** How far apart USB devices are in their order where nothing is configured. */
const PRIORITY_STEP = 16;
const UUID_SIZE = 37;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a hub may ask of PDM (`PDMUSBHUBHLP`). */
export interface UsbHubHelpers {
  /** Ports that are free. */
  readonly freePorts: number;
}

interface Hub {
  readonly owner: DriverEntry;
  readonly hub: UsbHub;
  readonly versions: number;
  free: number;
}

interface Planned {
  readonly registered: Registered<UsbRegistration>;
  readonly node: ConfigNode;
  readonly instance: number;
  readonly globalConfig: ConfigNode | undefined;
  readonly priority: number;
}

export class UsbHubs {
  readonly #pdm: Pdm;
  readonly #hubs: Hub[] = [];
  readonly #hubOf = new Map<UsbEntry, Hub>();

  constructor(pdm: Pdm) {
    this.#pdm = pdm;
  }

  get count(): number {
    return this.#hubs.length;
  }

  /**
   * A driver is a hub.
   *
   * @param versions of `usbVersions`. @param ports how many it has.
   * @throws SsmError VERR_INVALID_PARAMETER unless the driver's class has USB, for versions that there are not, no ports, or
   * callbacks that are missing; VERR_INVALID_MAGIC for a version of the hub, VERR_PDM_USB_HUB_EXISTS.
   */
  register(owner: DriverEntry, versions: number, ports: number, hub: UsbHub): UsbHubHelpers {
    const invalid = (why: string) => new SsmError('VERR_INVALID_PARAMETER', `USB hub of ${owner.title}: ${why}`);
    if (((owner.registered.registration.classes ?? 0) & driverClasses.USB) === 0) throw invalid('no USB driver');
    if (versions === 0 || (versions & ~ALL_VERSIONS) !== 0) throw invalid(`no such versions: ${versions}`);
    if (!(Number.isInteger(ports) && ports > 0)) throw invalid(`${ports} ports`);
    for (const callback of ['attachDevice', 'detachDevice'] as const) {
      if (typeof hub?.[callback] !== 'function') throw invalid(`no ${callback}`);
    }
    const wanted = pdmVersions.usbHubRegistration;
    if ((hub.version ?? wanted) !== wanted || (hub.endVersion ?? wanted) !== wanted) {
      throw new SsmError('VERR_INVALID_MAGIC', `the USB hub of ${owner.title} is of another version`);
    }
    if (this.#hubs.some((other) => other.owner === owner)) {
      throw new SsmError('VERR_PDM_USB_HUB_EXISTS', `${owner.title} is a USB hub already`);
    }
    const entry: Hub = { owner, hub, versions, free: ports };
    this.#hubs.push(entry);
    owner.resources.add('hub', () => void this.#hubs.splice(this.#hubs.indexOf(entry), 1));
    return {
      get freePorts() {
        return entry.free;
      },
    };
  }

  /** Makes the USB devices that are configured, if there is a hub. @throws SsmError the first failure. */
  async createDevices(context: EmtContext): Promise<void> {
    const root = this.#pdm.vm.config?.child('USB');
    if (this.#hubs.length === 0 || root === undefined) return;
    for (const { registered, node, instance, globalConfig } of this.#plan(root)) {
      await this.#create(context, registered, node, instance, globalConfig);
    }
  }

  /**
   * Plugs a device in while the VM is there.
   *
   * @param config taken over; its settings.
   * @returns the device's UUID.
   * @throws SsmError VERR_PDM_DEVICE_NOT_FOUND, VERR_PDM_TOO_MANY_USB_DEVICE_INSTANCES, VERR_PDM_NO_USB_HUBS, VERR_PDM_NO_USB_PORTS;
   * what the device fails with.
   */
  async plugIn(context: EmtContext, name: string, uuid?: string, config?: ConfigNode): Promise<string> {
    const registered = this.#find(name);
    const taken = new Set(this.#pdm.usbEntries.filter((entry) => entry.name === name).map(({ instance }) => instance));
    let instance = 0;
    while (taken.has(instance)) instance++;
    const { vm } = this.#pdm;
    const root = vm.config?.child('USB') ?? vm.config?.insertNode('USB');
    const path = `${name}/${instance}`;
    root?.child(path)?.remove();
    const node = root?.insertNode(path);
    if (node === undefined) throw new SsmError('VERR_CFGM_NO_PARENT', 'the VM has no configuration');
    if (uuid !== undefined) node.insertString('UUID', uuid);
    if (config !== undefined) node.insertSubTree('Config', config);
    try {
      const entry = await this.#create(context, registered, node, instance, root?.child(`${name}/GlobalConfig`));
      return entry.uuid;
    } catch (error) {
      node.remove();
      throw error;
    }
  }

  /** Unplugs a device. @throws SsmError VERR_PDM_DEVICE_INSTANCE_NOT_FOUND. */
  async unplug(context: EmtContext, uuid: string, destroy: (entry: UsbEntry) => Promise<void>): Promise<void> {
    const entry = this.#pdm.usbEntries.find((candidate) => candidate.uuid === uuid.toLowerCase());
    if (entry === undefined) {
      throw new SsmError('VERR_PDM_DEVICE_INSTANCE_NOT_FOUND', `there is no USB device ${uuid}`);
    }
    await this.#tell(context, entry, 'hotUnplugged', () => entry.device?.hotUnplugged?.());
    await destroy(entry);
    entry.node.remove();
  }

  /** A device goes: its port is free again. */
  async detachFromHub(context: EmtContext, entry: UsbEntry): Promise<void> {
    const hub = this.#hubOf.get(entry);
    if (hub === undefined) return;
    this.#hubOf.delete(entry);
    const { device } = entry;
    if (device !== undefined) {
      await this.#tell(context, hub.owner, 'detachDevice', () =>
        hub.hub.detachDevice(device, entry.helpers as UsbInstance),
      );
    }
    hub.free++;
    entry.port = 0;
  }

  #plan(root: ConfigNode): Planned[] {
    const planned: Planned[] = [];
    for (const deviceNode of root.children) {
      const instances = deviceNode.children.filter(({ name }) => name !== 'GlobalConfig');
      if (instances.length === 0) continue;
      const registered = this.#find(deviceNode.name);
      const globalConfig = deviceNode.child('GlobalConfig')?.setRestrictedRoot();
      for (const node of instances) {
        const priority = queryDef(deviceNode, 'Priority', 'u32', PRIORITY_STEP * planned.length);
        planned.push({ registered, node, instance: instanceNumber(node), globalConfig, priority });
      }
      const { maxInstances = NO_INSTANCE_LIMIT, name } = registered.registration;
      if (instances.length > maxInstances) {
        const detail = `${instances.length} instances of USB device '${name}', which can have ${maxInstances}`;
        throw new SsmError('VERR_PDM_TOO_MANY_USB_DEVICE_INSTANCES', detail);
      }
    }
    return planned.sort((a, b) => a.priority - b.priority);
  }

  #find(name: string): Registered<UsbRegistration> {
    const registered = this.#pdm.usbDevices.find(name);
    if (registered === undefined) throw new SsmError('VERR_PDM_DEVICE_NOT_FOUND', `there is no USB device '${name}'`);
    return registered;
  }

  async #create(
    context: EmtContext,
    registered: Registered<UsbRegistration>,
    node: ConfigNode,
    instance: number,
    globalConfig: ConfigNode | undefined,
  ): Promise<UsbEntry> {
    const pdm = this.#pdm;
    const { registration } = registered;
    const { maxInstances = NO_INSTANCE_LIMIT, flags = 0, name } = registration;
    if (registered.instances >= maxInstances) {
      throw new SsmError('VERR_PDM_TOO_MANY_USB_DEVICE_INSTANCES', `${maxInstances} USB devices '${name}' are enough`);
    }
    const uuid = uuidOf(node);
    const hub = this.#hubFor(versionsOf(flags), name);
    const config = (node.child('Config') ?? node.insertNode('Config')).setRestrictedRoot();
    const entry = new UsbEntry(pdm.vm, registered, instance, node, { config, globalConfig, uuid });
    entry.version = highest(hub.versions & versionsOf(flags));
    pdm.usbEntries.push(entry);
    registered.instances++;
    pdm.log(`PDM: Constructing USB device '${name}' instance ${instance}`);
    const helpers = pdm.usbHelpers(entry);
    entry.helpers = helpers;
    const constructed = await entry.call(context, 'construct', () => {
      const device = registration.create(helpers);
      entry.device = device;
      return device.construct(config, globalConfig);
    });
    if (hasFailed(constructed)) {
      await pdm.destroyUsb(context, entry);
      throw mapped(constructed, 'VERR_PDM_USBDEV_VERSION_MISMATCH');
    }
    const attached = await hub.owner.call(context, 'attachDevice', async () => {
      entry.port = await hub.hub.attachDevice(entry.device!, helpers);
    });
    if (hasFailed(attached)) {
      await pdm.destroyUsb(context, entry);
      throw attached;
    }
    hub.free--;
    this.#hubOf.set(entry, hub);
    if (isPoweredOn(pdm.vm.state)) {
      entry.suspended = false;
      await this.#tell(context, entry, 'hotPlugged', () => entry.device?.hotPlugged?.());
    }
    return entry;
  }

  #hubFor(versions: number, name: string): Hub {
    const fitting = this.#hubs.filter((hub) => (hub.versions & versions) !== 0);
    if (fitting.length === 0) throw new SsmError('VERR_PDM_NO_USB_HUBS', `no USB hub speaks what '${name}' does`);
    const free = fitting.find((hub) => hub.free > 0);
    if (free === undefined) throw new SsmError('VERR_PDM_NO_USB_PORTS', `no USB port is free for '${name}'`);
    return free;
  }

  async #tell(context: EmtContext, who: UsbEntry | DriverEntry, what: string, call: Parameters<UsbEntry['call']>[2]) {
    const outcome = await who.call(context, what, call);
    if (hasFailed(outcome)) this.#pdm.log(`PDM: ${outcome.message}`);
  }
}

/** Every device speaks 1.1, where nothing says more. */
function versionsOf(flags: number): number {
  let versions: number = usbVersions.USB_1_1;
  if ((flags & usbFlags.HIGHSPEED_CAPABLE) !== 0) versions |= usbVersions.USB_2_0;
  if ((flags & usbFlags.SUPERSPEED_CAPABLE) !== 0) versions |= usbVersions.USB_3_0;
  return versions;
}

const highest = (versions: number) => 2 ** Math.floor(Math.log2(versions));

function uuidOf(node: ConfigNode): string {
  const uuid = node.value('UUID') === undefined ? globalThis.crypto.randomUUID() : queryString(node, 'UUID', UUID_SIZE);
  if (uuidForm.test(uuid)) return uuid.toLowerCase();
  throw new SsmError('VERR_INVALID_PARAMETER', `${node.path}: '${uuid}' is no UUID`);
}
