import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import type { Pdm } from './pdm.js';

/** Operations of services, which are all that drivers may call (`vmm.h, VMMR0_DO_SRV_START` and `_END`; their values are ours). */
export const serviceOperations = { START: 0x1000, END: 0x2000 } as const;

/**
 * Calls a service operation of the VMM in ring 0 (`VirtualBox PDMDriver.cpp, pdmR3DrvHlp_SUPCallVMMR0Ex`).
 *
 * @throws SsmError VERR_INVALID_PARAMETER for other operations, VERR_NOT_SUPPORTED without a session, and as `VmmEntry.call`.
 */
export async function callService(pdm: Pdm, operation: number, request?: Uint8Array): Promise<SsmStatus> {
  if (!(operation >= serviceOperations.START && operation < serviceOperations.END)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `0x${operation.toString(16)} is no service operation`);
  }
  const { session } = pdm;
  if (session === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'the VM has no session of the support library');
  return session.driver.vmm.call(session, pdm.vm, 0, operation, 0n, request);
}
