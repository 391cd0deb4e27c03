import { connectTcp, type ReceiveOptions, receive, SocketConnection, type TeleportOptions } from '@ssmkit/runtime/node';
import {
  loadReceived,
  teleportVmOver,
  type VmReceiveLoadOptions,
  type VmTeleportOverOptions,
} from '../teleport/over.js';
import type { Uvm } from '../vm/index.js';

/** How a machine is teleported to another program. */
export interface VmTeleportToOptions
  extends VmTeleportOverOptions,
    Pick<TeleportOptions, 'host' | 'port' | 'connectTimeout'> {}

/**
 * Teleports a machine to a program that waits for it with {@link receiveVm}. A machine that runs goes on there; one that
 * is suspended stays so. Once it has resolved, the machine is there, and this one is switched off.
 *
 * @returns size of the saved state.
 * @throws SsmError as `connectTcp` and `teleportVmOver`. A machine that has run runs again.
 */
export async function teleportVm(uvm: Uvm, options: VmTeleportToOptions): Promise<{ readonly bytes: number }> {
  const { host, port, connectTimeout, ...rest } = options;
  const socket = await connectTcp({ host, port, timeout: connectTimeout, signal: rest.signal });
  return teleportVmOver(uvm, new SocketConnection(socket), rest);
}

/** How a machine is received. */
export interface VmReceiveOptions extends Omit<ReceiveOptions, 'load'> {
  /** How the state is loaded. */
  readonly load?: VmReceiveLoadOptions;
}

/**
 * Waits for a machine, and has one that was just created become it. It runs, unless it was suspended where it came from.
 *
 * @throws SsmError as `receive` and `uvm.load`.
 */
export async function receiveVm(uvm: Uvm, options: VmReceiveOptions = {}): Promise<{ readonly bytes: number }> {
  const { load, ...rest } = options;
  const { bytes, paused } = await receive(loadReceived(uvm, load), rest);
  if (!paused) await uvm.resume('TELEPORTED');
  return { bytes };
}
