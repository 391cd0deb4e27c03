import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, isMissing, query } from '../cfgm/index.js';
import type { EmtContext, Outcome } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import type { DriverRegistration } from './driver.js';
import { driverFlags, tachFlags } from './flags.js';
import type { DriverHelpers } from './helpers.js';
import { Base, type BaseInterface } from './interface-ids.js';
import { type DeviceEntry, DriverEntry, Lun, type Owner, type UsbEntry } from './owner.js';
import type { Registered, Registrations } from './registrations.js';
import { NO_INSTANCE_LIMIT } from './registrations.js';
import { type ChainPlace, transformChain } from './transform.js';

/*
 * Attaching and detaching drivers (`VirtualBox 7.2 PDMR3Driver.cpp, pdmR3DrvInstantiate, pdmR3DrvDetach,
 * pdmR3DrvDestroyChain`; `PDMR3DevHlp.cpp, pdmR3DevHlp_DriverAttach`)
 *
 *     device or USB device
 *       └─ LUN ── top driver ── driver ── bottom driver
 *
 * A chain is built from the top down: a device attaches the top driver of a LUN, whose constructor attaches the one below,
 * and so on. It goes from the bottom up, so that a driver that is destroyed has nobody below it any more. A constructor that
 * fails takes down what it has attached, and nobody above is told: they learn it from the failure.
 */

/** What chains of drivers need of PDM. */
export interface ChainHost {
  readonly log: (line: string) => void;
  /** `/PDM` of the configuration. */
  readonly config: ConfigNode | undefined;
  readonly drivers: Registrations<DriverRegistration>;
  driverHelpers(entry: DriverEntry): DriverHelpers;
  /** An instance is gone. */
  forget(owner: Owner): void;
}

/** Attaches the configured driver to a LUN of a device, which is made if it is not there. */
export async function attachToLun(
  pdm: ChainHost,
  context: EmtContext,
  owner: DeviceEntry | UsbEntry,
  number: number,
  base: BaseInterface | undefined,
  description: string,
): Promise<BaseInterface> {
  let lun = owner.lun(number);
  if (lun === undefined) {
    if (!(Number.isInteger(number) && number >= 0 && number <= 0xffffffff)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${number} is no number of a LUN`);
    }
    if (typeof base?.queryInterface !== 'function' || description === '') {
      throw new SsmError('VERR_INVALID_PARAMETER', `LUN#${number} of ${owner.title} needs a base and a description`);
    }
    // Also when no driver is configured: one may come later.
    lun = new Lun(owner, number, base, description);
    owner.luns.push(lun);
  } else if (lun.top !== undefined) {
    throw new SsmError('VERR_PDM_DRIVER_ALREADY_ATTACHED', `LUN#${number} of ${owner.title} has a driver`);
  }
  return instantiateDriver(pdm, context, lun, undefined, owner.node, `LUN#${number}`);
}

/** Attaches the configured driver below another one. */
export async function attachBelow(pdm: ChainHost, context: EmtContext, above: DriverEntry): Promise<BaseInterface> {
  if (above.down !== undefined) {
    throw new SsmError('VERR_PDM_DRIVER_ALREADY_ATTACHED', `there is a driver below ${above.title}`);
  }
  const base = await instantiateDriver(pdm, context, above.lun, above, above.node, 'AttachedDriver');
  above.downBase = base;
  return base;
}

async function instantiateDriver(
  pdm: ChainHost,
  context: EmtContext,
  lun: Lun,
  above: DriverEntry | undefined,
  parent: ConfigNode,
  name: string,
): Promise<BaseInterface> {
  const none = () => new SsmError('VERR_PDM_NO_ATTACHED_DRIVER', `no driver is configured in ${parent.path}${name}`);
  if (parent.child(name) === undefined) throw none();
  const place: ChainPlace = { device: lun.owner.name, lun: lun.number, above: above?.name, parent, name };
  const node = transformChain(pdm.config?.child('DriverTransformations'), place, pdm.log);
  if (node === undefined) throw none();
  const registered = lookUp(pdm, node);
  const config = (node.child('Config') ?? node.insertNode('Config')).setRestrictedRoot();
  const entry = new DriverEntry(registered, node, config, lun);
  registered.instances++;
  entry.up = above;
  entry.upBase = above === undefined ? lun.base : above.driver?.base;
  if (above === undefined) lun.top = entry;
  else above.down = entry;
  lun.bottom = entry;
  pdm.log(`PDM: Constructing driver '${entry.name}' instance ${entry.instance}`);
  const outcome = await construct(pdm, context, entry);
  if (!hasFailed(outcome)) return entry.driver!.base;
  if (!entry.isGone) await destroyChain(pdm, context, entry, tachFlags.NO_CALLBACKS);
  throw mapped(outcome, 'VERR_PDM_DRIVER_VERSION_MISMATCH');
}

function lookUp(pdm: ChainHost, node: ConfigNode): Registered<DriverRegistration> {
  if (isMissing(node, 'Driver')) {
    throw new SsmError('VERR_PDM_CFG_MISSING_DRIVER_NAME', `${node.path} does not say which driver`);
  }
  const name = query(node, 'Driver', 'string');
  const registered = pdm.drivers.find(name);
  if (registered === undefined) throw new SsmError('VERR_PDM_DRIVER_NOT_FOUND', `there is no driver '${name}'`);
  const { maxInstances = NO_INSTANCE_LIMIT } = registered.registration;
  if (registered.instances >= maxInstances) {
    const detail = `there are ${registered.instances} instances of driver '${name}' already`;
    throw new SsmError('VERR_PDM_TOO_MANY_DRIVER_INSTANCES', detail);
  }
  return registered;
}

function construct(pdm: ChainHost, context: EmtContext, entry: DriverEntry): Promise<Outcome> {
  const { registration } = entry.registered;
  const helpers = pdm.driverHelpers(entry);
  entry.helpers = helpers;
  return entry.call(context, 'construct', async () => {
    const driver = registration.create(helpers);
    entry.driver = driver;
    const isRc = ((registration.flags ?? 0) & driverFlags.RC) !== 0;
    if ((isRc && driver.relocate === undefined) || 'softReset' in driver) {
      const what = isRc ? 'does not relocate' : 'wants to be told of soft resets';
      throw new SsmError('VERR_PDM_INVALID_DRIVER_REGISTRATION', `driver '${entry.name}' ${what}`);
    }
    const status = await context.run(() => driver.construct(entry.config, 0));
    if (status?.startsWith('VERR_')) return status;
    if (entry.isGone) {
      throw new SsmError('VERR_PDM_DRVINS_VERSION_MISMATCH', `driver ${entry.title} has detached itself`);
    }
    if (driver.base?.queryInterface?.(Base) === undefined) {
      throw new SsmError('VERR_PDM_MISSING_INTERFACE', `driver ${entry.title} does not answer for its base interface`);
    }
    return status;
  });
}

/** A constructor's failure, as it is told outside. */
export function mapped(
  failure: SsmError,
  versionMismatch:
    | 'VERR_PDM_DRIVER_VERSION_MISMATCH'
    | 'VERR_PDM_DEVICE_VERSION_MISMATCH'
    | 'VERR_PDM_USBDEV_VERSION_MISMATCH',
): SsmError {
  if (failure.status !== 'VERR_VERSION_MISMATCH') return failure;
  return new SsmError(versionMismatch, failure.detail, failure.where, { cause: failure });
}

/**
 * Detaches a driver, and all below it.
 *
 * @throws SsmError VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE when what is above could not be told.
 */
export async function detachDriver(
  pdm: ChainHost,
  context: EmtContext,
  entry: DriverEntry,
  flags: number,
): Promise<void> {
  // What detaching has called may ask for the same again.
  if (entry.detaching) return;
  const { up, lun } = entry;
  const isPossible = up === undefined ? lun.owner.detach !== undefined : up.driver?.detach !== undefined;
  if (!isPossible) {
    const above = up ?? lun.owner;
    throw new SsmError('VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE', `${above.title} does not let ${entry.title} go`);
  }
  await destroyChain(pdm, context, entry, flags);
}

/** Destroys a driver and all below it, from the bottom up. */
export async function destroyChain(
  pdm: ChainHost,
  context: EmtContext,
  entry: DriverEntry,
  flags: number,
): Promise<void> {
  entry.detaching = true;
  for (;;) {
    let current = entry;
    while (current.down !== undefined) current = current.down;
    current.detaching = true;
    await unlink(pdm, context, current, flags);
    current.registered.instances--;
    await destructDriver(pdm, context, current);
    if (current === entry) return;
  }
}

async function unlink(pdm: ChainHost, context: EmtContext, current: DriverEntry, flags: number): Promise<void> {
  const { lun, up } = current;
  const { owner } = lun;
  const isTold = (flags & tachFlags.NO_CALLBACKS) === 0;
  lun.bottom = up;
  current.up = undefined;
  if (up !== undefined) {
    up.down = undefined;
    if (isTold)
      await tell(
        pdm,
        up.call(context, 'detach', () => up.driver?.detach?.(flags)),
      );
    up.downBase = undefined;
  } else {
    lun.top = undefined;
    if (isTold)
      await tell(
        pdm,
        owner.call(context, 'detach', () => owner.detach?.(lun.number, flags)),
      );
  }
  current.upBase = undefined;
}

/** Calls the destructor, if there is something to destruct, and gives back what the driver has. */
export async function destructDriver(pdm: ChainHost, context: EmtContext, entry: DriverEntry): Promise<void> {
  await tell(
    pdm,
    entry.call(context, 'destruct', () => entry.driver?.destruct?.()),
  );
  await entry.releaseResources();
  pdm.forget(entry);
}

/** Logs the failure of a callback whose failure changes nothing. */
async function tell(pdm: ChainHost, call: Promise<Outcome>): Promise<void> {
  const outcome = await call;
  if (hasFailed(outcome)) pdm.log(`PDM: ${outcome.message}`);
}
