import type { Session } from '../session.js';
import type { Probe, Provider } from './tracer-host.js';

/** SUPDRVTRACERREG_MAGIC. */
export const TRACER_MAGIC = 0x19601009;
/** SUPDRVTRACERREG_VERSION, where sup.h has the two words 0 and 1: taken for the high and the low one. */
export const TRACER_VERSION = 0x0000_0001;

/** Raw arguments of a probe. */
export type ProbeArgs = readonly (number | bigint | string | boolean | undefined)[];

/** SUPDRVTRACERUSRCTX: how a process says that it has come to a probe. */
export interface UserProbeContext {
  readonly probeId: number;
  /** Of the process: 32 or 64. */
  readonly bits: 32 | 64;
  readonly args: ProbeArgs;
  /** Registers of the process, as far as it tells them. */
  readonly registers?: Readonly<Record<string, bigint>>;
}

/** SUPDRVTRACERREG: what a tracer brings. */
export interface TracerRegistration {
  /** TRACER_MAGIC, in front and at the end. */
  readonly magic: number;
  readonly version: number;
  readonly endMagic: number;
  /** A probe of the kernel, or of a driver. */
  probeFireKernel(probe: Probe, args: ProbeArgs): void;
  /** A probe of a process. */
  probeFireUser(session: Session, probe: Probe, context: UserProbeContext): void;
  /** Opens the tracer for a session. @returns what later calls for the session are given. Throws to refuse, for example the cookie. */
  open(session: Session, cookie: number, arg: bigint): unknown;
  /** Answers a command. @returns 32 bits with a sign. */
  ioCtl(session: Session, data: unknown, command: bigint, arg: bigint): number;
  close(session: Session, data: unknown): void;
  providerRegister(provider: Provider): void;
  /** A provider goes. VERR_TRY_AGAIN: not yet; it fires no more, and `providerDeregisterZombie` is called until it is gone. */
  providerDeregister(provider: Provider): 'VINF_SUCCESS' | 'VERR_TRY_AGAIN';
  providerDeregisterZombie(provider: Provider): 'VINF_SUCCESS' | 'VERR_TRY_AGAIN';
  /** For tracers that enable probes by other means than {@link Probe.enable}: whether somebody listens now. */
  probeEnabled?(probe: Probe): boolean;
}
