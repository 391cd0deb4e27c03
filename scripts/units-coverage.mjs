// Writes docs/units-coverage.md: how much of the units of real saved states is understood. The states lie beside the
// checkout and are not part of it; without them the document stays as it is.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openState, PASS_FINAL } from '../packages/runtime/dist/index.js';
import { FileSource } from '../packages/runtime/dist/node/index.js';
import { catalog, contextOf } from '../packages/vbox/dist/index.js';
import { generatedDoc, table } from './generated-doc.mjs';
import { root } from './setup.mjs';

const corpus = join(root, '..', 'shared', 'corpus');
const folders = ['real-vm', 'resume'].map((name) => join(corpus, name)).filter(existsSync);

/** Most bytes of a unit that is read at once. */
const UNIT_MAX = 2 ** 28;

async function survey(path, found) {
  const source = new FileSource(path);
  try {
    const state = await openState(source);
    const context = await contextOf(state);
    for await (const unit of state.units()) {
      // The guest's memory has a reader of its own.
      if (unit.name === 'pgm') continue;
      await unit.stream.ensure(UNIT_MAX);
      const data = unit.stream.getMem(new Uint8Array(unit.stream.buffered));
      const result = catalog.decode(unit, data, {
        ...context,
        pass: unit.pass,
        size: data.length,
        saved: unit.stream.saved,
      });
      const pass = unit.pass === PASS_FINAL ? 'final' : 'live';
      const key = `${unit.name} ${unit.version} ${pass}`;
      const row = found.get(key) ?? {
        ...unit,
        name: unit.name,
        version: unit.version,
        pass,
        units: 0,
        bytes: 0,
        decoded: 0,
      };
      row.units++;
      row.bytes += data.length;
      if (result.kind === 'known') row.decoded += data.length;
      found.set(key, row);
    }
  } finally {
    source.close();
  }
}

if (folders.length > 0) {
  const found = new Map();
  let states = 0;
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.sav'))) {
      await survey(join(folder, name), found);
      states++;
    }
  }
  const all = [...found.values()].sort((a, b) =>
    `${a.name} ${a.pass}`.toLowerCase() < `${b.name} ${b.pass}`.toLowerCase() ? -1 : 1,
  );
  const percent = ({ decoded, bytes }) => (bytes === 0 ? '–' : `${Math.floor((1000 * decoded) / bytes) / 10} %`);
  const rows = all.map((row) => [
    `\`${row.name}\``,
    row.version,
    row.pass,
    row.units,
    row.decoded,
    row.bytes,
    percent(row),
  ]);
  const total = all.reduce(
    (sum, { units, decoded, bytes }) => ({
      units: sum.units + units,
      decoded: sum.decoded + decoded,
      bytes: sum.bytes + bytes,
    }),
    { units: 0, decoded: 0, bytes: 0 },
  );
  rows.push(['all', '', '', total.units, total.decoded, total.bytes, percent(total)]);
  generatedDoc(
    'units-coverage.md',
    `# How much of real saved states is understood

<!-- Written by \`npm run docs\` where the states are. Do not edit. -->

Of ${states} saved states of VirtualBox 7.2.22: bytes that are read into objects, and written from them as they were, of all
bytes that units have. The guest's memory (\`pgm\`), which has a reader of its own, does not count.

${table(['unit', 'version', 'pass', 'units', 'bytes understood', 'bytes', ''], rows)}
`,
  );
}
