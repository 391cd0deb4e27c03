export {
  channelName,
  DIAGNOSTICS_COOKIE,
  DiagnosticsTracer,
  diagnosticsCommands,
  type ProbeMessage,
} from './diagnostics-tracer.js';
export type { TrustOptions } from './fs-object.js';
export {
  EXIT_NOT_STARTED,
  type HardenedMainOptions,
  hardenedMain,
  type InitOperation,
  initOperations,
  type TrustedProgram,
} from './hardened-main.js';
export {
  hardenedImport,
  hardenedImportAppPrivate,
  hardenedImportPlugIn,
  loadModuleFile,
  loadServiceFile,
} from './load.js';
export {
  type HardenedFs,
  VerifiedFile,
  type VerifyDirectoryOptions,
  type VerifyOptions,
  type VerifySelfOptions,
  verifyDirectory,
  verifyFile,
  verifyPlugIn,
  verifySelf,
} from './verify.js';
