export { type BlockOptions, BlockSink, BlockSource } from './blocks.js';
export type { Connection } from './connection.js';
export type {
  ConversationOptions,
  Dialect,
  TeleportListener,
  TeleportProgress,
  TeleportStep,
} from './protocol.js';
export { type ReceiveOverOptions, type ReceiveResult, receiveOver } from './receive.js';
export { type TeleportOverOptions, type TeleportResult, teleportOver } from './send.js';
export { StreamConnection } from './stream-connection.js';
export type { TeleportTimeouts } from './timeouts.js';
