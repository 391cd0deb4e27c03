import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { runSsm } from '../testing.js';

const scriptFor = async (shell: string) => (await runSsm(['completion', shell])).out;
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe('ssm completion', () => {
  describe('bash', () => {
    const rows: readonly (readonly [typed: readonly string[], completed: RegExp])[] = [
      [['ssm', 'ver'], /^verify$/],
      [['ssm', ''], /\bls\b.*\bdump\b/],
      [['ssm', 'dump', 'a.sav', '--sch'], /^--schema$/],
      [['ssm', 'convert', '--compression', ''], /^lzf lz4 none$/],
      [['ssm', 'completion', ''], /^bash zsh fish$/],
      [['ssm', 'ls', 'a'], /^$/],
      [['ssm', 'cat', '-o', ''], /^$/],
    ];
    for (const [typed, completed] of rows) {
      it(typed.join(' '), async function () {
        if (!has('bash')) this.skip();
        const words = typed.map((word) => `'${word}'`).join(' ');
        const use = `COMP_WORDS=(${words}); COMP_CWORD=${typed.length - 1}; _ssm; echo "\${COMPREPLY[*]}"`;
        const { stdout, stderr, status } = spawnSync('bash', ['-c', `${await scriptFor('bash')}${use}`]);
        expect({ status, stderr: stderr.toString() }).to.deep.equal({ status: 0, stderr: '' });
        expect(stdout.toString().trim()).to.match(completed);
      });
    }
  });

  for (const shell of ['zsh', 'fish']) {
    it(`${shell}: what the shell itself takes for a script`, async function () {
      if (!has(shell)) this.skip();
      const { status, stderr } = spawnSync(shell, ['-n'], { input: await scriptFor(shell) });
      expect({ status, stderr: stderr.toString() }).to.deep.equal({ status: 0, stderr: '' });
    });
  }

  it('has every command and every option', async () => {
    const { out } = await runSsm(['--help']);
    const commands = [...out.matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)].map(([, name]) => name as string);
    expect(commands).to.include.members(['ls', 'info', 'dump', 'diff']);
    for (const command of commands.filter((name) => name !== 'help')) {
      const help = (await runSsm([command, '--help'])).out;
      const options = [...help.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name as string);
      for (const shell of ['bash', 'zsh', 'fish']) {
        const script = await scriptFor(shell);
        expect(script, `${shell} ${command}`).to.contain(command);
        for (const name of options.filter((option) => option !== 'help')) {
          expect(script, `${shell} ${command} ${name}`).to.contain(shell === 'fish' ? `-l ${name}` : `--${name}`);
        }
      }
    }
  });

  it('knows no other shell', async () => {
    const { code, err } = await runSsm(['completion', 'tcsh']);
    expect(code).to.equal(2);
    expect(err).to.match(/Allowed choices are bash, zsh, fish/);
  });
});
