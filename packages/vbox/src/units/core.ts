import type { Catalog } from '../catalog.js';
import { Mm, Ssm, SsmLiveControl } from './ssm.js';

/** The units of the virtual machine monitor itself. */
export function coreUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'SSM', versions: [1], target: Ssm })
    .define({ name: 'SSMLiveControl', versions: [1], target: SsmLiveControl })
    .define({ name: 'mm', versions: [2], target: Mm });
}
