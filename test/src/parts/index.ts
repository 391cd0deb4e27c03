/*
 * What the classes of `../classes/foreign.ts` nest, as a package: they import it as `#parts`, where the generator does
 * not see the sources. Like a package it brings its own generated functions.
 */

import './classes.ssm.js';

export * from './classes.js';
export * from './constants.js';
