import './units/ssm.ssm.js';

export { Catalog, type KnownUnit, type RawUnit, type UnitContext, type UnitDefinition } from './catalog.js';
export { contextOf } from './context.js';
export { catalog } from './units/index.js';
