import type { MaybeNode } from '../cfgm/index.js';
import { query, queryDef } from '../cfgm/index.js';
import { checkRamSizes } from '../pgm/index.js';

/** How much RAM a machine has. */
export interface RamConfig {
  /** Bytes. */
  readonly size: number;
  /** Bytes below 4 GiB that are none: there PCI devices and the firmware are. */
  readonly hole: number;
}

/** What a machine with the usual chipset has. */
const HOLE_DEFAULT = 2 ** 29;

/**
 * Reads `RamSize` and `RamHoleSize` from the root of the configuration.
 *
 * @throws SsmError VERR_CFGM_VALUE_NOT_FOUND without `RamSize`, VERR_INVALID_PARAMETER for sizes that are no whole pages,
 * VERR_OUT_OF_RANGE for too large ones; as `query`.
 */
export function readRamConfig(root: MaybeNode): RamConfig {
  const config = {
    size: Number(query(root, 'RamSize', 'u64')),
    hole: queryDef(root, 'RamHoleSize', 'u32', HOLE_DEFAULT),
  };
  checkRamSizes(config);
  return config;
}
