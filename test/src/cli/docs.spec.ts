import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSsm } from '@ssmkit/cli/testing';
import { guestState, page, screenState } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

/** The part of the page under a heading, to the next one of the same rank. */
function section(heading: string): string {
  const [rank] = heading.split(' ') as [string];
  const start = docs.indexOf(`\n${heading}\n`);
  expect(start, `a heading '${heading}'`).to.be.greaterThan(0);
  const end = docs.indexOf(`\n${rank} `, start + heading.length);
  return docs.slice(start, end < 0 ? undefined : end);
}

/** Paths of all keys of a document, as the page writes them. Units, places and records are described once for all. */
function keysOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => keysOf(element, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = path === '' ? key : `${path}.${key}`;
    const isPart = ['where', 'records', 'unit', 'errors', 'value'].includes(key);
    return [here, ...(isPart ? [] : keysOf(inner, here))];
  });
}

const unitKeys = ['name', 'instance', 'version', 'pass', 'offset'];
const schema = `${fileURLToPath(new URL('../classes/big.js', import.meta.url))}#Big`;
const structs = corpusPath('03-structex-all-flags.sav') as string;

/** Described elsewhere: by `ssm ls`, and for all units. */
const documentParts = [
  ...['format', 'product', 'revision', 'hostBits', 'gcPhysBytes', 'gcPtrBytes'].map((key) => `header.${key}`),
  ...['unitCount', 'live', 'checksum', 'compression'].map((key) => `header.${key}`),
  ...['name', 'instance', 'version', 'pass'].map((key) => `units[].${key}`),
];

/** A state with some guest memory, and what stands in for the same counts over and over. */
const guest = join(tmpdir(), `ssm-docs-guest-${process.pid}.sav`);
const extracted = `${guest}.raw`;
/** A state with a screen. */
const screen = `${guest}.screen`;
const counts = (path: string) => ['raw', 'zero', 'ballooned', 'missing'].map((key) => `${path}.pages.${key}`);

const converted = join(tmpdir(), `ssm-docs-${process.pid}.sav`);

const commands: readonly (readonly [heading: string, args: readonly string[], leaveOut?: readonly string[]])[] = [
  ['### `ssm ls --json`', ['ls', structs], unitKeys.map((key) => `units[].${key}`)],
  ['### `ssm verify --json`', ['verify', corpusPath('variants/rec-type0.sav') as string]],
  ['### `ssm cat --json`', ['cat', structs, 'structex']],
  ['### `ssm convert --json`', ['convert', structs, converted]],
  ['### `ssm explain --json`', ['explain', corpusPath('variants/rec-type0.sav') as string]],
  ['### `ssm dump --json`', ['dump', structs, 'structex']],
  ['### The document of a state', ['dump', structs], documentParts],
  ['### `ssm dump --json`', ['dump', structs, 'structex', '--schema', schema]],
  ['### `ssm screen --json`', ['screen', screen]],
  ['### `ssm mem --json`', ['mem', guest], [...counts('segments[]'), ...counts('devices[]')]],
  ['### `ssm mem extract --json`', ['mem', 'extract', guest, extracted]],
  ['### `ssm mem search --json`', ['mem', 'search', guest, '--hex', '00']],
  ['### `ssm mem hexdump --json`', ['mem', 'hexdump', guest, '0']],
];

describe('docs/cli.md', () => {
  before(async () => {
    const mmio2 = [{ device: 'vga', size: 4096n }];
    writeFileSync(guest, await guestState([{ pages: (put) => put.putRam(0, page(1)) }], { mmio2 }));
    writeFileSync(screen, await screenState('text', () => {}));
  });
  after(() => {
    for (const path of [converted, guest, extracted, screen]) rmSync(path, { force: true });
  });

  for (const [heading, args, leaveOut = []] of commands) {
    it(`has every key of ${heading}`, async () => {
      const document = JSON.parse((await runSsm([...args, '--json'])).out);
      const keys = new Set(keysOf(document, ''));
      for (const key of leaveOut) expect(keys.delete(key), key).to.equal(true);
      // An object is described by its keys.
      const described = [...keys].filter((key) => ![...keys].some((other) => other.startsWith(`${key}.`)));
      const text = section(heading);
      for (const key of described) expect(text, key).to.contain(`\`${key}\``);
    });
  }

  it('has every key of the parts', async () => {
    const { out } = await runSsm(['verify', corpusPath('variants/rec-type0.sav') as string, '--json']);
    const { errors } = JSON.parse(out);
    const text = section('### Parts');
    for (const key of [...Object.keys(errors[0]), ...Object.keys(errors[0].where), ...unitKeys]) {
      expect(text, key).to.contain(`| \`${key}\``);
    }
  });

  const mem = ['map', 'extract', 'search', 'hexdump'].map((command) => `mem ${command}`);
  for (const command of [
    'ls',
    'info',
    'verify',
    'explain',
    'cat',
    'dump',
    'build',
    'edit',
    'diff',
    'convert',
    ...mem,
  ]) {
    it(`has every option of ssm ${command}`, async () => {
      const { out } = await runSsm([...command.split(' '), '--help']);
      const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option as string);
      expect(options).to.include('--json');
      for (const option of options) expect(docs, option).to.contain(`\`${option}`);
    });
  }
});
