// Makes a checkout ready to run, with nothing but Node and npm: installs with a pinned pnpm, and builds.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the checkout; ends the process when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined) {
    console.error(`${command}: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a script with this Node. */
export function node(script, ...args) {
  run(process.execPath, [join(root, script), ...args]);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`ssmkit needs Node 20.19 or newer; this is ${process.version}`);
  process.exit(1);
}

/** What decides whether the installed packages are the right ones. */
function lockHash() {
  const hash = createHash('sha256');
  for (const name of ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, name)));
  return hash.digest('hex');
}

function install() {
  const marker = join(root, 'node_modules', '.installed');
  const wanted = lockHash();
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const options = { env: { ...process.env, CI: 'true' }, shell: process.platform === 'win32' };
  run(npx, ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], options);
  writeFileSync(marker, wanted);
}

/** Installs what is missing and builds what has changed. */
export function setUp() {
  checkNode();
  install();
  node('scripts/wasm.mjs');
  node('node_modules/typescript/bin/tsc', '-b');
}
