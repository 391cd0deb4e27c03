export { PIT_HZ } from './clock.js';
export { i8254, PitDevice } from './i8254.js';
