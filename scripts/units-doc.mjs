// Writes docs/units.md from the catalog of VirtualBox's own units, and from the comments of their classes.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { catalog } from '../packages/vbox/dist/index.js';
import { generatedDoc, ranges, table } from './generated-doc.mjs';
import { root } from './setup.mjs';

const units = join(root, 'packages', 'vbox', 'src', 'units');

/** A place in VirtualBox's sources, as comments name it. */
const place = /`((?:VirtualBox [^`]*?)?[\w-]+\.(?:cpp|h)[^`]*)`/;

/** Every class of a unit: its file, and where its layout comes from. */
const classes = new Map();
for (const name of readdirSync(units, { recursive: true })) {
  if (!name.endsWith('.ts') || /\.(ssm|spec)\.ts$/.test(name)) continue;
  const text = readFileSync(join(units, name), 'utf8');
  const [first] = text.split('@SsmStream()');
  for (const [, comment, target] of text.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*@SsmStream\(\)\s*export class (\w+)/g,
  )) {
    // A class that names a function only is of the file that stands in front of all.
    const own = place.exec(comment) ?? (name === 'common.ts' ? undefined : place.exec(first));
    const called = /`(\w+(?:Exec|Save|SaveState|_save|Config)(?:`(?:,| and) `\w+)*)`/.exec(comment)?.[1];
    const source = own?.[1] ?? '';
    const full = called === undefined || source.includes(called) ? source : `${source}: ${called}`;
    const path = relative(root, join(units, name)).split(sep).join('/');
    classes.set(target, { path, source: full.replaceAll('`', '') });
  }
}

/** Layouts by unit, pass and class; some have several for the same class. */
const layouts = new Map();
for (const { name, versions, pass = 'all', target } of catalog.definitions) {
  const key = `${name.toLowerCase()} ${pass} ${target.name}`;
  const layout = layouts.get(key) ?? { name, versions: [], pass, target: target.name };
  layout.versions.push(...(versions === 'any' ? ['any'] : versions));
  layouts.set(key, layout);
}

const byKey = (a, b) => (a[0] < b[0] ? -1 : 1);
const rows = [...layouts].sort(byKey).map(([, { name, versions, pass, target }]) => {
  const { path = '', source = '' } = classes.get(target) ?? {};
  const shown = versions.includes('any') ? 'any' : ranges(versions);
  return [`\`${name}\``, shown, pass, `[\`${target}\`](../${path})`, source];
});

/** Versions without a layout, by unit and reason. */
const unknown = new Map();
for (const { name, version, reason } of catalog.explained) {
  const key = `${name.toLowerCase()} ${reason}`;
  const entry = unknown.get(key) ?? { name, versions: [], reason };
  entry.versions.push(version);
  unknown.set(key, entry);
}
const unknownRows = [...unknown]
  .sort(byKey)
  .map(([, { name, versions, reason }]) => [`\`${name}\``, ranges(versions), reason]);

generatedDoc(
  'units.md',
  `# Units of VirtualBox that are known

<!-- Written by \`npm run docs\` from the catalog in packages/vbox/src/units. Do not edit. -->

A unit says its name and the version of its layout; that is how its class is found. What is not in this table, or what
its class does not read to the very last byte, is shown as raw data with the reason. \`pgm\`, the guest's memory, is no
object: \`GuestMemory\` reads it. How much of real files is understood stands in [units-coverage.md](units-coverage.md).

${table(['unit', 'versions', 'pass', 'class', 'source in VirtualBox'], rows)}

## Versions that are not known

${table(['unit', 'versions', 'why'], unknownRows)}
`,
);
