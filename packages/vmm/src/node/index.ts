export { loadFromFile, saveToFile } from './files.js';
