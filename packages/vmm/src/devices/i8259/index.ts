export { i8259, PicDevice } from './i8259.js';
