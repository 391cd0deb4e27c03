import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { putInto } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { DisplayScreenshot, ScreenshotBlock, ScreenshotType } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { ScreenshotDocument } from '../index.js';
import { runSsm } from '../testing.js';

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
/** Two pixels: red, and blue. */
const pixels = Uint8Array.of(0, 0, 255, 0, 255, 0, 0, 0);

function state(...blocks: readonly ScreenshotBlock[]): Uint8Array {
  const unit = Object.assign(new DisplayScreenshot(), { blocks });
  const data = putInto((stream) => stream.put(unit), { version: 0x10001 });
  return sav()
    .unit('DisplayScreenshot', 1100, { version: 0x10001 })
    .mem([...data])
    .bytes();
}

const thumbnail = ScreenshotBlock.of(ScreenshotType.Thumbnail, 2, 1, pixels);
const both = state(thumbnail, ScreenshotBlock.of(ScreenshotType.Png, 640, 400, png));

describe('ssm screenshot', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssm-screenshot-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes the PNG as it is, and says how large', async () => {
    const { code, out, err } = await runSsm(['screenshot', '-', 'a.png'], { stdin: both, cwd: folder });
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.equal('a.png: 640 × 400 pixels, 7 bytes\n');
    expect([...readFileSync(join(folder, 'a.png'))]).to.deep.equal([...png]);
    expect(readdirSync(folder)).to.deep.equal(['a.png']);
  });

  it('writes nothing else to stdout', async () => {
    const { code, stdout } = await runSsm(['screenshot', '-', '-'], { stdin: both, cwd: folder });
    expect(code).to.equal(0);
    expect([...stdout]).to.deep.equal([...png]);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('--thumbnail makes a PNG of the pixels', async () => {
    const { code, stdout } = await runSsm(['screenshot', '-', '--thumbnail', '-'], { stdin: both });
    expect(code).to.equal(0);
    const at = Buffer.from(stdout).indexOf('IDAT');
    expect([...inflateSync(stdout.subarray(at + 4, -16))]).to.deep.equal([0, 255, 0, 0, 0, 0, 255]);
  });

  it('--json tells what was written', async () => {
    const { out } = await runSsm(['screenshot', '-', 'a.png', '--json'], { stdin: both, cwd: folder });
    const document: ScreenshotDocument = { file: '-', output: 'a.png', width: 640, height: 400, bytes: 7, errors: [] };
    expect(JSON.parse(out)).to.deep.equal(document);
  });

  const none = ScreenshotBlock.empty(ScreenshotType.Png);
  const rows: readonly (readonly [
    what: string,
    args: readonly string[],
    stdin: Uint8Array,
    code: number,
    err: RegExp,
  ])[] = [
    ['a machine without a picture', ['out'], state(thumbnail, none), 1, /VERR_NO_DATA: the machine had no picture/],
    ['one without a thumbnail', ['--thumbnail', 'out'], state(none), 1, /VERR_NO_DATA/],
    ['a state without the unit', ['out'], sav().unit('pit').mem([1]).bytes(), 1, /VERR_SSM_UNIT_NOT_FOUND/],
    [
      'a thumbnail that is not as large as it says',
      ['--thumbnail', 'out'],
      state(ScreenshotBlock.of(ScreenshotType.Thumbnail, 3, 1, pixels)),
      1,
      /8 bytes of pixels where 3 × 1 take 12/,
    ],
    ['JSON and picture both to stdout', ['-', '--json'], both, 2, /would both write to stdout/],
  ];
  for (const [what, args, stdin, code, err] of rows) {
    it(`${what} is a failure, and leaves OUT as it was`, async () => {
      writeFileSync(join(folder, 'out'), 'before');
      const result = await runSsm(['screenshot', '-', ...args], { stdin, cwd: folder });
      expect(result.code).to.equal(code);
      expect(result.err).to.match(err);
      expect(readFileSync(join(folder, 'out'), 'utf8')).to.equal('before');
      expect(readdirSync(folder)).to.deep.equal(['out']);
    });
  }

  it('a folder that is not there is a failure', async () => {
    const { code, err } = await runSsm(['screenshot', '-', 'no/a.png'], { stdin: both, cwd: folder });
    expect(code).to.equal(1);
    expect(err).to.match(/^ssm: VERR_PATH_NOT_FOUND|^ssm: VERR_FILE_NOT_FOUND/);
    expect(existsSync(join(folder, 'no'))).to.equal(false);
  });

  it('--salvage takes the picture of a damaged state, and says what is wrong with it', async () => {
    const stdin = both.map((byte, i) => (i === Buffer.from(both).indexOf(png) + 5 ? byte ^ 1 : byte));
    const refused = await runSsm(['screenshot', '-', 'a.png'], { stdin, cwd: folder });
    expect([refused.code, refused.out]).to.deep.equal([1, '']);
    expect(refused.err).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_TERM_CRC: .*; --salvage takes what can be read .*\n$/);
    expect(readdirSync(folder)).to.deep.equal([]);
    const { code, out, err } = await runSsm(['screenshot', '-', 'a.png', '--salvage'], { stdin, cwd: folder });
    expect([code, out]).to.deep.equal([1, 'a.png: 640 × 400 pixels, 7 bytes\n']);
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_TERM_CRC: .*unit 'DisplayScreenshot'#1100.*\n$/);
    expect(readdirSync(folder)).to.deep.equal(['a.png']);
  });
});
