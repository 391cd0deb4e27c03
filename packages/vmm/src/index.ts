export * from './emt/index.js';
