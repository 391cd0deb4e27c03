import { type Channel, channel } from 'node:diagnostics_channel';
import { SsmError } from '@ssmkit/runtime';
import type { Session } from '../session.js';
import {
  type ProbeArgs,
  TRACER_MAGIC,
  TRACER_VERSION,
  type TracerRegistration,
  type UserProbeContext,
} from '../tracer/tracer.js';
import type { Probe, Provider } from '../tracer/tracer-host.js';

/** Cookie of those who open this tracer: 'diag'. */
export const DIAGNOSTICS_COOKIE = 0x67616964;

/** Commands of this tracer. */
export const diagnosticsCommands = {
  /** How many probes somebody listens to. */
  LISTENING: 1n,
  /** How many messages were published. */
  PUBLISHED: 2n,
} as const;

/** What listeners are given. */
export interface ProbeMessage {
  readonly provider: string;
  readonly module: string;
  readonly probe: string;
  readonly args: ProbeArgs;
  /** Of probes in a process. */
  readonly session?: Session;
  readonly context?: UserProbeContext;
}

/** Name of a probe's channel. */
export function channelName(provider: string, probe: string): string {
  return `ssmkit:${provider}:${probe}`;
}

/**
 * A tracer that publishes probes on channels of node:diagnostics_channel, one each: `ssmkit:<provider>:<probe>`. A probe is
 * enabled while its channel has subscribers.
 */
export class DiagnosticsTracer implements TracerRegistration {
  readonly magic = TRACER_MAGIC;
  readonly version = TRACER_VERSION;
  readonly endMagic = TRACER_MAGIC;
  // Channels that nobody refers to are collected, with their subscribers.
  readonly #channels = new Map<Probe, Channel>();
  #published = 0;

  probeEnabled(probe: Probe): boolean {
    return this.#channels.get(probe)?.hasSubscribers ?? false;
  }

  probeFireKernel(probe: Probe, args: ProbeArgs): void {
    this.#publish(probe, { args });
  }

  probeFireUser(session: Session, probe: Probe, context: UserProbeContext): void {
    this.#publish(probe, { args: context.args, session, context });
  }

  open(_session: Session, cookie: number): unknown {
    if (cookie !== DIAGNOSTICS_COOKIE) {
      throw new SsmError('VERR_INVALID_MAGIC', `0x${cookie.toString(16)} is another tracer's cookie`);
    }
    return {};
  }

  ioCtl(_session: Session, _data: unknown, command: bigint): number {
    switch (command) {
      case diagnosticsCommands.LISTENING:
        return [...this.#channels.values()].filter(({ hasSubscribers }) => hasSubscribers).length;
      case diagnosticsCommands.PUBLISHED:
        return this.#published;
      default:
        throw new SsmError('VERR_NOT_SUPPORTED', `there is no command ${command}`);
    }
  }

  close(): void {}

  providerRegister(provider: Provider): void {
    for (const probe of provider.probes) this.#channels.set(probe, channel(channelName(provider.name, probe.name)));
  }

  providerDeregister(provider: Provider): 'VINF_SUCCESS' {
    for (const probe of provider.probes) this.#channels.delete(probe);
    return 'VINF_SUCCESS';
  }

  providerDeregisterZombie(provider: Provider): 'VINF_SUCCESS' {
    return this.providerDeregister(provider);
  }

  #publish({ name, provider }: Probe, message: Pick<ProbeMessage, 'args' | 'session' | 'context'>): void {
    this.#published++;
    channel(channelName(provider.name, name)).publish({
      provider: provider.name,
      module: provider.module,
      probe: name,
      ...message,
    } satisfies ProbeMessage);
  }
}
