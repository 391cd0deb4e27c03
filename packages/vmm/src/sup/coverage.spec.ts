import { readFileSync } from 'node:fs';
import { expect } from 'chai';

// From dist/sup back to the sources and the documents.
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/coverage-sup.md', () => {
  const names = read('src/sup/sup-api.txt').trim().split('\n');
  const text = read('../../docs/coverage-sup.md');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, rest]) => ({
    name: name!,
    cells: rest!.split(' | '),
  }));

  it('has a row for every function of sup.h, and for nothing else', () => {
    expect(names.length).to.equal(118);
    expect(rows.map(({ name }) => name).sort()).to.deep.equal([...names].sort());
  });

  for (const { name, cells } of rows) {
    const [here, test] = cells;
    if (test === undefined) {
      it(`${name} has a reason why it is not here`, () => expect(here!.length).to.be.greaterThan(20));
      continue;
    }
    it(`${name} is where it is said to be, and has its test`, () => {
      const [, spec, title] = /^`([\w./-]+\.spec\.ts)`: (.+)$/.exec(test)!;
      expect(read(`src/sup/${spec}`)).to.include(title!);
      for (const call of here!.replaceAll('`', '').split(/(?<=\)), /)) {
        const member = /(\w+)(?:\(.*\))?$/.exec(call)![1]!;
        const { members } = sources();
        expect(members.has(member), `${member} of ${call}`).to.equal(true);
      }
    });
  }

  /** Everything that has a name in the sources: functions, methods, getters, properties. */
  function sources(): { readonly members: ReadonlySet<string> } {
    const files = [
      'components',
      'driver',
      'event-table',
      'gip/global-info',
      'gip/reader',
      'host-features',
      'idc',
      'library',
      'logger/loggers',
      'memory/session-memory',
      'modules',
      'node/hardened-main',
      'node/load',
      'node/verify',
      'objects',
      'services',
      'tracer/tracer-host',
      'vmm-entry',
    ];
    const declared = /^\s*(?:export )?(?:readonly |get |async |function )*(\w+)\??(?:<.*>)?[(:]/gm;
    const members = new Set(
      files.flatMap((file) => [...read(`src/sup/${file}.ts`).matchAll(declared)].map((m) => m[1]!)),
    );
    return { members };
  }
});
