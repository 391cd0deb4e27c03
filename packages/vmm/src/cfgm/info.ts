import type { InfoRegistry } from '../dbgf/registry.js';
import { dumpConfig } from './dump.js';
import { configToJson } from './json.js';
import type { ConfigNode } from './node.js';

/**
 * Registers the info item `cfgm`: the tree, or what is below the path that is its argument.
 *
 * @param root the root of the VM's tree.
 */
export function registerConfigInfo(registry: InfoRegistry, root: () => ConfigNode): void {
  registry.registerInternal({
    name: 'cfgm',
    description: 'The configuration tree. Argument: path of a node to begin with.',
    handler: (_vm, output, path) => {
      const node = path === '' || path === '/' ? root() : root().child(path);
      if (node === undefined) return output.line(`There is no node '${path}'.`);
      output.print(dumpConfig(node));
      output.data(configToJson(node));
    },
  });
}
