export { loadFromFile, saveToFile } from './files.js';
export { receiveVm, teleportVm, type VmReceiveOptions, type VmTeleportToOptions } from './teleport.js';
