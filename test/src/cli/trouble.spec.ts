import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSsm } from '@ssmkit/cli/testing';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';

const bin = join(dirname(fileURLToPath(import.meta.resolve('@ssmkit/cli'))), 'bin.js');

const state = sav({ self: true }).unit('GCM').u32(7).unit('own').mem(new Uint8Array(5000)).bytes();

/** Every command with FILE in the place of its input. */
const commands: readonly (readonly string[])[] = [
  ['ls', 'FILE'],
  ['info', 'FILE'],
  ['verify', 'FILE'],
  ['verify', 'FILE', '--salvage', 'OUT'],
  ['explain', 'FILE'],
  ['cat', 'FILE', 'GCM'],
  ['dump', 'FILE'],
  ['dump', 'FILE', 'GCM'],
  ['build', 'FILE', 'OUT'],
  ['edit', 'FILE', 'OUT', '--set', 'GCM.fixers=1'],
  ['edit', 'FILE', 'OUT', '--poke', '0x7c00=ebfe'],
  ['diff', 'FILE', 'good.sav'],
  ['diff', 'good.sav', 'FILE'],
  ['convert', 'FILE', 'OUT'],
  ['mem', 'map', 'FILE'],
  ['mem', 'map', 'FILE', '--salvage'],
  ['mem', 'extract', 'FILE', 'OUT', '--format', 'elf'],
  ['mem', 'extract', 'FILE', 'OUT', '--salvage'],
  ['mem', 'search', 'FILE', 'abc'],
  ['mem', 'hexdump', 'FILE', '0'],
  ['screen', 'FILE', 'OUT'],
  ['cpu', 'FILE'],
  ['screenshot', 'FILE', 'OUT'],
];

/** Files that are none of what the commands take. */
const files: Readonly<Record<string, (path: string) => void>> = {
  'a missing file': () => {},
  'a file in a folder that is not there': () => {},
  'a folder': (path) => mkdirSync(path),
  'an empty file': (path) => writeFileSync(path, ''),
  'a text': (path) =>
    writeFileSync(path, 'This is no saved state, but it is long enough to be taken for one.\n'.repeat(20)),
  'a truncated state': (path) => writeFileSync(path, state.subarray(0, 150)),
  'a state of a made-up format': (path) =>
    writeFileSync(
      path,
      state.map((byte, i) => (i === 25 ? 0x39 : byte)),
    ),
};

describe('ssm and what can go wrong', function () {
  this.timeout(60_000);
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-trouble-'));
    writeFileSync(join(cwd, 'good.sav'), state);
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  for (const [what, make] of Object.entries(files)) {
    for (const command of commands) {
      it(`${command.join(' ')}: ${what}`, async () => {
        const name = what.includes('not there') ? 'no/bad.sav' : 'bad.sav';
        if (!what.includes('not there')) make(join(cwd, name));
        writeFileSync(join(cwd, 'OUT'), 'before');
        const args = command.map((word) => (word === 'FILE' ? name : word));
        const { code, err } = await runSsm(args, { cwd });
        expect(code).to.equal(command[0] === 'diff' ? 2 : 1);
        // One line for each thing that is wrong: a status, what happened, and no stack.
        expect(err).to.match(/^(?:ssm: VERR_[A-Z0-9_]+: [^\n]+\n){1,2}$/);
        expect(err).not.to.match(/\bat .*\.js:\d+|undefined|\[object/);
        if (!command.includes('--salvage')) expect(readFileSync(join(cwd, 'OUT'), 'utf8')).to.equal('before');
        expect(readdirSync(cwd).filter((each) => each.endsWith('.tmp'))).to.deep.equal([]);
      });
    }
  }

  for (const command of commands.filter((words) => words.includes('OUT') && words[0] !== 'screenshot')) {
    for (const output of ['no/such/folder/out', '.', '/dev/full']) {
      it(`${command.join(' ')}: ${output} as OUT`, async () => {
        const source = command[0] === 'build' ? 'good.json' : 'good.sav';
        writeFileSync(join(cwd, 'good.json'), (await runSsm(['dump', 'good.sav', '--json'], { cwd })).stdout);
        const args = command.map((word) => (word === 'FILE' ? source : word === 'OUT' ? output : word));
        const { code, err } = await runSsm(args, { cwd });
        expect(code).to.equal(1);
        expect(err).to.match(/^ssm: VERR_[A-Z_]+: [^\n]+\n$/);
        expect(err).not.to.match(/\.tmp/);
      });
    }
  }

  describe('as a process', () => {
    const run = (args: readonly string[], stdout: number | 'pipe') =>
      new Promise<{ code: number | null; stderr: string }>((resolve) => {
        const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', stdout, 'pipe'] });
        // Whoever reads leaves at once.
        child.stdout?.destroy();
        let stderr = '';
        child.stderr?.on('data', (part: Buffer) => {
          stderr += part.toString();
        });
        child.on('close', (code) => resolve({ code, stderr }));
      });
    const printing: readonly (readonly [args: readonly string[], code: number])[] = [
      [['info', 'good.sav'], 0],
      [['cat', 'good.sav', 'own'], 0],
      [['dump', 'good.sav', '--json'], 0],
      [['diff', 'good.sav', 'other.sav'], 1],
      [['convert', 'good.sav', '-'], 0],
      [['--help'], 0],
    ];
    for (const [args, code] of printing) {
      it(`${args.join(' ')}: a reader that leaves is no failure`, async () => {
        writeFileSync(join(cwd, 'other.sav'), sav().unit('GCM').u32(8).bytes());
        expect(await run(args, 'pipe')).to.deep.equal({ code, stderr: '' });
      });

      it(`${args.join(' ')}: a full disk is told`, async function () {
        let full: number;
        try {
          full = openSync('/dev/full', 'w');
        } catch {
          return this.skip();
        }
        writeFileSync(join(cwd, 'other.sav'), sav().unit('GCM').u32(8).bytes());
        const { code: ended, stderr } = await run(args, full);
        expect(ended).to.equal(args[0] === 'diff' ? 2 : 1);
        expect(stderr).to.match(/^ssm: VERR_[A-Z_]+: [^\n]*ENOSPC[^\n]*\n$/);
      });
    }
  });

  it('every command has an example in its help', async () => {
    const { out } = await runSsm(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, name]) => name as string);
    expect(names).to.include.members(['ls', 'info', 'dump', 'build', 'edit', 'diff', 'completion']);
    for (const name of names.filter((each) => each !== 'help')) {
      const help = (await runSsm([name, '--help'])).out;
      expect(help, name).to.match(/Examples?:\n {2}\$ .*ssm /);
    }
  });
});
