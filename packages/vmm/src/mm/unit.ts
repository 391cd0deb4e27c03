import { type LoadHandle, SsmError, type UnitRegistration } from '@ssmkit/runtime';
import { Mm, MmV1, PAGE_SIZE } from '@ssmkit/vbox';
import { type GuestMemory, romPages } from '../pgm/index.js';

export const MM_UNIT = 'mm';
export const MM_UNIT_VERSION = 2;

/**
 * The saved-state unit of the memory manager, for a registry: how much memory there is (`VirtualBox 7.2 MMR3.cpp,
 * mmR3Save` and `mmR3Load`). RAM must be of the size that was saved; how many pages of ROM there were is for the unit `pgm`.
 *
 * @param memory is asked for when it is needed: PGM comes later than MM.
 */
export function mmUnit(memory: () => Pick<GuestMemory, 'ram' | 'roms'>): UnitRegistration {
  return {
    name: MM_UNIT,
    instance: 1,
    version: MM_UNIT_VERSION,
    guess: 16,
    saveExec: (stream) => {
      const { ram, roms } = memory();
      const basePages = BigInt(ram.pageCount + romPages({ roms }));
      stream.put(Object.assign(new Mm(), { basePages, ramBytes: BigInt(ram.size) }));
    },
    loadExec: (stream, version, _pass, handle) => {
      if (version !== 1 && version !== MM_UNIT_VERSION) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${MM_UNIT}'`);
      }
      const { ramBytes } = stream.get(version === 1 ? new MmV1() : new Mm());
      return checkRam(Number(ramBytes), memory().ram.size, handle);
    },
  };
}

function checkRam(saved: number, size: number, handle: LoadHandle) {
  if (saved === size || handle.after === 'DEBUG_IT') return 'VINF_SUCCESS';
  const pages = `${saved / PAGE_SIZE} pages of RAM, this one has ${size / PAGE_SIZE}`;
  return handle.setLoadError('VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH', `the state is of a machine with ${pages}`);
}
