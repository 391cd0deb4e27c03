import { MemorySink, MemorySource, openState } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { contextOf } from '../context.js';
import { unitPieces } from '../unit-data.js';
import { buildState, stateDocument } from './index.js';
import { RAW_LINE } from './state-json.js';

async function textOf(bytes: Uint8Array): Promise<string> {
  const state = await openState(new MemorySource(bytes));
  let text = '';
  for await (const piece of stateDocument(state, await contextOf(state))) text += piece;
  return text;
}

async function build(text: string, piece = 1000): Promise<Uint8Array> {
  const sink = new MemorySink();
  const pieces = Array.from({ length: Math.ceil(text.length / piece) }, (_, i) =>
    text.slice(i * piece, (i + 1) * piece),
  );
  await buildState(pieces, sink);
  return sink.bytes();
}

async function dataOf(bytes: Uint8Array, name: string): Promise<number[]> {
  const data: number[] = [];
  for await (const piece of unitPieces(await (await openState(new MemorySource(bytes))).seek(name)))
    data.push(...piece);
  return data;
}

const GCM = { name: 'GCM', instance: 0, version: 1, pass: 0xffffffff };
const bytes = sav({ self: true }).unit('GCM').u32(7).unit('own').mem([1, 2, 3]).bytes();

type Document = ReturnType<typeof JSON.parse>;

/** The document of a small state, changed. */
async function changed(change: (document: Document) => void): Promise<string> {
  const document = JSON.parse(await textOf(bytes));
  change(document);
  return JSON.stringify(document);
}

async function problemOf(text: string): Promise<string> {
  const sink = new MemorySink();
  try {
    await buildState([text], sink);
  } catch (error) {
    expect(sink.bytes().length, 'bytes written').to.equal(0);
    return (error as Error).message;
  }
  throw new Error('it should have failed');
}

describe('a state as a document', () => {
  it('has one line for each unit', async () => {
    const lines = (await textOf(bytes)).split('\n').filter((line) => line.startsWith('{"name"'));
    expect(lines.map((line) => JSON.parse(line.replace(/,$/, '')).name)).to.deep.equal(['SSM', 'GCM', 'own']);
  });

  it('has values of units that are known, and bytes of others with the reason', async () => {
    const { units } = JSON.parse(await textOf(bytes));
    expect(units[1])
      .to.deep.include({ ...GCM, class: 'Gcm' })
      .and.to.have.property('value');
    expect(units[2]).to.deep.include({ name: 'own', reason: 'no layout is known for this unit', raw: 'AQID' });
  });

  it('goes on in further lines where data is long', async () => {
    const long = sav().unit('own');
    for (let kib = 0; kib <= RAW_LINE / 1024; kib += 4) long.zero(4);
    const made = long.u8(9).bytes();
    const text = await textOf(made);
    expect(JSON.parse(text).units.map((unit: object) => Object.keys(unit).at(-1))).to.deep.equal(['raw', 'more']);
    expect(Math.max(...text.split('\n').map((line) => line.length))).to.be.below(RAW_LINE * 1.4);
    const data = await dataOf(await build(text, 100_000), 'own');
    expect(data).to.have.length(RAW_LINE + 4096 + 1);
    expect(data.at(-1)).to.equal(9);
  });

  it('of a damaged state says so, and is refused', async () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 40] = 0xff;
    const text = await textOf(damaged);
    expect(JSON.parse(text).errors).to.have.length(1);
    expect(await problemOf(text)).to.match(/^VERR_NOT_SUPPORTED: the document is of a damaged state/);
  });
});

describe('building a state', () => {
  it('from values that were changed', async () => {
    const text = await changed(({ units }) => {
      const [key] = Object.keys(units[1].value) as [string];
      units[1].value[key] = 0x1234;
    });
    expect(await dataOf(await build(text), 'GCM')).to.deep.equal([0x34, 0x12, 0, 0]);
  });

  it('reads text however it is cut, and formatted', async () => {
    const text = JSON.stringify(JSON.parse(await textOf(bytes)), null, 4);
    const whole = await build(text);
    for (const piece of [1, 7, 64]) expect(await build(text, piece)).to.deep.equal(whole);
  });

  it('keeps that a file has no END unit', async () => {
    const standalone = sav({ end: false }).unit('own').mem([1, 2]).bytes();
    expect(JSON.parse(await textOf(standalone)).end).to.equal(false);
    expect(await build(await textOf(standalone))).to.deep.equal(standalone);
  });

  const rows: readonly (readonly [what: string, change: (document: Document) => void, problem: RegExp])[] = [
    ['no format', (doc) => delete doc.format, /: format: expected "ssmkit-state"/],
    ['another version', (doc) => Object.assign(doc, { formatVersion: 2 }), /^VERR_NOT_SUPPORTED: version 2 of the/],
    ['no header', (doc) => delete doc.header, /: header: missing/],
    ['no directory', (doc) => delete doc.directory, /: directory: missing/],
    [
      'a wrong width',
      (doc) => Object.assign(doc.header, { hostBits: 16 }),
      /: header\.hostBits: expected .*, found 16/,
    ],
    [
      'a wrong product',
      (doc) => Object.assign(doc.header, { product: '7' }),
      /: header\.product: expected .*, found "7"/,
    ],
    ['an old format', (doc) => Object.assign(doc.header, { format: '1.1' }), /V1\.1 cannot be written/],
    ['no unit', (doc) => doc.units.push(5), /: units\[3\].*expected/],
    ['no instance', (doc) => delete doc.units[2].instance, /: units\[2\]\.instance: expected .*, found nothing/],
    ['no base64', (doc) => Object.assign(doc.units[2], { raw: 'A' }), /: units\[2\]\.raw: expected base64/],
    ['another class', (doc) => Object.assign(doc.units[1], { class: 'Pit' }), /: units\[1\]\.class: .*there is Gcm/],
    [
      'no such field',
      (doc) => Object.assign(doc.units[1].value, { x: 1 }),
      /: units\[1\]\.value: Gcm\.x: no such field/,
    ],
    ['more of nothing', (doc) => doc.units.unshift({ more: '' }), /: units\[0\]: there is no raw unit/],
    ['no such name', (doc) => Object.assign(doc.units[2], { name: '' }), /: units\[2\]: a unit cannot be named ''/],
    ['a stranger', (doc) => doc.directory.push(['x', 0]), /: directory\[3\]: there is no unit 'x'#0/],
  ];
  for (const [what, change, problem] of rows) {
    it(`refuses a document with ${what}`, async () => {
      expect(await problemOf(await changed(change))).to.match(problem);
    });
  }

  for (const text of ['', ' ', '[]', '{', '{"format": }', '7', '{} {}', 'null']) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      expect(await problemOf(text)).to.match(/^VERR_INVALID_PARAMETER: /);
    });
  }
});
