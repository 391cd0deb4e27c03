import type { SsmStatus } from '../status.js';

/*
 * Statuses up to VirtualBox 3.0
 *
 * For 3.1 the statuses of saved states were numbered anew, and one was renamed (VirtualBox 2.1.2 `include/VBox/err.h`).
 * Logs and forum posts of that time have the old ones.
 */

/** What numbers meant that mean something else, or nothing, today. */
export const oldNumbers: ReadonlyMap<number, SsmStatus> = new Map([
  [-1816, 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
  [-1817, 'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND'],
  [-1818, 'VERR_SSM_INTEGRITY_HEADER'],
  [-1819, 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
  [-1820, 'VERR_SSM_NO_LOAD_EXEC'],
  [-1821, 'VERR_SSM_LOADED_TOO_MUCH'],
  [-1822, 'VERR_SSM_INVALID_STATE'],
  [-1823, 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
  [-1824, 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED'],
  [-1825, 'VERR_SSM_LOAD_CPUID_MISMATCH'],
  [-1826, 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH'],
  [-1827, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
  [-1828, 'VERR_SSM_VIRTUAL_CLOCK_HZ'],
  [-1829, 'VERR_SSM_IDE_ASYNC_TIMEOUT'],
  [-1830, 'VERR_SSM_STRUCTURE_MAGIC'],
  [-1831, 'VERR_SSM_UNEXPECTED_DATA'],
  [-1832, 'VERR_SSM_GCPHYS_OVERFLOW'],
  [-1833, 'VERR_SSM_GCPTR_OVERFLOW'],
]);

/** Names that there are not any more. */
export const oldNames: ReadonlyMap<string, SsmStatus> = new Map([
  ['VERR_SSM_INTEGRITY_SIZES', 'VERR_SSM_INTEGRITY_HEADER'],
]);
