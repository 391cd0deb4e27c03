import { toHex } from '@ssmkit/schema';
import { grouped, humanSize } from '../iprt/numbers.js';
import { walk } from './copy.js';
import type { ConfigNode } from './node.js';
import { type ConfigValue, Password, REDACTED, sizeOfData } from './value.js';

/** A node with all that it holds, as a release log of VirtualBox 7.2 shows it. */
export function dumpConfig(root: ConfigNode): string {
  let text = '';
  for (const [node, level] of walk(root)) {
    text += `[${node.path}] (level ${level})${node.isRestrictedRoot ? ' (restricted root)' : ''}\n`;
    const values = node.values;
    const width = Math.max(...values.map(({ name }) => name.length));
    for (const value of values) text += `  ${value.name.padEnd(width)} ${valueText(value)}\n`;
    text += '\n';
  }
  return text;
}

/** {@link dumpConfig} between the two lines that mark it in a release log. */
export function dumpConfigToLog(root: ConfigNode): string {
  const begin = '************************* CFGM dump *************************';
  const end = '********************* End of CFGM dump **********************';
  return `${begin}\n${dumpConfig(root)}${end}\n`;
}

function valueText({ name, data }: ConfigValue): string {
  const size = ` (cb=${sizeOfData(data)})`;
  if (typeof data === 'bigint') {
    const bytes = name.endsWith('Size') || name.startsWith('cb') ? `, ${humanSize(data)}` : '';
    const hex = data.toString(16).padStart(16, '0');
    return `<integer> = 0x${hex} (${grouped(data)}${bytes})`;
  }
  if (typeof data === 'string') return `<string>  = "${data}"${size}`;
  if (data instanceof Password) return `<password>= "${REDACTED}"${size}`;
  return `<bytes>   = "${toHex(data).replace(/..(?=.)/g, '$& ')}"${size}`;
}
