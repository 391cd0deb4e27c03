export { DmaDevice, i8237A } from './8237A.js';
