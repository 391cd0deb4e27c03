import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, isMissing, query, queryDef } from '../cfgm/index.js';
import type { EmtContext } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import { mapped } from './attach.js';
import type { DeviceRegistration } from './device.js';
import { DeviceEntry } from './owner.js';
import type { Pdm } from './pdm.js';
import { NO_INSTANCE_LIMIT, type Registered } from './registrations.js';

/*
 * Making the devices that the configuration asks for (`VirtualBox 7.2 PDMR3Device.cpp, pdmR3DevInit`)
 *
 *     /Devices/<device>/Priority            where in the order, instead of by class
 *     /Devices/<device>/<n>/Trusted         whether it may use the helpers for trusted devices
 *     /Devices/<device>/<n>/Config/         its settings
 *     /Devices/<device>/<n>/LUN#<k>/…       its drivers
 */

interface Planned {
  readonly registered: Registered<DeviceRegistration>;
  readonly node: ConfigNode;
  readonly instance: number;
  readonly order: number;
}

/** Numbers as C writes them: decimal, octal behind 0, hexadecimal behind 0x. */
const numberForm = /^(0x[0-9a-f]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9})$/i;

/** The number that a node's name is. @throws SsmError VERR_INVALID_PARAMETER. */
export function instanceNumber(node: ConfigNode): number {
  const { name } = node;
  const isOctal = /^0[0-7]/.test(name);
  const number = numberForm.test(name) ? Number(isOctal ? `0o${name}` : name) : Number.NaN;
  if (number >= 0 && number <= 0xffffffff) return number;
  throw new SsmError('VERR_INVALID_PARAMETER', `${node.path}: '${name}' is no number of an instance`);
}

/** The lowest class, as a value: the order among devices for which none is configured. */
function orderOf(classes: number): number {
  return (classes & -classes) >>> 0;
}

/** @throws SsmError VERR_PDM_DEVICE_NOT_FOUND, VERR_INVALID_PARAMETER, VERR_PDM_TOO_MANY_DEVICE_INSTANCES. */
function plan(pdm: Pdm, devices: ConfigNode): Planned[] {
  const planned: Planned[] = [];
  for (const deviceNode of devices.children) {
    const registered = pdm.devices.find(deviceNode.name);
    if (registered === undefined) {
      // A device that is not used need not be there.
      if (deviceNode.children.length === 0) continue;
      throw new SsmError('VERR_PDM_DEVICE_NOT_FOUND', `there is no device '${deviceNode.name}'`);
    }
    const { registration } = registered;
    const order = queryDef(deviceNode, 'Priority', 'u32', orderOf(registration.classes));
    const instances = deviceNode.children.map((node) => ({ registered, node, instance: instanceNumber(node), order }));
    const { maxInstances = NO_INSTANCE_LIMIT } = registration;
    if (instances.length > maxInstances) {
      const detail = `${instances.length} instances of device '${registration.name}', which can have ${maxInstances}`;
      throw new SsmError('VERR_PDM_TOO_MANY_DEVICE_INSTANCES', detail);
    }
    instances.sort((a, b) => a.instance - b.instance);
    const twice = instances.find(({ instance }, i) => instances[i + 1]?.instance === instance);
    if (twice !== undefined) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${deviceNode.path} has instance ${twice.instance} twice`);
    }
    planned.push(...instances);
  }
  // Sorting keeps those of equal order as they are: devices by name, instances by number.
  return planned.sort((a, b) => a.order - b.order);
}

/** Makes all devices. @returns whether any were configured. @throws SsmError the first failure; those made stay listed. */
export async function createDevices(pdm: Pdm, context: EmtContext): Promise<boolean> {
  const devices = pdm.vm.config?.child('Devices');
  if (devices === undefined || devices.children.length === 0) return false;
  for (const planned of plan(pdm, devices)) await createDevice(pdm, context, planned);
  return true;
}

async function createDevice(pdm: Pdm, context: EmtContext, planned: Planned): Promise<void> {
  const { registered, node, instance } = planned;
  const isTrusted = queryDef(node, 'Trusted', 'bool', false);
  // There are no other contexts to enable them for, but a value that is none is still one.
  for (const name of ['R0Enabled', 'RCEnabled']) if (!isMissing(node, name)) query(node, name, 'bool');
  const config = (node.child('Config') ?? node.insertNode('Config')).setRestrictedRoot();
  const entry = new DeviceEntry(pdm.vm, registered, instance, node, config, isTrusted);
  pdm.deviceEntries.push(entry);
  registered.instances++;
  pdm.log(`PDM: Constructing device '${entry.name}' instance ${instance}`);
  const errorsBefore = pdm.vm.uvm.errors.errorCount;
  const helpers = pdm.deviceHelpers(entry);
  entry.helpers = helpers;
  const outcome = await entry.call(context, 'construct', () => {
    const device = registered.registration.create(helpers);
    entry.device = device;
    return device.construct(config);
  });
  if (!hasFailed(outcome)) return;
  const failure = mapped(outcome, 'VERR_PDM_DEVICE_VERSION_MISMATCH');
  if (pdm.vm.uvm.errors.errorCount === errorsBefore) {
    const detail = `failed to construct device ${entry.title}: ${failure.detail}`;
    context.run(() => pdm.vm.uvm.errors.raise(new SsmError(failure.status, detail, failure.where, { cause: failure })));
  }
  throw failure;
}
