import { expect } from 'chai';
import { convertState } from '../convert/convert.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import { AwkwardSource, sav } from '../testing.js';
import { savV1 } from '../testing-v1.js';
import { explainState } from './explain-state.js';

const explain = (bytes: Uint8Array) => explainState(new MemorySource(bytes));
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

async function withLz4(bytes: Uint8Array): Promise<Uint8Array> {
  const sink = new MemorySink();
  await convertState(new MemorySource(bytes), sink, { compression: 'lz4' });
  return sink.bytes();
}

describe('explaining a saved state', () => {
  const live = sav({ live: true, self: true }).unit('SSMLiveControl', 0, { pass: 0 }).u16(50);
  const sound: readonly [
    name: string,
    bytes: () => Uint8Array | Promise<Uint8Array>,
    loadedBy: RegExp,
    units: number,
  ][] = [
    ['V2.0', () => sav({ self: true }).unit('u').u8(1).bytes(), /^VirtualBox 3\.1 and later$/, 2],
    ['a live save', () => live.bytes(), /^VirtualBox 4\.0 and later$/, 2],
    ['V2.0 packed with LZ4', () => withLz4(sav().unit('u').zero(4).bytes()), /^only ssmkit.*convert FILE/, 1],
    ['V1.2', () => savV1().unit('u').store([1]).bytes(), /^VirtualBox 2\.1 and later$/, 1],
    ['V1.1', () => savV1({ format: '1.1' }).bytes(), /^VirtualBox 1\.5 and later$/, 0],
  ];
  for (const [name, bytes, loadedBy, units] of sound) {
    it(`says who loads a sound one: ${name}`, async () => {
      const { failure, explanation, loadedBy: by, units: count } = await explain(await bytes());
      expect(failure).to.equal(undefined);
      expect(explanation).to.equal(undefined);
      expect(by).to.match(loadedBy);
      expect(count).to.equal(units);
    });
  }

  it('says of V1.0 that it is sound, and that nothing new loads it', async () => {
    const { explanation, loadedBy, findings } = await explain(savV1({ format: '1.0' }).unit('u').bytes());
    expect(explanation?.status).to.equal('VERR_SSM_INTEGRITY_VERSION');
    expect(loadedBy).to.match(/up to 3\.0; nothing is damaged/);
    expect(findings.join(' ')).to.contain('does not tell the version');
    const damaged = await explain(
      savV1({ format: '1.0', after: (view) => view.setUint8(100, 9) })
        .unit('u')
        .bytes(),
    );
    expect(damaged.loadedBy).to.equal(undefined);
    expect(damaged.explanation?.status).to.equal('VERR_SSM_INTEGRITY_CRC');
  });

  it('says who saved it, and whether it has checksums', async () => {
    const { findings } = await explain(sav({ checksum: false, live: true }).bytes());
    expect(findings[0]).to.match(
      /VirtualBox 7\.2\.22 \(revision 175245\), in format V2\.0, while the machine was running/,
    );
    expect(findings.join(' ')).to.contain('no checksums');
    expect((await explain(sav().bytes())).findings.join(' ')).not.to.contain('checksum');
  });

  const good = sav({ self: true }).unit('u').u8(1).unit('v').zero(4).raw(Array(2000).fill(1)).bytes();
  const padded = new Uint8Array(good.length);
  padded.set(good.subarray(0, -700));
  const damaged: readonly [name: string, bytes: Uint8Array, status: string, finding: RegExp, units: number][] = [
    ['cut off', good.subarray(0, -400), 'VERR_SSM_INTEGRITY_FOOTER', /in front of the damage.*: 2\./, 2],
    ['with zeros at its end', padded, 'VERR_SSM_INTEGRITY_FOOTER', /ends with zeros/, 2],
    ['without a footer', good.subarray(0, -1), 'VERR_SSM_INTEGRITY_FOOTER', /in front of the damage.*: 3\./, 3],
    ['with something behind it', Uint8Array.of(...good, 1), 'VERR_SSM_INTEGRITY_FOOTER', /sound by themselves: 3/, 3],
    [
      'written unit by unit',
      sav({ end: false }).unit('u').bytes(),
      'VERR_SSM_INTEGRITY_UNIT_MAGIC',
      /written unit by unit/,
      1,
    ],
    [
      'damaged inside of packed data',
      sav().unit('t').unit('u').lzf(4, [0xff, 0xff]).unit('v').bytes(),
      'VERR_SSM_INTEGRITY_DECOMPRESSION',
      /in front of the damage.*: 1\./,
      1,
    ],
    ['empty', new Uint8Array(0), 'VERR_EOF', /looks like this: empty/, 0],
    ['of zeros', new Uint8Array(1000), 'VERR_SSM_INTEGRITY_MAGIC', /nothing but zeros/, 0],
    ['packed', Uint8Array.of(0x1f, 0x8b, ...Array(100).fill(3)), 'VERR_SSM_INTEGRITY_MAGIC', /gzip: unpack/, 0],
    [
      'a web page',
      latin1(`\xef\xbb\xbf\r\n<!DOCTYPE html>${' '.repeat(100)}`),
      'VERR_SSM_INTEGRITY_MAGIC',
      /a web page/,
      0,
    ],
    ['settings', latin1(`<?xml version="1.0"?>${' '.repeat(100)}`), 'VERR_SSM_INTEGRITY_MAGIC', /\.vbox/, 0],
    ['a disk', latin1('<<< Oracle VM VirtualBox Disk Image >>>\n'), 'VERR_SSM_INTEGRITY_MAGIC', /VDI/, 0],
    [
      'an old one cut off',
      savV1().unit('u').store(Array(50).fill(1)).unit('v').store(Array(50).fill(1)).bytes().subarray(0, -90),
      'VERR_SSM_INTEGRITY_SIZE',
      /in front of the damage.*: 1\./,
      1,
    ],
  ];
  for (const [name, bytes, status, finding, units] of damaged) {
    it(`says what is wrong with one that is ${name}`, async () => {
      const { failure, explanation, loadedBy, findings, units: count } = await explain(bytes);
      expect(failure?.status).to.equal(status);
      expect(explanation?.status).to.equal(status);
      expect(loadedBy).to.equal(undefined);
      expect(
        findings.some((text) => finding.test(text)),
        findings.join(' '),
      ).to.equal(true);
      expect(count).to.equal(units);
    });
  }

  it('reads a source that gives little at a time', async () => {
    const source = new AwkwardSource(good.subarray(0, -400), { asynchronous: true, shortReads: true });
    expect(await explainState(source)).to.deep.include({ units: 2 });
  });
});
