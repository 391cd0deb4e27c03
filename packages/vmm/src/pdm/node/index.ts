export { type FileModulesOptions, fileModules } from './module-loader.js';
