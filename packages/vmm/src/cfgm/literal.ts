import { ConfigNode, type ConfigTreeOptions } from './node.js';
import { type ConfigInput, Password } from './value.js';

/** A tree as an object: what is an object itself becomes a node, everything else a value. */
export interface ConfigLiteral {
  readonly [name: string]: ConfigInput | ConfigLiteral;
}

/**
 * A tree from an object, as programs write it:
 *
 *     configTree({ RamSize: 16 << 20, Devices: { i8254: { 0: { Trusted: true, Config: {} } } } })
 *
 * @throws SsmError as {@link ConfigNode.insert} and {@link ConfigNode.insertNode}.
 */
export function configTree(literal: ConfigLiteral, options: ConfigTreeOptions = {}): ConfigNode {
  return insertLiteral(ConfigNode.createTree(options), literal);
}

/** Inserts what an object says into a node; nodes that are there already take it up. @returns the node. */
export function insertLiteral(node: ConfigNode, literal: ConfigLiteral): ConfigNode {
  for (const [name, input] of Object.entries(literal)) {
    if (isNode(input)) insertLiteral(node.child(name) ?? node.insertNode(name), input);
    else node.insert(name, input);
  }
  return node;
}

function isNode(input: ConfigInput | ConfigLiteral): input is ConfigLiteral {
  return typeof input === 'object' && !(input instanceof Uint8Array) && !(input instanceof Password);
}
