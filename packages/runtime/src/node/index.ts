export { fromSystemError } from './errno.js';
export {
  FileSink,
  FileSource,
  loadFile,
  type OpenFile,
  openFile,
  saveFile,
  validateFile,
  verifyFile,
} from './file.js';
