import type { Vm } from './vm.js';

/** Who has asked for a reset (`PDMVMRESET_F_*`). */
export const resetFlags = {
  UNKNOWN: 0,
  GIM: 0x01,
  /** The last that is always a hard reset. */
  LAST_ALWAYS_HARD: 0x01,
  ACPI: 0x0c,
  PORT_A: 0x0d,
  KBD: 0x0e,
  TRIPLE_FAULT: 0x0f,
  SRC_MASK: 0x0f,
} as const;

/** The firmware, as far as resets are concerned. */
export interface Firmware {
  /** Whether this is to be a hard reset: software may have asked for a soft one through the CMOS RAM. */
  isHardReset(flags: number): boolean;
}

/** How the machine is to be reset. */
export interface ResetInfo {
  readonly hard: boolean;
  readonly flags: number;
}

/**
 * Takes the flags of those who have asked for a reset, and decides (`VirtualBox 7.2 VMMR3/PDM.cpp, PDMR3GetResetInfo`).
 *
 * A soft reset is for a machine of which only CPU 0 is in use. Flags below, not up to, the last that is always hard are:
 * so the original compares.
 *
 * @param override flags that count instead of those.
 */
export function takeResetInfo(vm: Vm, override = 0): ResetInfo {
  const taken = vm.takeResetFlags();
  const flags = override === 0 ? taken : override;
  const { firmware } = vm;
  const othersInUse = vm.cpus.some(({ id, activity }) => id !== 0 && activity !== 'NONE' && activity !== 'WAIT_SIPI');
  const hard =
    othersInUse ||
    (flags & resetFlags.SRC_MASK) < resetFlags.LAST_ALWAYS_HARD ||
    firmware === undefined ||
    firmware.isHardReset(flags);
  return { hard, flags };
}
