/*
 * What needs no layout of a unit. Exported as `@ssmkit/vbox/base`, for those who would not load 200 modules for it;
 * `@ssmkit/vbox` has all of it, too.
 */

export type { UnitContext } from './catalog.js';
export { contextOf, headerContext } from './context.js';
export { nearNames } from './near-names.js';
export { unitPieces } from './unit-data.js';
