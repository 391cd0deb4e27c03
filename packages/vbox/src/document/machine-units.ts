import { Catalog } from '../catalog.js';
import { coreUnits } from '../units/core.js';
import { cpuUnits } from '../units/cpu.js';
import { graphicsUnits } from '../units/graphics.js';
import { mainUnits } from '../units/main.js';
import { platformUnits } from '../units/platform.js';
import { guestUnits } from '../units/vmmdev.js';

/** The layouts of the units that tell what machine it is, and of those beside them. */
export const machineUnits = new Catalog();
coreUnits(machineUnits);
cpuUnits(machineUnits);
mainUnits(machineUnits);
platformUnits(machineUnits);
graphicsUnits(machineUnits);
guestUnits(machineUnits);

/** Units that are decoded. */
export const decodedNames: ReadonlySet<string> = new Set([
  'cpum',
  'pdm',
  'mc146818',
  'vga',
  'VMMDev',
  'DisplayScreenshot',
  'tm',
  'mm',
]);
