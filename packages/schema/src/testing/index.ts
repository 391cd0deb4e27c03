export { type ArbitraryOptions, arbitraryOf } from './arbitrary.js';
