import { Catalog } from '../catalog.js';
import { audioUnits } from './audio.js';
import { coreUnits } from './core.js';
import { cpuUnits } from './cpu.js';
import { graphicsUnits } from './graphics.js';
import { mainUnits } from './main.js';
import { networkUnits } from './network.js';
import { platformUnits } from './platform.js';
import { portUnits } from './ports.js';
import { storageUnits } from './storage.js';
import { usbUnits } from './usb.js';
import { guestUnits } from './vmmdev.js';

/** Every layout of VirtualBox's own units that is known. */
export const catalog = new Catalog();
coreUnits(catalog);
cpuUnits(catalog);
mainUnits(catalog);
platformUnits(catalog);
graphicsUnits(catalog);
guestUnits(catalog);
storageUnits(catalog);
networkUnits(catalog);
usbUnits(catalog);
portUnits(catalog);
audioUnits(catalog);
