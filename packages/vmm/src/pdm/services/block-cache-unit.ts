import { SsmError, type UnitRegistration } from '@ssmkit/runtime';
import { PdmBlkCache } from '@ssmkit/vbox';
import type { BlockCache } from './block-cache.js';

export const BLOCK_CACHE_UNIT = 'pdmblkcache';
export const BLOCK_CACHE_UNIT_VERSION = 1;

/** What disks were not yet given (`VirtualBox 7.2 PDMR3BlkCache.cpp, pdmR3BlkCacheSaveExec`). */
export function blockCacheUnit(cache: BlockCache): UnitRegistration {
  return {
    name: BLOCK_CACHE_UNIT,
    version: BLOCK_CACHE_UNIT_VERSION,
    savePrep: async () => {
      for (const user of cache.users) await user.suspend();
    },
    saveExec: (stream) => stream.put(cache.save(new PdmBlkCache())),
    loadExec: async (stream, version, _pass, handle) => {
      if (version !== BLOCK_CACHE_UNIT_VERSION) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${BLOCK_CACHE_UNIT}'`);
      }
      const problem = await cache.load(stream.get(new PdmBlkCache()));
      return problem === undefined ? undefined : handle.setCfgError(problem);
    },
  };
}
