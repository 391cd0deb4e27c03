export { nodeFiles } from './file-access.js';
export { type FileModulesOptions, fileModules } from './module-loader.js';
