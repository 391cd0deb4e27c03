import { type HostTimers, NS_PER_MS, systemTimers } from '../emt/host-clock.js';
import type { AccessPolicy } from './access-policy.js';
import { Components } from './components.js';
import { GlobalInfo, type GlobalInfoOptions } from './gip/global-info.js';
import { type HostFeatures, HostQueries } from './host-features.js';
import { Idc } from './idc.js';
import { Loggers, type LoggersOptions } from './logger/loggers.js';
import { AddressSpace } from './memory/address-space.js';
import { LockedPages } from './memory/locked-pages.js';
import { PhysicalMemory, type PhysicalMemoryOptions } from './memory/physical.js';
import { Modules } from './modules.js';
import { ObjectTable } from './objects.js';
import { Services } from './services.js';
import { defaultOwner, Session, type SessionOwner } from './session.js';
import { throwAll } from './throw-all.js';
import { TracerHost } from './tracer/tracer-host.js';
import { VmmEntry } from './vmm-entry.js';

/** What a driver is told about the machine it plays to run on. */
export interface SupportDriverOptions {
  /** The host's time; that of this machine where not given. */
  readonly timers?: HostTimers;
  /** How fine `timers` tell time, in nanoseconds. 1 ms where not given, as timers of JavaScript do. */
  readonly timerResolution?: number;
  /** Who may use whose objects; by default users their own ones. */
  readonly accessPolicy?: AccessPolicy;
  readonly memory?: PhysicalMemoryOptions;
  readonly gip?: GlobalInfoOptions;
  /** Paging mode, hardware virtualisation. */
  readonly host?: Partial<HostFeatures>;
  readonly loggers?: LoggersOptions;
  /** Receives what `SUPR0Printf` prints. */
  readonly print?: (text: string) => void;
  /** Revision that `SUPR0IdcOpen` tells. */
  readonly revision?: number;
}

/** The support driver: what all sessions share. */
export class SupportDriver {
  readonly timers: HostTimers;
  /** Resolution of waits, in nanoseconds. */
  readonly timerResolution: number;
  readonly revision: number;
  readonly objects: ObjectTable;
  readonly physical: PhysicalMemory;
  readonly lockedPages: LockedPages;
  /** Where mappings lie in the kernel, and in the process. */
  readonly kernelSpace = new AddressSpace('kernel', 0xffff_8000_0000_0000n);
  readonly userSpace = new AddressSpace('user', 0x7f00_0000_0000n);
  readonly gip: GlobalInfo;
  readonly host: HostQueries;
  readonly modules: Modules;
  readonly services: Services;
  readonly vmm: VmmEntry;
  readonly components: Components;
  readonly tracer: TracerHost;
  readonly loggers: Loggers;
  readonly idc: Idc;
  readonly #sessions = new Set<Session>();
  readonly #print: (text: string) => void;
  #nextSession = 1;

  constructor(options: SupportDriverOptions = {}) {
    this.timers = options.timers ?? systemTimers;
    this.timerResolution = options.timerResolution ?? Number(NS_PER_MS);
    this.revision = options.revision ?? 0;
    this.#print = options.print ?? (() => {});
    this.objects = new ObjectTable(options.accessPolicy);
    this.physical = new PhysicalMemory(options.memory);
    this.lockedPages = new LockedPages(this.physical);
    this.gip = new GlobalInfo(this, options.gip);
    this.host = new HostQueries(options.host);
    this.vmm = new VmmEntry();
    this.services = new Services();
    this.components = new Components();
    this.tracer = new TracerHost();
    this.modules = new Modules(this);
    this.loggers = new Loggers({ timers: this.timers, ...options.loggers });
    this.idc = new Idc(this);
  }

  /** Opens a session. */
  openSession(owner: SessionOwner = defaultOwner): Session {
    const session = new Session(this, this.#nextSession++, owner);
    this.#sessions.add(session);
    return session;
  }

  /** Open sessions, oldest first. */
  get sessions(): readonly Session[] {
    return [...this.#sessions];
  }

  /** Prints to the log of the host (`SUPR0Printf`). */
  print(text: string): void {
    this.#print(text);
  }

  /**
   * For {@link Session.close}: takes everything from a session. Who uses something goes before it: waits before objects,
   * objects before the modules that their destructors are in, modules before memory, and loggers at the end, since all of
   * these may log.
   */
  sessionClosed(session: Session): void {
    this.#sessions.delete(session);
    const errors: unknown[] = [];
    const steps: readonly (() => void)[] = [
      () => this.vmm.sessionClosed(session),
      () => session.events.sessionClosed(),
      () => session.multiEvents.sessionClosed(),
      () => this.objects.sessionClosed(session),
      () => this.services.sessionClosed(session),
      () => this.components.sessionClosed(session),
      () => this.tracer.sessionClosed(session),
      () => this.modules.sessionClosed(session),
      () => this.gip.sessionClosed(session),
      () => session.memory.sessionClosed(),
      () => this.loggers.sessionClosed(session),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (error) {
        errors.push(...(error instanceof AggregateError ? error.errors : [error]));
      }
    }
    throwAll(errors, `session ${session.id} was closed, but not everything in it ended well`);
  }
}
