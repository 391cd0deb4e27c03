import { SsmError } from '@ssmkit/runtime';
import { ConfigNode } from './node.js';

/** What becomes of names that both trees have when one is copied onto the other (`cfgm.h`). */
export interface CopyFlags {
  /** `replace` takes the source's value, `ignoreExisting` keeps the one that is there. */
  readonly values: keyof typeof valueFlags;
  /** `merge` goes on inside both nodes, `replace` takes the source's, `ignoreExisting` keeps the one that is there. */
  readonly keys: keyof typeof keyFlags;
}

const valueFlags = { replace: 0x2, ignoreExisting: 0x3 } as const;
const keyFlags = { merge: 0x10, replace: 0x20, ignoreExisting: 0x30 } as const;

/** The number that the flags are in VirtualBox. @throws SsmError VERR_INVALID_PARAMETER for flags that there are not. */
export function copyFlagBits(flags: CopyFlags): number {
  if (!Object.hasOwn(valueFlags, flags.values) || !Object.hasOwn(keyFlags, flags.keys)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `no such copy flags: ${flags.values}, ${flags.keys}`);
  }
  return valueFlags[flags.values] | keyFlags[flags.keys];
}

/** All nodes from this one downwards, parents first, with their level. Recursion would end where the stack does. */
export function* walk(root: ConfigNode): Generator<readonly [node: ConfigNode, level: number]> {
  const waiting: [ConfigNode, number][] = [[root, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    const [node, level] = next;
    for (const child of node.children.toReversed()) waiting.push([child, level + 1]);
  }
}

/** A copy of a node, with all below it, as the root of a new tree. Below the root restricted roots stay what they are. */
export function duplicateSubTree(source: ConfigNode): ConfigNode {
  const root = ConfigNode.createTree();
  const copies: ConfigNode[] = [];
  for (const [node, level] of walk(source)) {
    const copy = level === 0 ? root : copies[level - 1]!.insertNode(node.name);
    for (const value of node.values) copy.insertValue(value);
    if (level > 0 && node.isRestrictedRoot) copy.setRestrictedRoot();
    copies[level] = copy;
  }
  return root;
}

/**
 * Copies what one node holds into another; the flags say what becomes of names that both have.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for a copy onto itself or flags that there are not, VERR_CFGM_NO_PARENT for a
 * target that was removed.
 */
export function copyTree(target: ConfigNode, source: ConfigNode, flags: CopyFlags): void {
  if (target.isRemoved) throw new SsmError('VERR_CFGM_NO_PARENT', `the node '${target.name}' was removed`);
  if (target === source) throw new SsmError('VERR_INVALID_PARAMETER', 'a node cannot be copied onto itself');
  copyFlagBits(flags);
  // The source may be part of the target or the other way round: what is copied is what was there before.
  const pairs: [ConfigNode, ConfigNode][] = [[target, duplicateSubTree(source)]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [to, from] = pair;
    for (const value of from.values) {
      const exists = to.value(value.name) !== undefined;
      if (exists && flags.values === 'ignoreExisting') continue;
      if (exists) to.removeValue(value.name);
      to.insertValue(value);
    }
    for (const child of from.children) {
      const existing = to.child(child.name);
      if (existing !== undefined && flags.keys === 'merge') pairs.push([existing, child]);
      else if (existing === undefined || flags.keys === 'replace') {
        existing?.remove();
        to.insertSubTree(child.name, duplicateSubTree(child));
      }
    }
  }
}
