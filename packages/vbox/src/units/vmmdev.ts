import type { Catalog } from '../catalog.js';
import { VmmDev, VmmDevConfig } from './vmmdev/vmmdev.js';
import './vmmdev/hgcm.ssm.js';
import './vmmdev/vmmdev.ssm.js';

const versions = Array.from({ length: 15 }, (_, i) => i + 6);

/** The unit of the device of Guest Additions. */
export function guestUnits(catalog: Catalog): void {
  catalog.define({ name: 'VMMDev', versions, pass: 'final', target: VmmDev }).define({
    name: 'VMMDev',
    versions: versions.filter((version) => version >= 12),
    pass: 'live',
    target: VmmDevConfig,
  });
}
