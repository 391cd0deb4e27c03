export { PckbdDevice, pckbd } from './pckbd.js';
export { isKey, scanCodes } from './scan-codes.js';
