export type { CatDocument } from './commands/cat.js';
export type { ConvertDocument } from './commands/convert.js';
export type { DumpDocument } from './commands/dump.js';
export type { ExplainDocument } from './commands/explain.js';
export type { LsDocument, LsUnitJson } from './commands/ls.js';
export type { VerifyDocument } from './commands/verify.js';
export { ClosedOutput, type Io, type Output, processIo } from './io.js';
export { main } from './main.js';
export type { ErrorJson, UnitJson, WhereJson } from './output/json.js';
