export { main } from './cli.js';
export { CodegenError } from './errors.js';
export { type FileResult, generatedPath, type RunOptions, run } from './project.js';
export { type ScannedClass, type ScannedFile, scan } from './scan.js';
