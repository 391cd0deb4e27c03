/*
 * What machine a state is of, with the layouts of the units that tell it. Exported as `@ssmkit/vbox/info`; `@ssmkit/vbox` has
 * all of it, too.
 */

export * from './base.js';
export {
  type DeviceInfo,
  type MachineInfo,
  type MachineInfoOptions,
  type MachineState,
  type MemoryRange,
  machineInfo,
} from './document/machine-info.js';
export { type Requirement, requirementsOf } from './document/requirements.js';
