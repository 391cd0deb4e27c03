/*
 * SUP, the support library
 *
 * VirtualBox has a driver in the kernel, and a library through which processes talk to it. What it does falls in two:
 *
 *     process ── session ──▶ driver ─┬─ what any VMM needs: objects, event semaphores, memory whose addresses are known,
 *                                    │  time that can be read without a call, calls into code "over there"
 *                                    └─ what only a kernel can do: enter VMX root mode, touch page tables, load ring-0 code
 *
 * The first is here for real, in process. The second is configuration and state: which paging mode the host has, what a
 * page may be accessed for, which physical address it is at. Nothing in it depends on the machine that this runs on, so
 * that a test, or a saved state, meets the same host everywhere.
 *
 * What holds everything together is the session: it has an owner, and whatever is made through it ends with it, users
 * before what they use. A process that dies in VirtualBox, and a `close()` that was written in one `finally`
 * here, leave nothing behind: waits end, objects are released, memory is free, modules are unloaded.
 *
 * Ring 0 and ring 3 are one event loop here. A call into "the kernel" is a function call; a wait is a promise; a spinlock
 * is not needed. What stays are the checks at the border: magics and sizes of requests, copies in and out, names,
 * counts, and the rights of a session's owner.
 *
 * `node/` has what needs a file system: it verifies that nobody but root could have changed a file before it is loaded.
 * That, too, is for real.
 *
 * docs/coverage.md has every name of sup.h, and where it is.
 */
export * from './access-policy.js';
export { type ComponentFactory, Components } from './components.js';
export { SupportDriver, type SupportDriverOptions } from './driver.js';
export { EventTable, INDEFINITE_MILLIS, type InterruptibleOptions, NIL_EVENT } from './event-table.js';
export { type GipCpuOptions, GlobalInfo, type GlobalInfoOptions } from './gip/global-info.js';
export * from './gip/layout.js';
export * from './gip/reader.js';
export * from './host-features.js';
export * from './idc.js';
export { SupportLibrary } from './library.js';
export { Logger, type LoggerOptions, type LogWriter } from './logger/logger.js';
export { type LoggerKind, Loggers, type LoggersOptions, loggerKinds } from './logger/loggers.js';
export {
  applyGroupSettings,
  type DestinationName,
  destinationNames,
  formatGroupSettings,
  type LoggerFlag,
  type LogLevel,
  loggerFlags,
  logLevels,
} from './logger/settings.js';
export { type Access, Mapping, protections } from './memory/mapping.js';
export { PAGE_SIZE, PhysicalMemory, type PhysicalMemoryOptions } from './memory/physical.js';
export { type Allocation, type MemoryKind, SessionMemory, type SupPage } from './memory/session-memory.js';
export { type ModuleExports, ModuleImage, Modules, VMM_MODULE } from './modules.js';
export * from './objects.js';
export {
  newRequest,
  REQUEST_HEADER_SIZE,
  REQUEST_LIMIT,
  SERVICE_REQUEST_MAGIC,
  VMMR0_REQUEST_MAGIC,
} from './request.js';
export { type ServiceHandler, Services } from './services.js';
export { Session, type SessionOwner } from './session.js';
export type { ProbeDescription, ProviderDescription } from './tracer/provider.js';
export * from './tracer/tracer.js';
export { Probe, Provider, TracerHost } from './tracer/tracer-host.js';
export { fastOperations, VmmEntry, type VmmEntryPoints, type VmR0 } from './vmm-entry.js';
export { EventSemaphore, MultiEvent, SingleEvent, type WaitOptions } from './wait.js';
