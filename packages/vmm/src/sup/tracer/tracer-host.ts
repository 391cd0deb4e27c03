import { SsmError } from '@ssmkit/runtime';
import type { ModuleImage } from '../modules.js';
import type { Session } from '../session.js';
import { checkProvider, type ProbeDescription, type ProviderDescription } from './provider.js';
import {
  type ProbeArgs,
  TRACER_MAGIC,
  TRACER_VERSION,
  type TracerRegistration,
  type UserProbeContext,
} from './tracer.js';

/** Most providers that a session's process can register: this driver's own limit, as processes are not trusted. */
const USER_PROVIDERS_MAX = 100;

/** A probe. It costs next to nothing while it is not enabled; so ask `isEnabled` before arguments are computed. */
export class Probe {
  /** Number that no other probe of the driver has. */
  readonly id: number;
  readonly provider: Provider;
  readonly description: ProbeDescription;
  readonly #host: TracerHost;
  #enabled = 0;

  constructor(host: TracerHost, provider: Provider, description: ProbeDescription, id: number) {
    this.#host = host;
    this.provider = provider;
    this.description = description;
    this.id = id;
  }

  get name(): string {
    return this.description.name;
  }

  /** Whether somebody is to be told. */
  get isEnabled(): boolean {
    return !this.provider.isGone && (this.#enabled > 0 || this.#host.isListening(this));
  }

  /** Once more, somebody wants to be told. For tracers. */
  enable(): void {
    this.#enabled++;
  }

  /** Takes back one {@link enable}. @throws SsmError VERR_WRONG_ORDER. */
  disable(): void {
    if (this.#enabled === 0) throw new SsmError('VERR_WRONG_ORDER', `probe '${this.name}' is not enabled`);
    this.#enabled--;
  }

  /** Tells the tracer that the code has come here, if somebody wants to know (`SUPR0TracerFireProbe`, `SUPTracerFireProbe`). */
  fire(...args: ProbeArgs): void {
    if (this.isEnabled) this.#host.fired(this, args);
  }
}

/** A provider that is registered. */
export class Provider {
  readonly name: string;
  /** Name of the driver or module that it is part of. */
  readonly module: string;
  /** The session whose process it is in; kernel providers have none. */
  readonly session: Session | undefined;
  readonly probes: readonly Probe[];
  #isGone = false;

  constructor(
    host: TracerHost,
    description: ProviderDescription,
    module: string,
    session: Session | undefined,
    firstId: number,
  ) {
    this.name = description.name;
    this.module = module;
    this.session = session;
    this.probes = description.probes.map((probe, i) => new Probe(host, this, probe, firstId + i));
  }

  /** Whether it is deregistered. Its probes fire no more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** @throws SsmError VERR_SYMBOL_NOT_FOUND. */
  probe(name: string): Probe {
    const probe = this.probes.find((one) => one.name === name);
    if (probe === undefined)
      throw new SsmError('VERR_SYMBOL_NOT_FOUND', `provider '${this.name}' has no probe '${name}'`);
    return probe;
  }

  /** For the driver. */
  retire(): void {
    this.#isGone = true;
  }
}

interface Registered {
  readonly provider: Provider;
  readonly description: ProviderDescription;
  /** The driver's session or the module that it goes with. */
  readonly owner: Session | ModuleImage;
}

/** The driver's side of tracing: one tracer, any number of providers, in whichever order they come. */
export class TracerHost {
  #tracer: { readonly registration: TracerRegistration; readonly session: Session } | undefined;
  #isUnloading = false;
  readonly #providers = new Set<Registered>();
  readonly #zombies = new Set<Provider>();
  readonly #opened = new Map<Session, unknown>();
  #nextId = 1;

  /** The providers there are. */
  get providers(): readonly Provider[] {
    return [...this.#providers].map(({ provider }) => provider);
  }

  /** How many providers are gone of which the tracer has not let go. */
  get zombies(): number {
    return this.#zombies.size;
  }

  /**
   * Registers the tracer (`SUPR0TracerRegisterImpl`) and tells it of all providers.
   *
   * @throws SsmError VERR_INVALID_MAGIC, VERR_VERSION_MISMATCH, VERR_SUPDRV_TRACER_ALREADY_REGISTERED; what the tracer
   * throws for a provider, after which it is not registered.
   */
  registerTracer(session: Session, registration: TracerRegistration): void {
    session.mustBeOpen();
    const { magic, version, endMagic } = registration;
    if (magic !== TRACER_MAGIC) throw new SsmError('VERR_INVALID_MAGIC', `0x${magic.toString(16)} is no tracer`);
    if (version !== TRACER_VERSION || endMagic !== TRACER_MAGIC) {
      throw new SsmError('VERR_VERSION_MISMATCH', `version 0x${version.toString(16)} of a tracer`);
    }
    if (this.#tracer !== undefined) throw new SsmError('VERR_SUPDRV_TRACER_ALREADY_REGISTERED', 'there is a tracer');
    const told: Provider[] = [];
    try {
      for (const { provider } of this.#providers) {
        registration.providerRegister(provider);
        told.push(provider);
      }
    } catch (error) {
      for (const provider of told) registration.providerDeregister(provider);
      throw error;
    }
    this.#tracer = { registration, session };
  }

  /**
   * Deregisters the tracer (`SUPR0TracerDeregisterImpl`), after it has let go of all providers.
   *
   * @throws SsmError VERR_SUPDRV_TRACER_NOT_REGISTERED, also for a session that has not registered it; VERR_TRY_AGAIN while
   * it does not let go. Then it is unloading: nobody can open it, and the call is to be made again.
   */
  deregisterTracer(session: Session): void {
    if (this.#tracer?.session !== session) {
      throw new SsmError('VERR_SUPDRV_TRACER_NOT_REGISTERED', `session ${session.id} has registered no tracer`);
    }
    const { registration } = this.#tracer;
    if (!this.#isUnloading) {
      this.#isUnloading = true;
      for (const user of [...this.#opened.keys()]) this.close(user);
      for (const { provider } of this.#providers) this.#letGo(provider, registration.providerDeregister(provider));
    }
    this.reapZombies();
    if (this.#zombies.size > 0) {
      throw new SsmError('VERR_TRY_AGAIN', `the tracer still holds ${this.#zombies.size} providers`);
    }
    this.#tracer = undefined;
    this.#isUnloading = false;
  }

  /** Asks the tracer once more to let go of providers that are gone. */
  reapZombies(): void {
    for (const provider of this.#zombies) {
      this.#letGo(provider, this.#tracer!.registration.providerDeregisterZombie(provider));
    }
  }

  /**
   * Registers the provider of a driver (`SUPR0TracerRegisterDrv`).
   *
   * @throws SsmError VERR_SUPDRV_VTG_ONLY_ONCE_PER_SESSION; as {@link checkProvider}; what the tracer throws.
   */
  registerDriver(session: Session, description: ProviderDescription, name: string): Provider {
    session.mustBeOpen();
    if ([...this.#providers].some(({ owner, provider }) => owner === session && provider.session === undefined)) {
      throw new SsmError('VERR_SUPDRV_VTG_ONLY_ONCE_PER_SESSION', `session ${session.id} has registered a provider`);
    }
    return this.#register(description, name, session, undefined);
  }

  /** Deregisters it (`SUPR0TracerDeregisterDrv`). Without one nothing happens. */
  deregisterDriver(session: Session): void {
    this.#deregister(({ owner, provider }) => owner === session && provider.session === undefined);
  }

  /** Registers the provider of a module in the kernel (`SUPR0TracerRegisterModule`). @throws as {@link registerDriver}, VERR_SUPDRV_VTG_ALREADY_REGISTERED. */
  registerModule(image: ModuleImage, description: ProviderDescription): Provider {
    return this.#register(description, image.name, image, undefined);
  }

  /** Deregisters the providers of a module. */
  deregisterModule(image: ModuleImage): void {
    this.#deregister(({ owner }) => owner === image);
  }

  /**
   * Registers the provider of a process's module (`SUPR3TracerRegisterModule`).
   *
   * @throws SsmError VERR_SUPDRV_TRACER_TOO_MANY_PROVIDERS, VERR_SUPDRV_VTG_ALREADY_REGISTERED; as {@link checkProvider}.
   */
  registerUserModule(session: Session, module: string, description: ProviderDescription): Provider {
    session.mustBeOpen();
    if (this.providers.filter((provider) => provider.session === session).length >= USER_PROVIDERS_MAX) {
      throw new SsmError('VERR_SUPDRV_TRACER_TOO_MANY_PROVIDERS', `session ${session.id} has ${USER_PROVIDERS_MAX}`);
    }
    return this.#register(description, module, session, session);
  }

  /** Deregisters it (`SUPR3TracerDeregisterModule`). @throws SsmError VERR_INVALID_HANDLE. */
  deregisterUserModule(session: Session, description: ProviderDescription): void {
    const found = this.#deregister((one) => one.provider.session === session && one.description === description);
    if (found === 0) throw new SsmError('VERR_INVALID_HANDLE', `the session has no provider '${description.name}'`);
  }

  /**
   * Opens the tracer (`SUPR3TracerOpen`).
   *
   * @throws SsmError VERR_SUPDRV_TRACER_NOT_PRESENT, VERR_SUPDRV_TRACER_UNLOADING, VERR_SUPDRV_TRACER_CANNOT_OPEN_SELF,
   * VERR_SUPDRV_TRACER_ALREADY_OPENED; what the tracer throws.
   */
  open(session: Session, cookie: number, arg = 0n): void {
    session.mustBeOpen();
    const tracer = this.#tracer;
    if (tracer === undefined) throw new SsmError('VERR_SUPDRV_TRACER_NOT_PRESENT', 'there is no tracer');
    if (this.#isUnloading) throw new SsmError('VERR_SUPDRV_TRACER_UNLOADING', 'the tracer is about to go');
    if (tracer.session === session) {
      throw new SsmError('VERR_SUPDRV_TRACER_CANNOT_OPEN_SELF', 'the session has registered the tracer');
    }
    if (this.#opened.has(session)) {
      throw new SsmError('VERR_SUPDRV_TRACER_ALREADY_OPENED', `session ${session.id} has opened the tracer`);
    }
    this.#opened.set(session, tracer.registration.open(session, cookie, arg));
  }

  /** Sends the tracer a command (`SUPR3TracerIoCtl`). @throws SsmError VERR_SUPDRV_TRACER_NOT_OPENED; what the tracer throws. */
  ioCtl(session: Session, command: bigint, arg = 0n): number {
    this.#mustBeOpened(session);
    return this.#tracer!.registration.ioCtl(session, this.#opened.get(session), command, arg) | 0;
  }

  /** Closes the tracer (`SUPR3TracerClose`). @throws SsmError VERR_SUPDRV_TRACER_NOT_OPENED. */
  close(session: Session): void {
    this.#mustBeOpened(session);
    const data = this.#opened.get(session);
    this.#opened.delete(session);
    this.#tracer!.registration.close(session, data);
  }

  /**
   * A process has come to one of its probes (`SUPR0TracerUmodProbeFire`). A number of no probe of the session is ignored, as
   * is a probe that is not enabled: processes are not trusted.
   */
  fireUser(session: Session, context: UserProbeContext): void {
    for (const provider of this.providers) {
      if (provider.session !== session) continue;
      const probe = provider.probes.find(({ id }) => id === context.probeId);
      if (probe?.isEnabled === true) this.#tracer?.registration.probeFireUser(session, probe, context);
    }
  }

  /** For {@link Probe}. */
  fired(probe: Probe, args: ProbeArgs): void {
    const { session } = probe.provider;
    if (session === undefined) this.#tracer?.registration.probeFireKernel(probe, args);
    else this.fireUser(session, { probeId: probe.id, bits: 64, args });
  }

  /** For {@link Probe}: whether the tracer knows of somebody who listens. */
  isListening(probe: Probe): boolean {
    return this.#tracer?.registration.probeEnabled?.(probe) ?? false;
  }

  /** For the driver. */
  sessionClosed(session: Session): void {
    if (this.#opened.has(session)) this.close(session);
    this.#deregister(({ owner }) => owner === session);
    if (this.#tracer?.session !== session) return;
    try {
      this.deregisterTracer(session);
    } finally {
      // Its session is gone, and with it whatever would have let go.
      this.#zombies.clear();
      this.#tracer = undefined;
      this.#isUnloading = false;
    }
  }

  #register(
    description: ProviderDescription,
    module: string,
    owner: Session | ModuleImage,
    session: Session | undefined,
  ): Provider {
    checkProvider(description);
    if ([...this.#providers].some((one) => one.description === description && one.owner === owner)) {
      throw new SsmError('VERR_SUPDRV_VTG_ALREADY_REGISTERED', `provider '${description.name}' is registered`);
    }
    if (this.#tracer !== undefined) this.reapZombies();
    const provider = new Provider(this, description, module, session, this.#nextId);
    this.#nextId += provider.probes.length;
    // A tracer that is about to go would not be told when the provider goes.
    if (!this.#isUnloading) this.#tracer?.registration.providerRegister(provider);
    this.#providers.add({ provider, description, owner });
    return provider;
  }

  #deregister(matches: (one: Registered) => boolean): number {
    const gone = [...this.#providers].filter(matches);
    for (const one of gone) {
      this.#providers.delete(one);
      one.provider.retire();
      if (this.#tracer !== undefined && !this.#isUnloading) {
        this.#letGo(one.provider, this.#tracer.registration.providerDeregister(one.provider));
      }
    }
    return gone.length;
  }

  #letGo(provider: Provider, status: 'VINF_SUCCESS' | 'VERR_TRY_AGAIN'): void {
    if (status === 'VERR_TRY_AGAIN') this.#zombies.add(provider);
    else this.#zombies.delete(provider);
  }

  #mustBeOpened(session: Session): void {
    if (!this.#opened.has(session)) {
      throw new SsmError('VERR_SUPDRV_TRACER_NOT_OPENED', `session ${session.id} has not opened the tracer`);
    }
  }
}
