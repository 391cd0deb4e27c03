import { Catalog } from '../catalog.js';
import { coreUnits } from './core.js';

/** Every layout of VirtualBox's own units that is known. */
export const catalog = new Catalog();
coreUnits(catalog);
