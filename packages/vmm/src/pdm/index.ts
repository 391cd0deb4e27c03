/*
 * PDM, the Pluggable Device Manager
 *
 * What a machine is made of beside CPUs and memory is plugged in. A device is what the guest sees: a disk controller, a
 * serial port. A driver is what a device has behind it: an image, a socket. Both are registered by name; the configuration
 * says which a machine has, and what is attached to what:
 *
 *     guest ── ports, interrupts ── device ── LUN#0 ── top driver ── driver ── bottom driver
 *                                       └──── LUN#1 ── …
 *
 * They speak by interfaces. Everybody has a base, which is asked for an interface by its id; neighbours in a chain know each
 * other's bases and nothing else, so that anything can stand between a device and an image that offers the interfaces of both.
 *
 * A plug-in does nothing on its own. It has its instance, the helpers through which it registers timers, units of the saved
 * state, ports, queues, threads, and asks for all else; and it is called back: constructed, powered on, suspended, resumed,
 * reset, powered off, destructed. PDM knows what each instance has registered, so that all of it goes when the instance does,
 * be its constructor ever so half way through.
 *
 *     registrations.ts   what may be registered      modules.ts   who brings it
 *     create-devices.ts  devices by configuration    attach.ts    chains of drivers    transform.ts   changes to them
 *     notify.ts          telling what happens        term.ts      the end
 *     owner.ts           instances from inside       *-helpers.ts instances as plug-ins see them
 *     chips.ts           interrupts, DMA, CMOS       services/    queues, threads and so on        unit.ts   what is saved
 *
 * Facts: PDMDriver.cpp of 2009, the PDM sources and headers of VirtualBox 7.2, as the specification has them.
 */
export { PdmCritSect } from './crit-sect.js';
export { PdmCritSectRw } from './crit-sect-rw.js';
export * from './device.js';
export * from './driver.js';
export {
  deviceClasses,
  deviceFlags,
  driverClasses,
  driverFlags,
  tachFlags,
  usbFlags,
  usbVersions,
} from './flags.js';
export type { DeviceHelpers, DriverHelpers, DriverReconfiguration, OwnerHelpers } from './helpers.js';
export * from './interface-ids.js';
export * from './interfaces.js';
export type { ModuleLoader, PdmModule, RegisterCallbacks } from './modules.js';
export { Pdm, type PdmOptions } from './pdm.js';
export { serviceOperations } from './ring0.js';
export {
  type AsyncEndpoint,
  type AsyncFile,
  type AsyncTask,
  type AsyncTemplate,
  type CompletionCallback,
  endpointFlags,
  type FileAccess,
} from './services/async-completion.js';
export { BLOCK_CACHE_UNIT, BLOCK_CACHE_UNIT_VERSION } from './services/block-cache-unit.js';
export type { BlockCacheUser, BlockDevice } from './services/block-cache-user.js';
export type { NetFilter } from './services/net-shaper.js';
export { PdmQueue, type QueueItem, type QueueOptions } from './services/queue.js';
export { PdmTask } from './services/tasks.js';
export { PdmThread, type ThreadOptions, type ThreadState, threadStates } from './services/thread.js';
export type { UsbHubHelpers } from './services/usb-hubs.js';
export { pdm } from './subsystem.js';
export { PDM_UNIT, PDM_UNIT_VERSION, pdmUnit } from './unit.js';
export * from './usb.js';
export { arePdmVersionsCompatible, makePdmVersion, pdmVersions } from './versions.js';
