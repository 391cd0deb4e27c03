import { isSsmError, type TeleportOverOptions, teleportOver } from '@ssmkit/runtime';
import { connectTcp, type ReceiveOptions, receive, SocketConnection, type TeleportOptions } from '@ssmkit/runtime/node';
import type { Uvm, VmLoadOptions, VmTeleportOptions } from '../vm/index.js';

/** How a machine is teleported to another program. */
export interface VmTeleportToOptions
  extends Omit<TeleportOverOptions, 'save' | 'paused'>,
    Pick<TeleportOptions, 'host' | 'port' | 'connectTimeout' | 'maxDowntime'> {
  /** What the saved state says about who saved it, and more. */
  readonly save?: Omit<VmTeleportOptions, 'maxDowntime' | 'signal'>;
}

/**
 * Teleports a machine to a program that waits for it with {@link receiveVm}. A machine that runs goes on there; one that
 * is suspended stays so. Once it has resolved, the machine is there, and this one is switched off.
 *
 * @returns size of the saved state.
 * @throws SsmError as `teleportOver`, `connectTcp` and `uvm.teleport`. A machine that has run runs again.
 */
export async function teleportVm(uvm: Uvm, options: VmTeleportToOptions): Promise<{ readonly bytes: number }> {
  const { host, port, connectTimeout, maxDowntime, save, signal, ...rest } = options;
  const socket = await connectTcp({ host, port, timeout: connectTimeout, signal });
  let suspended = false;
  let paused = true;
  try {
    const { bytes } = await teleportOver(new SocketConnection(socket), {
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

/** How a machine is received. */
export interface VmReceiveOptions extends Omit<ReceiveOptions, 'load'> {
  /** How the state is loaded. */
  readonly load?: Omit<VmLoadOptions, 'signal' | 'teleporting' | 'from'>;
}

/**
 * Waits for a machine, and has one that was just created become it. It runs, unless it was suspended where it came from.
 *
 * @throws SsmError as `receive` and `uvm.load`.
 */
export async function receiveVm(uvm: Uvm, options: VmReceiveOptions = {}): Promise<{ readonly bytes: number }> {
  const { load, ...rest } = options;
  const { bytes, paused } = await receive(
    (source, { signal }) => uvm.load(source, { ...load, signal, teleporting: true, from: 'another host' }),
    rest,
  );
  if (!paused) await uvm.resume('TELEPORTED');
  return { bytes };
}
