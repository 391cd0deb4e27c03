import { isSsmError, type OpenState, type OpenUnit, PASS_FINAL } from '@ssmkit/runtime';
import type { UnitContext } from './catalog.js';

/** What tells the number of CPUs: the unit `vmm` has a byte for each but the first (`VirtualBox 7.2 VMMR3.cpp, vmmR3Save`). */
const VMM = { name: 'vmm', instance: 1, version: 4, bytesBeside: 4 };

/** Most CPUs that a machine of VirtualBox has. */
const CPUS_MAX = 64;

/**
 * What the layout of a state's units depends on, as far as the state tells; `pass` and `size` are each unit's own.
 *
 * Of a stream, which cannot be read out of turn, the number of CPUs is not known.
 */
export async function contextOf(state: OpenState): Promise<UnitContext> {
  const { product, revision, hostBits = 64, gcPhysBytes, gcPtrBytes } = state.header;
  const vmm = await seek(state, VMM.name, VMM.instance);
  return {
    pass: PASS_FINAL,
    size: undefined,
    saved: vmm?.stream.saved ?? { name: '', bits: hostBits, gcPhysBytes, gcPtrBytes, msc32: false },
    product,
    revision,
    cpuCount: vmm === undefined ? undefined : await cpuCountOf(vmm),
  };
}

async function cpuCountOf(vmm: OpenUnit): Promise<number | undefined> {
  if (vmm.version !== VMM.version) return undefined;
  const { data } = await vmm.measure();
  const count = data - VMM.bytesBeside + 1;
  return count >= 1 && count <= CPUS_MAX ? count : undefined;
}

async function seek(state: OpenState, name: string, instance: number): Promise<OpenUnit | undefined> {
  try {
    return await state.seek(name, instance);
  } catch (error) {
    if (isSsmError(error)) return undefined;
    throw error;
  }
}
