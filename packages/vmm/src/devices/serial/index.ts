export { type UartType, uartTypes } from './registers.js';
export { SerialDevice, serial } from './serial.js';
