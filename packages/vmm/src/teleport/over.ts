import {
  type Connection,
  isSsmError,
  type ReceiveOverOptions,
  receiveOver,
  type TeleportOverOptions,
  teleportOver,
} from '@ssmkit/runtime';
import type { Uvm, VmLoadOptions, VmTeleportOptions } from '../vm/index.js';

/** How a machine is teleported. */
export interface VmTeleportOverOptions extends Omit<TeleportOverOptions, 'save' | 'paused'> {
  /** Longest time in milliseconds that the machine may be stopped; default 250. */
  readonly maxDowntime?: number | undefined;
  /** What the saved state says about who saved it, and more. */
  readonly save?: Omit<VmTeleportOptions, 'maxDowntime' | 'signal'> | undefined;
}

/**
 * Teleports a machine to a program that waits for it at the other end of a connection, with {@link receiveVmOver}. A machine
 * that runs goes on there; one that is suspended stays so. Once it has resolved, the machine is there, and this one is
 * switched off.
 *
 * @returns size of the saved state.
 * @throws SsmError as `teleportOver` and `uvm.teleport`. A machine that has run runs again.
 */
export async function teleportVmOver(
  uvm: Uvm,
  connection: Connection,
  options: VmTeleportOverOptions = {},
): Promise<{ readonly bytes: number }> {
  const { maxDowntime, save, signal, ...rest } = options;
  let suspended = false;
  let paused = true;
  try {
    const { bytes } = await teleportOver(connection, {
      ...rest,
      ...(signal !== undefined && { signal }),
      paused: () => paused,
      save: async (sink) => {
        paused = uvm.state === 'SUSPENDED';
        const budget = maxDowntime === undefined ? {} : { maxDowntime };
        try {
          ({ suspended } = await uvm.teleport(sink, { ...save, ...budget, signal }));
        } catch (error) {
          suspended = isSsmError(error) && 'suspended' in error && error.suspended === true;
          throw error;
        }
      },
    });
    await uvm.powerOff();
    return { bytes };
  } catch (error) {
    if (suspended && uvm.state === 'SUSPENDED') await uvm.resume('TELEPORT_FAILED');
    throw error;
  }
}

/** How a machine that is received is loaded. */
export type VmReceiveLoadOptions = Omit<VmLoadOptions, 'signal' | 'teleporting' | 'from'>;

/** How a machine is received. */
export interface VmReceiveOverOptions extends Omit<ReceiveOverOptions, 'load'> {
  readonly load?: VmReceiveLoadOptions | undefined;
}

/** Loads a machine that is being received: `load` of `receiveOver` and `receive`. */
export const loadReceived =
  (uvm: Uvm, options: VmReceiveLoadOptions = {}): ReceiveOverOptions['load'] =>
  (source, { signal }) =>
    uvm.load(source, { ...options, signal, teleporting: true, from: 'another host' });

/**
 * Has a machine that was just created become the one that comes over a connection. It runs, unless it was suspended where
 * it came from.
 *
 * @returns size of the saved state.
 * @throws SsmError as `receiveOver` and `uvm.load`.
 */
export async function receiveVmOver(
  uvm: Uvm,
  connection: Connection,
  options: VmReceiveOverOptions = {},
): Promise<{ readonly bytes: number }> {
  const { load, ...rest } = options;
  const { bytes, paused } = await receiveOver(connection, { ...rest, load: loadReceived(uvm, load) });
  if (!paused) await uvm.resume('TELEPORTED');
  return { bytes };
}
