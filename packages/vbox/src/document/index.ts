export { nearNames } from '../near-names.js';
export { type BuildOptions, type BuildResult, buildState } from './build-state.js';
export { chooseUnit, chooseUnits, unitName } from './choose-units.js';
export { type CpuInfo, cpuInfo } from './cpu-info.js';
export { type DeviceName, deviceName } from './device-names.js';
export { type DiffOptions, diffStates } from './diff-states.js';
export type {
  FieldChange,
  MemoryDifference,
  Range,
  Ranges,
  StateDifference,
  UnitDifference,
} from './differences.js';
export type { Poke } from './edit-pgm.js';
export { type Edit, type EditOptions, type EditResult, editState } from './edit-state.js';
export {
  type DeviceInfo,
  type MachineInfo,
  type MachineInfoOptions,
  type MachineState,
  type MemoryRange,
  machineInfo,
} from './machine-info.js';
export { pgmHeaderJson } from './pgm-json.js';
export { type Requirement, requirementsOf } from './requirements.js';
export { type DescribedState, type DocumentOptions, type DocumentResult, stateDocument } from './write-document.js';
