/*
 * CFGM, the configuration tree
 *
 * Everything that can be set on a VM is in one tree before the VM is made: how much memory, which devices with which
 * drivers below them, how each of them is set up. Whoever creates the VM builds the tree; the VM and its parts only
 * read it, and a device or driver sees only its own node.
 *
 *     root ─┬─ RamSize = 16 MiB                         a value: integer, string, bytes or password
 *           └─ Devices ── i8254 ── 0 ─┬─ Trusted = 1
 *                                     ├─ Config ── …    a restricted root: the device sees no way up
 *                                     └─ LUN#0 ── …
 *
 * Nodes and values are kept in the order of their names' bytes, so "10" comes before "2", and trees that hold the same
 * look the same. There are no booleans and no signed integers in a tree: an integer is 64 bits, and the query says what
 * it is read as, and refuses what does not fit. A query takes a node or nothing, as `child()` gives it; with a default
 * the missing value, or node, is no error, but a value of the wrong type still is. Where C formats a path with printf,
 * TypeScript has templates: node.child(`LUN#${i}`).
 *
 * Names that nobody reads are the commonest mistake in a configuration, so everybody who reads a node checks it
 * (`validateConfig`, or `readConfig`, which does both).
 *
 * What fails throws an SsmError with VirtualBox's status. Facts: CFGMR3.cpp and cfgm.h of VirtualBox 7.2, as far
 * as the project's specification documents have them; docs/provenance.md says what was chosen here.
 */
export { type BaseConfig, readBaseConfig } from './base-config.js';
export { type CopyFlags, copyFlagBits, copyTree, duplicateSubTree, walk as walkConfig } from './copy.js';
export { defaultConfigTree } from './default-tree.js';
export { dumpConfig, dumpConfigToLog } from './dump.js';
export { registerConfigInfo } from './info.js';
export {
  type ConfigJson,
  type ConfigJsonOptions,
  type ConfigValueJson,
  configCodec,
  configFromJson,
  configToJson,
} from './json.js';
export { type ConfigLiteral, configTree, insertLiteral } from './literal.js';
export { ConfigNode, type ConfigTreeOptions } from './node.js';
export {
  isMissing,
  type MaybeNode,
  type QueryDefKind,
  type QueryKind,
  type QueryResults,
  query,
  queryBytes,
  queryDef,
  queryName,
  queryPassword,
  queryPasswordDef,
  querySize,
  queryString,
  queryStringDef,
  queryType,
  resolveNode,
} from './query.js';
export {
  type ConfigKey,
  type ConfigReader,
  type ConfigSettings,
  type ConfigShape,
  readConfig,
} from './read-config.js';
export { areChildrenValid, areValuesValid, type ConfigRules, validateConfig } from './validate.js';
export {
  type ConfigData,
  type ConfigInput,
  type ConfigValue,
  type ConfigValueType,
  configValueTypes,
  Password,
} from './value.js';
