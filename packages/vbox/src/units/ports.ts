import type { Catalog } from '../catalog.js';
import { Parallel, ParallelConfig } from './ports/parallel.js';
import { Serial, SerialConfig, SerialOld, SerialOldConfig } from './ports/serial.js';
import './ports/parallel.ssm.js';
import './ports/serial.ssm.js';

/** The units of serial and parallel ports. */
export function portUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'serial', versions: [6, 7], pass: 'final', target: Serial })
    .define({ name: 'serial', versions: [6, 7], pass: 'live', target: SerialConfig })
    .define({ name: 'serial', versions: [3, 4, 5], pass: 'final', target: SerialOld })
    .define({ name: 'serial', versions: [4, 5], pass: 'live', target: SerialOldConfig })
    .define({ name: 'parallel', versions: [1], pass: 'final', target: Parallel })
    .define({ name: 'parallel', versions: [1], pass: 'live', target: ParallelConfig });
}
