import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Target } from './report.js';

/** The parts, each loaded when it runs. */
const parts: Readonly<Record<string, () => Promise<{ targets: readonly Target[]; data: unknown }>>> = {
  structs: async () => (await import('./structs/structs.js')).structs(),
  views: async () => (await import('./views/views.js')).views(),
  cold: async () => (await import('./cold/cold.js')).cold(),
  codegen: async () => (await import('./codegen/codegen.js')).codegen(),
  iem: async () => (await import('./iem/iem.js')).iem(),
  codecs: async () => (await import('./codecs/codecs.js')).codecs(),
  bulk: async () => (await import('./bulk/bulk.js')).bulk(),
  sizes: async () => (await import('./bulk/sizes.js')).sizes(),
  command: async () => (await import('./command/command.js')).command(),
  memory: async () => (await import('./guest-memory/guest-memory.js')).guestMemory(),
};

const help = `Usage: pnpm bench [${Object.keys(parts).join('|')}…] [--json FILE]\n`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(parts);
if (values.help || names.some((name) => parts[name] === undefined)) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  const machine = `Node ${process.versions.node} (V8 ${process.versions.v8}), ${cpus().length} × ${cpus()[0]?.model}`;
  process.stdout.write(`${machine}\n\n`);
  const results: Record<string, unknown> = { machine, date: new Date().toISOString() };
  for (const name of names) {
    results[name] = await parts[name]!();
    process.stdout.write('\n');
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
