import type { Catalog, UnitContext } from '../catalog.js';
import { isSince } from './common.js';
import { Vga, VgaConfig, vgaForms } from './graphics/vga.js';
import './graphics/hgsmi.ssm.js';
import './graphics/vga.ssm.js';
import './graphics/vmsvga-objects.ssm.js';
import './graphics/vmsvga.ssm.js';

/** The newest version. */
const NEWEST = 34;

/**
 * Whether the VMSVGA part of a version is known: before 20 it is not certain, in 24 command buffers stand at a place of
 * their own.
 */
function isSvgaKnown(version: number): boolean {
  return version >= 20 && version !== 24;
}

/** The units of graphics adapters. */
export function graphicsUnits(catalog: Catalog): void {
  const versions = Array.from({ length: NEWEST }, (_, i) => i + 1);
  const since = (first: number) => versions.filter((version) => version >= first);
  catalog
    .define({
      name: 'vga',
      versions: versions.filter((version) => !isSvgaKnown(version)),
      pass: 'final',
      target: Vga,
      prepare: prepareVga,
    })
    .define({
      name: 'vga',
      versions: versions.filter(isSvgaKnown),
      pass: 'final',
      target: Vga,
      prepare: prepareVga,
      forms: vgaForms,
    })
    .define({ name: 'vga', versions: since(4), pass: 'live', target: VgaConfig });
}

function prepareVga(vga: Vga, { size, product, saved }: UnitContext): void {
  vga.unitBytes = size;
  vga.savesVhwa = product !== undefined && !isSince(product, 7, 2);
  vga.isSolaris = saved.name.startsWith('solaris');
}
