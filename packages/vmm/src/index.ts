export * from './cfgm/index.js';
export * from './dbgf/index.js';
export * from './emt/index.js';
export * from './iem/index.js';
export * from './stam/index.js';
export * from './sup/index.js';
export * from './tm/index.js';
export * from './vm/index.js';
