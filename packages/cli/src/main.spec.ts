import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { ClosedOutput } from './index.js';
import { runSsm } from './testing.js';

const stdin = sav().unit('u').u32(1).bytes();

describe('ssm', () => {
  it('without a command shows its help and says that it is wrong', async () => {
    const { code, out, err } = await runSsm([]);
    expect(code).to.equal(2);
    expect(out).to.equal('');
    expect(err).to.match(/^Usage: ssm /);
  });

  for (const args of [['--help'], ['help'], ['-h']]) {
    it(`${args[0]} shows the commands, examples and exit codes`, async () => {
      const { code, out, err } = await runSsm(args);
      expect(code).to.equal(0);
      for (const text of ['ls ', 'verify ', 'explain ', 'cat ', 'dump ', 'convert ', 'Examples:', 'Exit codes:'])
        expect(out).to.contain(text);
      expect(err).to.equal('');
    });
  }

  for (const command of ['ls', 'verify', 'explain', 'cat', 'dump', 'convert']) {
    it(`${command} --help has an example and explains every option`, async () => {
      const { code, out } = await runSsm([command, '--help']);
      expect(code).to.equal(0);
      expect(out)
        .to.match(new RegExp(`^Usage: ssm ${command} `))
        .and.to.contain(`$ ssm ${command} `);
      for (const line of out.split('\n').filter((text) => /^ {2}-/.test(text))) {
        expect(line, 'an option without an explanation').to.match(/^ {2}-\S*(, --\S+)?( <\S+>)? {2,}\S/);
      }
    });
  }

  it('help fits the terminal, and has colours only where wanted', async () => {
    const narrow = await runSsm(['dump', '--help'], { width: 60 });
    const options = narrow.out.slice(narrow.out.indexOf('Options:'), narrow.out.indexOf('Example:'));
    expect(Math.max(...options.split('\n').map((line) => line.length))).to.be.at.most(60);
    expect(narrow.out).not.to.contain('\x1b');
    expect((await runSsm(['--help'], { color: true })).out).to.contain('\x1b[1mUsage:');
  });

  it('--version is that of the package', async () => {
    expect(await runSsm(['--version'])).to.deep.include({ code: 0, out: '0.1.0\n' });
  });

  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['foo'], /unknown command 'foo'/],
    [['veryfi', 'x'], /unknown command 'veryfi' \(Did you mean verify\?\)/],
    [['ls'], /missing required argument 'file'/],
    [['ls', 'a', 'b'], /too many arguments/],
    [['ls', '--jsn', 'a'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['ls', '--bad\x1b[2J', 'a'], /unknown option '--bad\\x1b\[2J'/],
    [['cat', 'a'], /missing required argument 'unit'/],
    [['cat', 'a', 'u', '--instance', 'x'], /'--instance <n>' argument 'x' is invalid/],
    [['cat', 'a', 'u', '--pass', 'last'], /Expected a number, or 'final'/],
    [['ls', '-', '--max-input', 'much'], /Expected bytes/],
    [['dump', 'a', '--schema', 'x#X'], /--schema is for one unit/],
    [['dump', 'a', 'u', '--strict'], /--strict is for --schema/],
    [['dump', 'a', '--pass', '1'], /are for one unit/],
    [['dump', 'a', 'u', '--units', 'm', '--schema', 'x#X'], /cannot be used with option/],
    [['dump', 'a', 'u', '--schema', 'x'], /Expected MODULE#CLASS/],
    [['dump', 'a', 'u', '--schema', 'x#X', '--flags', 'ALL'], /some of FULL_STRUCT, NO_MARKERS/],
    [['dump', 'a', 'u', '--schema', 'x#X', '--flags', '1', '--simple'], /cannot be used with option '--simple'/],
    [['dump', 'a', 'u', '--schema', 'x#X', '--host', 'vax'], /Expected os\.arch/],
  ];
  for (const [args, message] of wrong) {
    it(`${JSON.stringify(args)} is wrong usage: one line, exit code 2`, async () => {
      const { code, out, err } = await runSsm(args);
      expect(code).to.equal(2);
      expect(out).to.equal('');
      expect(err).to.match(/^ssm: VERR_INVALID_PARAMETER: [^\n]* \(see 'ssm --help'\)\n$/);
      expect(err).to.match(message);
    });
  }

  it('a file that is not there: one line, exit code 1', async () => {
    for (const args of [['ls'], ['verify'], ['cat', 'u']]) {
      const { code, out, err } = await runSsm([args[0] as string, '/no/such\nfile', ...args.slice(1)]);
      expect(code).to.equal(1);
      expect(out).to.equal('');
      expect(err).to.match(/^ssm: VERR_FILE_NOT_FOUND: [^\n]*\/no\/such\\nfile[^\n]*\n$/);
    }
  });

  it('with --json there is a document, too', async () => {
    for (const args of [['ls'], ['verify'], ['cat', 'u']]) {
      const { code, out, err } = await runSsm([args[0] as string, '/none', ...args.slice(1), '--json']);
      expect(code).to.equal(1);
      expect(JSON.parse(out).errors[0]).to.deep.include({ status: 'VERR_FILE_NOT_FOUND' });
      expect(err).to.match(/^ssm: VERR_FILE_NOT_FOUND: /);
    }
  });

  it('takes no more from stdin than --max-input', async () => {
    const refused = await runSsm(['ls', '-', '--max-input', '100'], { stdin });
    expect(refused.code).to.equal(1);
    expect(refused.err).to.match(/^ssm: VERR_TOO_MUCH_DATA: .*--max-input\n$/);
    expect((await runSsm(['ls', '-', '--max-input', '1K'], { stdin })).code).to.equal(0);
  });

  it('a reader that closes its end ends the command quietly, with the code it has come to', async () => {
    const closed = () => {
      throw new ClosedOutput();
    };
    expect(await runSsm(['ls', '-'], { stdin, onWrite: closed })).to.deep.include({ code: 0, err: '' });
    expect(await runSsm(['cat', '-', 'u'], { stdin, onWrite: closed })).to.deep.include({ code: 0, err: '' });
    expect(await runSsm(['--help'], { onWrite: closed })).to.deep.include({ code: 0, err: '' });
    const damaged = stdin.subarray(0, -1);
    expect((await runSsm(['verify', '-'], { stdin: damaged, onWrite: closed })).code).to.equal(1);
    expect((await runSsm(['ls', '-', '--json'], { stdin: damaged, onWrite: closed })).code).to.equal(1);
  });

  it('colours the line of a failure only where wanted', async () => {
    expect((await runSsm(['ls', '/none'], { color: true })).err).to.match(/^.\[31mssm:.\[39m VERR_/);
  });
});
