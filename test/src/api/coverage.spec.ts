import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const seeds = join(root, '../shared/seeds');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** A source file that ssmkit began with: the list of its names, and how they are found in it. */
interface Seed {
  readonly list: string;
  /** Number that the name of the seed's document begins with. */
  readonly number: string;
  readonly found: readonly RegExp[];
  /** The list whose names are left out. */
  readonly beyond?: string;
}

const functions = (names: string) => new RegExp(`^\\w[^;{}\\n]*?\\b((?:${names})R3\\w+)\\(`, 'gm');

const lists: readonly Seed[] = [
  {
    list: 'ssm.h',
    number: '000',
    found: [
      /^VMMR3\w*\([^)]*\) +(SSMR3\w+)\(/gm,
      /DECLCALLBACK\(\w+\) (FNSSM\w+)\(/g,
      /^(?:\d{5} )?# ?define +(SSM\w+)/gm,
      /^ {4}(SSM(?:AFTER|FIELDTRANS)_[A-Z0-9_]+)/gm,
      /^} (SSM\w+);/gm,
      /^ \* @retval {2}(V(?:INF|ERR)_SSM_\w+)/gm,
      // The members of the one structure that others implement.
      /DECLCALLBACKMEMBER\(\w+, (pfn\w+)\)/g,
    ],
  },
  { list: 'SSM.cpp', number: '001', found: [/^VMMR3\w*\([^)]*\) +(SSMR3\w+)\(/gm], beyond: 'ssm.h' },
  { list: 'PDMDriver.cpp', number: '002', found: [functions('PDM|pdm')] },
  { list: 'VM.cpp', number: '003', found: [functions('VM|vm')] },
  {
    list: 'sup.h',
    number: '004',
    found: [
      /^(?!typedef).*DECL\w*\([^)]*\) *(\w+)\(/gm,
      /DECLCALLBACK\(\w+\) (FNSUP\w+)\(/g,
      /^# *define ((?:NIL_)?SUP\w+)/gm,
      /^} (SUP\w+);/gm,
    ],
  },
];

const namesOf = (list: string) => read(`test/src/api/${list}.txt`).trim().split('\n');

/** A row of the document. */
interface Row {
  /** The heading it is under: the seed. */
  readonly seed: string;
  readonly names: readonly string[];
  /** What there is here, each as one would write it. */
  readonly members: readonly string[];
  /** Labels of the files where it is. */
  readonly sources: readonly string[];
  readonly test?: { readonly file: string; readonly title: string };
  /** Why there is nothing. */
  readonly reason?: string;
}

const code = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const labels = (cell: string) => [...cell.matchAll(/\[([\w./-]+\.ts)\]/g)].map((match) => match[1]!);

function rowsOf(text: string): Row[] {
  let seed = '';
  return text.split('\n').flatMap((line): Row[] => {
    seed = /^## (.*)$/.exec(line)?.[1] ?? seed;
    if (!line.startsWith('| `')) return [];
    const cells = line.slice(2, -2).split(' | ');
    const names = code(cells[0]!);
    if (cells.length === 2) return [{ seed, names, members: [], sources: [], reason: cells[1]! }];
    const [here, , where] = /^(.*)( in )(.*)$/.exec(cells[1]!)?.slice(1) ?? [];
    const [, file, title] = /^\[([\w./-]+)\]: (.+)$/.exec(cells[2] ?? '') ?? [];
    if (here === undefined || file === undefined || title === undefined) throw new Error(`no row: ${line}`);
    return [{ seed, names, members: code(here), sources: labels(where!), test: { file, title } }];
  });
}

/** The titles of the tests in some files, as mocha has them, which runs none of them. */
function titlesIn(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  const compiled = new Map(files.map((file) => [file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'), file]));
  const options = ['--no-config', '--dry-run', '--reporter', 'json'];
  const output = execFileSync(process.execPath, [mocha, ...options, ...compiled.keys()], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const { tests } = JSON.parse(output.slice(output.indexOf('{'))) as { tests: { file: string; title: string }[] };
  const titles = new Map<string, string[]>();
  for (const { file, title } of tests) {
    const source = compiled.get(file.slice(root.length)) ?? file;
    titles.set(source, [...(titles.get(source) ?? []), title]);
  }
  return titles;
}

/** Everything that has a name in a source file: functions, classes, types, members, rows of tables. */
function declaredIn(text: string): ReadonlySet<string> {
  const words = 'export|const|function|abstract|class|interface|type|readonly|get|async|protected|override';
  const declared = new RegExp(
    `^\\s*(?:(?:${words}) )*(\\w+)\\??(?:<.*>)?(?:\\s*[(:={]| (?:extends|implements) )`,
    'gm',
  );
  return new Set([...text.matchAll(declared)].map((match) => match[1]!));
}

describe('docs/coverage.md', () => {
  const text = read('docs/coverage.md');
  const rows = rowsOf(text);
  const links = new Map([...text.matchAll(/^\[([^\]]+)\]: \.\.\/(\S+)$/gm)].map((match) => [match[1]!, match[2]!]));
  const pathOf = (label: string) => links.get(label) ?? `(no link for ${label})`;

  it('has a part for each of the five files', () => {
    expect([...new Set(rows.map(({ seed }) => seed))].sort()).to.deep.equal(lists.map(({ list }) => list).sort());
  });

  for (const { list, number, found, beyond } of lists) {
    it(`has each name of ${list} in one row, and no others`, () => {
      const named = rows.filter(({ seed }) => seed === list).flatMap(({ names }) => names);
      const listed = namesOf(list);
      expect(named.filter((name, at) => named.indexOf(name) !== at || !listed.includes(name))).to.deep.equal([]);
      expect(listed.filter((name) => !named.includes(name))).to.deep.equal([]);
    });

    it(`rests on the names that are in ${list}`, function () {
      const listed = namesOf(list);
      expect(listed).to.deep.equal([...new Set(listed)].sort());
      const document = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith(number)) : undefined;
      if (document === undefined) return this.skip();
      const seed = readFileSync(join(seeds, document), 'utf8');
      const others = new Set(beyond === undefined ? [] : namesOf(beyond));
      const names = found.flatMap((pattern) =>
        [...seed.matchAll(pattern)].map(([, name]) => (name!.startsWith('pfn') ? `SSMSTRMOPS::${name}` : name!)),
      );
      expect([...new Set(names)].filter((name) => !others.has(name)).sort()).to.deep.equal(listed);
    });
  }

  it('links to files that are there, and to each that it names', () => {
    for (const [label, path] of links) expect(existsSync(join(root, path)), label).to.equal(true);
    const used = rows.flatMap(({ sources, test }) => [...sources, ...(test === undefined ? [] : [test.file])]);
    expect([...new Set(used)].sort()).to.deep.equal([...links.keys()].sort());
  });

  let titles: ReadonlyMap<string, readonly string[]>;
  before(function () {
    this.timeout(120_000);
    titles = titlesIn([...new Set(rows.flatMap(({ test }) => (test === undefined ? [] : [pathOf(test.file)])))]);
  });

  for (const { names, members, sources, test, reason } of rows) {
    const [name] = names;
    if (reason !== undefined) {
      it(`${name}: has a reason why it is not here`, () => expect(reason.length).to.be.greaterThan(20));
      continue;
    }
    it(`${name}: is where it is said to be`, () => {
      const contents = sources.map((label) => read(pathOf(label)));
      const declared = contents.map(declaredIn);
      expect(members).not.to.deep.equal([]);
      for (const member of members) {
        // A value of a type, or the last name of what one would write.
        const quoted = member.startsWith("'");
        const word = /(\w+)(?:\(.*\))?$/.exec(member)?.[1] ?? member;
        const found = quoted ? contents.some((content) => content.includes(member)) : declared.some((d) => d.has(word));
        expect(found, `${member} in ${sources.join(', ')}`).to.equal(true);
      }
    });
    it(`${name}: is shown by a test`, () => {
      const { file, title } = test!;
      const there = titles.get(pathOf(file)) ?? [];
      const found = title.endsWith('…') ? there.some((t) => t.startsWith(title.slice(0, -1))) : there.includes(title);
      expect(found, `'${title}' in ${file}`).to.equal(true);
    });
  }
});
