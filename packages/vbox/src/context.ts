import {
  getSelfDescription,
  isSsmError,
  type OpenState,
  type OpenUnit,
  PASS_FINAL,
  type SavedHost,
  type StateHeader,
} from '@ssmkit/runtime';
import type { UnitContext } from './catalog.js';
import { CPUS_MAX } from './units/per-cpu.js';

/** What tells the number of CPUs: the unit `vmm` has a byte for each but the first (`VirtualBox 7.2 VMMR3.cpp, vmmR3Save`). */
const VMM = {
  name: 'vmm',
  instance: 1,
  /** Bytes beside these by version; up to version 3 with a stack, whose size the host decided. */
  bytesBeside: { 3: [12 + 8192, 12 + 16384], 4: [4] } as Readonly<Record<number, readonly number[]>>,
};

/** What tells who saved. */
const SELF = { name: 'SSM', instance: 0, version: 1 };

/** What the header of a state tells; of the rest nothing is known. */
export function headerContext(header: StateHeader, saved?: SavedHost): UnitContext {
  const { product, revision, hostBits = 64, gcPhysBytes, gcPtrBytes } = header;
  return {
    pass: PASS_FINAL,
    size: undefined,
    saved: saved ?? { name: '', bits: hostBits, gcPhysBytes, gcPtrBytes, msc32: false },
    product,
    revision,
    cpuCount: undefined,
  };
}

/**
 * What the layout of a state's units depends on, as far as the state tells; `pass` and `size` are each unit's own.
 *
 * Of a stream, which cannot be read out of turn, the number of CPUs is not known.
 */
export async function contextOf(state: OpenState): Promise<UnitContext> {
  const vmm = await seek(state, VMM.name, VMM.instance);
  return {
    ...headerContext(state.header, vmm?.stream.saved),
    cpuCount: vmm === undefined ? undefined : await cpuCountOf(vmm),
    openSource: await isOpenSource(state),
  };
}

async function cpuCountOf(vmm: OpenUnit): Promise<number | undefined> {
  const { bytesBeside } = VMM;
  const { data } = await vmm.measure();
  const counts = (bytesBeside[vmm.version] ?? []).map((beside) => data - beside + 1);
  return counts.find((count) => count >= 1 && count <= CPUS_MAX);
}

async function isOpenSource(state: OpenState): Promise<boolean | undefined> {
  const self = await seek(state, SELF.name, SELF.instance);
  if (self?.version !== SELF.version) return undefined;
  try {
    return (await getSelfDescription(self.stream)).get('OSE') === 'true';
  } catch (error) {
    if (isSsmError(error)) return undefined;
    throw error;
  }
}

async function seek(state: OpenState, name: string, instance: number): Promise<OpenUnit | undefined> {
  try {
    return await state.seek(name, instance);
  } catch (error) {
    if (isSsmError(error)) return undefined;
    throw error;
  }
}
