import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { Context } from '../context.js';
import { processIo } from '../io.js';
import { runSsm } from '../testing.js';
import { commands } from './table.js';

describe('the commands of ssm', () => {
  const context = new Context(processIo());

  for (const { name, usage, load } of commands) {
    it(`${name} is as the help of ssm says it is`, async () => {
      const command = (await load())(context);
      expect({ name: command.name(), usage: command.usage() }).to.deep.equal({ name, usage });
    });
  }

  it('are all of the files here', () => {
    // Parts of other commands have names with a dash.
    const parts = ['salvage', 'table'];
    const files = readdirSync(new URL('.', import.meta.url)).flatMap((file) => /^(\w+)\.js$/.exec(file)?.[1] ?? []);
    expect(commands.map(({ name }) => name)).to.have.members(files.filter((file) => !parts.includes(file)));
  });

  it('have the same help by `ssm help COMMAND` as by `ssm COMMAND --help`', async () => {
    for (const { name } of commands) {
      const asked = await runSsm([name, '--help']);
      expect(asked.out).to.contain('Options:');
      expect(await runSsm(['help', name]), name).to.deep.equal(asked);
      expect(await runSsm(['-q', name, '--help']), name).to.deep.equal(asked);
    }
  });
});
