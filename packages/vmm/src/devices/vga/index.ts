export { VgaDevice, vga } from './vga.js';
