import { SsmError, type UnitRegistration } from '@ssmkit/runtime';
import { Tm } from '@ssmkit/vbox';
import type { TimeManager } from './time-manager.js';

export const TM_UNIT = 'tm';
export const TM_UNIT_VERSION = 3;

/** The saved-state unit of the clocks, for a registry (`VirtualBox 7.2 TMR3.cpp`). */
export function tmUnit(tm: TimeManager): UnitRegistration {
  return {
    name: TM_UNIT,
    instance: 1,
    version: TM_UNIT_VERSION,
    guess: 65 + 8 * tm.cpus.length,
    saveExec: (stream) => stream.put(tm.saveState()),
    loadExec: (stream, version) => {
      if (version !== TM_UNIT_VERSION) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${TM_UNIT}'`);
      }
      const saved = new Tm();
      // The unit has a TSC per CPU, and does not say how many.
      saved.cpuCount = tm.cpus.length;
      tm.loadState(stream.get(saved));
    },
  };
}
