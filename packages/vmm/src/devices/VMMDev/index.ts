export { VmmDevDevice, vmmDev } from './vmmdev.js';
