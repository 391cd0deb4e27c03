import { SsmError } from '@ssmkit/runtime';
import type { Subsystem } from '../vm/index.js';
import { readRamConfig } from './config.js';
import { mmUnit } from './unit.js';

/**
 * How much RAM the VM has, as `vm.ramConfig`, from `RamSize` and `RamHoleSize`; and the unit `mm`. The RAM itself comes
 * with PGM, without which there is nothing to manage.
 */
export function mm(): Subsystem {
  return {
    name: 'MM',
    init: (vm) => {
      vm.ramConfig = readRamConfig(vm.config);
      vm.registry.register(
        mmUnit(() => {
          if (vm.pgm === undefined) throw new SsmError('VERR_WRONG_ORDER', 'the VM has no memory: PGM is not there');
          return vm.pgm;
        }),
      );
    },
    initPaging: (vm) => {
      if (vm.pgm === undefined) throw new SsmError('VERR_WRONG_ORDER', 'MM needs PGM, which is not plugged in');
    },
  };
}
