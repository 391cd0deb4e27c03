import { SsmError, type UnitRegistration } from '@ssmkit/runtime';
import type { Cpu8086 } from './cpu.js';
import { Cpu8086State, IEM_UNIT, IEM_UNIT_VERSION } from './state.js';

/**
 * The saved-state unit of a CPU, for a registry.
 *
 * @param instance number of the CPU.
 */
export function iemUnit(cpu: Cpu8086, instance = 0): UnitRegistration {
  return {
    name: IEM_UNIT,
    instance,
    version: IEM_UNIT_VERSION,
    guess: 43,
    saveExec: (stream) => stream.put(cpu.saveState()),
    loadExec: (stream, version) => {
      if (version !== IEM_UNIT_VERSION) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${IEM_UNIT}'`);
      }
      cpu.loadState(stream.get(new Cpu8086State()));
    },
  };
}
