import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { matchesPatterns } from '../iprt/simple-pattern.js';
import type { MaybeNode } from './query.js';

/** Whether a node has no values but those of a list; no node has none. */
export function areValuesValid(node: MaybeNode, names: readonly string[]): boolean {
  return (node?.values ?? []).every(({ name }) => names.includes(name));
}

/** Whether a node has no child nodes but those of a list; no node has none. */
export function areChildrenValid(node: MaybeNode, names: readonly string[]): boolean {
  return (node?.children ?? []).every(({ name }) => names.includes(name));
}

/** What a node may hold, and for whom it is checked. */
export interface ConfigRules {
  /** How messages name the node, with a slash at the end: `/` for a device's `Config`. */
  readonly path: string;
  /** Simple patterns between `|` of the values that may be there; none: `''`. */
  readonly values: string;
  /** Simple patterns between `|` of the nodes that may be there; none: `''`. */
  readonly nodes: string;
  /** Name of the device or driver. */
  readonly who: string;
  /** Its instance. */
  readonly instance: number;
}

/**
 * Checks the names of a node's values, then those of its nodes. The first that no pattern knows is an error, which
 * also the owner of the tree is told of; no node is fine.
 *
 * @throws SsmError VERR_CFGM_CONFIG_UNKNOWN_VALUE, VERR_CFGM_CONFIG_UNKNOWN_NODE; VERR_INVALID_PARAMETER for a path
 * without a slash at its end.
 */
export function validateConfig(node: MaybeNode, rules: ConfigRules): void {
  if (!rules.path.endsWith('/')) {
    throw new SsmError('VERR_INVALID_PARAMETER', `the path '${rules.path}' does not end in a slash`);
  }
  if (node === undefined) return;
  const refuse = (status: SsmFailure, what: string, name: string, patterns: string): never => {
    const known = patterns === '' ? 'it takes none' : `it takes ${patterns}`;
    const error = new SsmError(
      status,
      `${rules.who}/${rules.instance} takes no ${what} ${rules.path}${name}; ${known}`,
    );
    node.raise(error);
    throw error;
  };
  for (const { name } of node.values) {
    if (matchesPatterns(rules.values, name)) continue;
    refuse('VERR_CFGM_CONFIG_UNKNOWN_VALUE', 'configuration value', name, rules.values);
  }
  for (const { name } of node.children) {
    if (matchesPatterns(rules.nodes, name)) continue;
    refuse('VERR_CFGM_CONFIG_UNKNOWN_NODE', 'configuration node', name, rules.nodes);
  }
}
