import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav, savV1 } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { DiffDocument } from '../index.js';
import { runSsm } from '../testing.js';

const raw = Array.from({ length: 100_000 }, (_, i) => i & 0xff);
const first = () => sav({ self: true }).unit('GCM').u32(7).unit('own', 3).mem(raw).unit('SSMLiveControl', 0).u16(5);
const changed = raw.map((byte, i) => (i === 5 || i === 7 || (i >= 70_000 && i < 70_010) ? byte ^ 0xff : byte));

describe('ssm diff', () => {
  let cwd = '';
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-diff-'));
    const states: Readonly<Record<string, Uint8Array>> = {
      a: first().bytes(),
      packed: sav({ self: true })
        .unit('GCM')
        .raw([7, 0, 0, 0])
        .unit('own', 3)
        .raw(raw)
        .unit('SSMLiveControl')
        .u16(5)
        .bytes(),
      field: sav({ self: true }).unit('GCM').u32(0x107).unit('own', 3).mem(raw).unit('SSMLiveControl').u16(6).bytes(),
      bytes: sav({ self: true }).unit('GCM').u32(7).unit('own', 3).mem(changed).unit('SSMLiveControl').u16(5).bytes(),
      longer: sav({ self: true })
        .unit('GCM')
        .u32(7)
        .unit('own', 3)
        .mem([...raw, 1])
        .unit('SSMLiveControl')
        .u16(5)
        .bytes(),
      version: sav({ self: true })
        .unit('GCM')
        .u32(7)
        .unit('own', 3, { version: 2 })
        .mem(raw)
        .unit('SSMLiveControl')
        .u16(5)
        .bytes(),
      fewer: sav({ self: true }).unit('GCM').u32(7).unit('new').bytes(),
      header: sav({ self: true, live: true })
        .unit('GCM')
        .u32(7)
        .unit('own', 3)
        .mem(raw)
        .unit('SSMLiveControl')
        .u16(5)
        .bytes(),
      cut: first().bytes().subarray(0, 1000),
      old: savV1().unit('GCM').store([7, 0, 0, 0]).bytes(),
      older: savV1().unit('GCM').store([8, 0, 0, 0]).bytes(),
    };
    for (const [name, bytes] of Object.entries(states)) writeFileSync(join(cwd, `${name}.sav`), bytes);
  });
  after(() => rmSync(cwd, { recursive: true }));

  const diff = (a: string, b: string, ...args: readonly string[]) =>
    runSsm(['diff', `${a}.sav`, `${b}.sav`, ...args], { cwd });

  const rows: readonly (readonly [b: string, code: number, out: RegExp])[] = [
    ['a', 0, /^$/],
    ['packed', 0, /^$/],
    [
      'field',
      1,
      /^GCM#0\n {2}fixers: 7 \(0x7\) → 263 \(0x107\)\nSSMLiveControl#0\n {2}progress: 5 \(0x5\) → 6 \(0x6\)\n$/,
    ],
    ['bytes', 1, /^own#3: 100000 bytes, changed at 0x5…0x7, 0x11170…0x11179 \(no layout is known for this unit\)\n$/],
    ['longer', 1, /^own#3: 100000 → 100001 bytes, changed at 0x186a0 /],
    ['version', 1, /^own#3, version 1 → 2: 100000 bytes/],
    [
      'fewer',
      1,
      /^header\n {2}unitCount: 4 → 3\nown#3: only in the first state\nSSMLiveControl#0: only in the first state\nnew#0: only in the second state\n$/,
    ],
    ['header', 1, /^header\n {2}live: false → true\n$/],
  ];
  for (const [b, code, out] of rows) {
    it(`a state and one with ${b === 'a' ? 'nothing' : `other ${b}`}`, async () => {
      const outcome = await diff('a', b);
      expect(outcome).to.deep.include({ code, err: '' });
      expect(outcome.out).to.match(out);
    });
  }

  it('states of old formats', async () => {
    expect((await diff('old', 'older')).out).to.equal('GCM#0\n  fixers: 7 (0x7) → 8 (0x8)\n');
  });

  it('--unit compares one', async () => {
    expect((await diff('a', 'field', '--unit', 'SSMLiveControl')).out).to.match(/^SSMLiveControl#0\n.*\n$/);
    expect(await diff('a', 'field', '--unit', 'own')).to.deep.include({ code: 0, out: '' });
    expect(await diff('a', 'header', '--unit', 'GCM')).to.deep.include({ code: 0, out: '' });
  });

  it('--json', async () => {
    const { code, out } = await diff('a', 'field', '--json');
    const document = JSON.parse(out) as DiffDocument;
    expect(code).to.equal(1);
    expect(document).to.deep.include({ same: false, header: [], memory: [], errors: [] });
    expect(document.units[0]).to.deep.include({ kind: 'fields', changes: [{ path: 'fixers', from: 7, to: 263 }] });
    const bytes = JSON.parse((await diff('a', 'bytes', '--json')).out) as DiffDocument;
    const ranges = [
      { start: 5, size: 3 },
      { start: 70_000, size: 10 },
    ];
    expect(bytes.units[0]?.changed).to.deep.equal({ ranges, count: 2 });
  });

  for (const [what, args, err] of [
    ['a missing file', ['none', 'a'], /^ssm: VERR_FILE_NOT_FOUND: [^\n]*\n$/],
    ['a damaged file', ['a', 'cut'], /^ssm: VERR_SSM_INTEGRITY_FOOTER: the second state: [^\n]*\n$/],
    ['another damaged file', ['cut', 'a'], /^ssm: VERR_SSM_INTEGRITY_FOOTER: the first state: [^\n]*\n$/],
    [
      'a unit that is in neither',
      ['a', 'a', '--unit', 'GMC'],
      /^ssm: VERR_SSM_UNIT_NOT_FOUND: no such unit; near names: GCM/,
    ],
  ] as const) {
    it(`${what}: exit code 2`, async () => {
      const [a, b, ...rest] = args;
      const outcome = await diff(a, b, ...rest);
      expect(outcome.code).to.equal(2);
      expect(outcome.err).to.match(err);
    });
  }

  it('both from stdin is wrong usage', async () => {
    expect((await runSsm(['diff', '-', '-'])).code).to.equal(2);
    expect((await runSsm(['diff', '-', 'a.sav'], { cwd, stdin: first().bytes() })).code).to.equal(0);
  });
});
