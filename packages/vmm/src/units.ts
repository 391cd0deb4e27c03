import { catalog as known } from '@ssmkit/vbox';
import { pcUnits } from './machine/pc.js';

/** The layouts of VirtualBox's units, and of those that only this VMM has: for `ssm dump --units @ssmkit/vmm/units`. */
export const catalog = known.copy();
pcUnits(catalog);
