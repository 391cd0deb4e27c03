import type { UnitContext } from '../catalog.js';

/** Most CPUs that a machine has (`VirtualBox 7.2 include/VBox/param.h, VMM_MAX_CPU_COUNT`). */
export const CPUS_MAX = 64;

/**
 * How many CPUs a unit has data of.
 *
 * @param own as many as the object has, which counts when it is written.
 * @param bySize as many as make the unit as long as it is, where its length tells.
 */
export function cpusOf(
  { cpuCount, size }: Pick<UnitContext, 'cpuCount' | 'size'>,
  own: number,
  bySize?: (size: number) => number,
): number {
  if (size === undefined) return own;
  return bySize?.(size) ?? cpuCount ?? 1;
}
