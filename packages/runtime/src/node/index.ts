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
export {
  type ConnectOptions,
  connectTcp,
  type ListenOptions,
  listenTcp,
  SocketConnection,
  TcpListener,
} from './socket.js';
export { NodeReadableSource, type NodeStreamOptions, NodeWritableSink } from './streams.js';
export { type ReceiveOptions, receive, type TeleportOptions, teleport } from './teleport.js';
