import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

const bin = join(dirname(fileURLToPath(import.meta.resolve('@ssmkit/cli'))), 'bin.js');
const prims = corpusPath('01-prims.sav') as string;

/** Prints the address of each module that is loaded on fd 3. */
const hooks = `
  import { writeSync } from 'node:fs';
  export function load(url, context, next) {
    writeSync(3, url + '\\n');
    return next(url, context);
  }`;
const data = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
const preload = data(`import { register } from 'node:module'; register(${JSON.stringify(data(hooks))});`);

/** Modules that a run of the command loads, as paths in the workspace. */
function modulesOf(args: readonly string[]): string[] {
  const { output, status } = spawnSync(process.execPath, ['--import', preload, bin, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  expect(status).to.equal(0);
  return String(output[3])
    .split('\n')
    .flatMap((url) => /\/packages\/(\w+\/dist\/.*)$/.exec(url)?.[1] ?? []);
}

describe('what a run of ssm loads', function () {
  this.timeout(60_000);

  const rows: readonly (readonly [args: readonly string[], vbox: RegExp])[] = [
    [['ls', prims], /^vbox\/dist\/(base|context|near-names|unit-data|units\/per-cpu)\.js$/],
    [['verify', prims], /^vbox\/dist\/(base|context|near-names|unit-data|units\/per-cpu)\.js$/],
    [['cat', prims, 'prims'], /^vbox\/dist\/(base|context|near-names|unit-data|units\/per-cpu)\.js$/],
    [['info', prims], /^vbox\/dist\/(?!units\/(storage|network|usb|ports|audio))/],
    [['--help'], /never/],
  ];
  for (const [args, vbox] of rows) {
    it(`ssm ${args[0]}: no module that it does not need`, () => {
      const modules = modulesOf(args);
      expect(modules).to.include('cli/dist/bin.js');
      const commands = modules.filter((path) => path.startsWith('cli/dist/commands/'));
      const own = args[0] === '--help' ? [] : [`cli/dist/commands/${args[0]}.js`];
      expect(commands).to.include.members(['cli/dist/commands/table.js', ...own]);
      expect(commands.filter((path) => !/\/(table|salvage)\.js$/.test(path))).to.deep.equal(own);
      expect(modules.filter((path) => path.startsWith('vbox/') && !vbox.test(path))).to.deep.equal([]);
    });
  }
});
