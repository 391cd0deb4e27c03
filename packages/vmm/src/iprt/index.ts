/*
 * What VirtualBox's runtime library (IPRT) does for several subsystems: how names are ordered and matched, how texts
 * are split into arguments, how numbers look in logs.
 */
export { splitArguments } from './argv.js';
export { compareNames, comparePaths } from './name-order.js';
export { grouped, humanSize } from './numbers.js';
export { matchesPattern, matchesPatterns } from './simple-pattern.js';
