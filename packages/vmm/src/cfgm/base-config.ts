import { SsmError } from '@ssmkit/runtime';
import type { ConfigNode } from './node.js';
import { isMissing, queryBytes, queryDef } from './query.js';

/** What a VM reads from the root of its tree before anything else is made. */
export interface BaseConfig {
  readonly cpuCount: number;
  /** Percent of the host's time; not checked here. */
  readonly cpuExecutionCap: number;
  readonly name: string;
  /** 16 bytes, zeros where none is configured. */
  readonly uuid: Uint8Array;
  readonly powerOffInsteadOfReset: boolean;
  /** `VMM/UsePeriodicPreemptionTimers`. */
  readonly usePeriodicPreemptionTimers: boolean;
}

/**
 * Reads the base configuration (seed `VM.cpp, vmR3ReadBaseConfig`).
 *
 * @param cpuCount how many CPUs the VM is created with.
 * @throws SsmError VERR_INVALID_PARAMETER when `NumCPUs` (default 1) says another number, and as `query`.
 */
export function readBaseConfig(root: ConfigNode, cpuCount: number): BaseConfig {
  const configured = queryDef(root, 'NumCPUs', 'u32', 1);
  if (configured !== cpuCount) {
    const detail = `the VM is created with ${cpuCount} CPUs, its configuration (NumCPUs) says ${configured}`;
    throw new SsmError('VERR_INVALID_PARAMETER', detail);
  }
  return {
    cpuCount,
    cpuExecutionCap: queryDef(root, 'CpuExecutionCap', 'u32', 100),
    name: queryDef(root, 'Name', 'string', '<unknown>'),
    uuid: isMissing(root, 'UUID') ? new Uint8Array(16) : queryBytes(root, 'UUID', 16),
    powerOffInsteadOfReset: queryDef(root, 'PowerOffInsteadOfReset', 'bool', false),
    usePeriodicPreemptionTimers: queryDef(root.child('VMM'), 'UsePeriodicPreemptionTimers', 'bool', true),
  };
}
