import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { screenState } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import { runSsm } from '../testing.js';

describe('ssm screen', () => {
  const text = screenState('text', (vram) => {
    for (const [i, letter] of [...'C:\\>'].entries()) vram.set([letter.charCodeAt(0), 7], i * 8);
  });
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssm-screen-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('shows the text without the empty rows at its end', async () => {
    const { code, out, err } = await runSsm(['screen', '-'], { stdin: await text });
    expect([code, out, err]).to.deep.equal([0, 'C:\\>\n', '']);
  });

  it('writes the screen as a PNG file, and nothing beside it', async () => {
    const { code, out } = await runSsm(['screen', '-', 'a.png'], { stdin: await text, cwd: folder });
    expect(code).to.equal(0);
    expect(out).to.match(/^a\.png: 720 × 400 pixels, \d+ bytes\n$/);
    expect(readdirSync(folder)).to.deep.equal(['a.png']);
    const png = readFileSync(join(folder, 'a.png'));
    expect(png.readUInt32BE(16)).to.equal(720);
    expect(inflateSync(png.subarray(41, png.length - 16))).to.have.length((720 * 3 + 1) * 400);
  });

  it('writes nothing else to stdout', async () => {
    const { code, stdout } = await runSsm(['screen', '-', '-'], { stdin: await text, cwd: folder });
    expect(code).to.equal(0);
    expect([...stdout.slice(0, 4)]).to.deep.equal([0x89, 0x50, 0x4e, 0x47]);
  });

  it('--no-cursor leaves the cursor out', async () => {
    const stdin = await screenState('text', (vram) => vram.fill(7, 1, 2));
    const sizes = await Promise.all(
      [[], ['--no-cursor']].map(async (options) => {
        const { stdout } = await runSsm(['screen', '-', '-', ...options], { stdin });
        return stdout.length;
      }),
    );
    expect(sizes[0]).to.be.greaterThan(sizes[1] as number);
  });

  it('--json tells mode, size, text and cursor', async () => {
    const { out } = await runSsm(['screen', '-', '--json'], { stdin: await text });
    const { file, mode, width, height, text: rows, cursor, output, bytes, errors } = JSON.parse(out);
    expect({ file, mode, width, height, cursor, output, bytes, errors }).to.deep.equal({
      file: '-',
      mode: 'text',
      width: 720,
      height: 400,
      cursor: { column: 0, row: 0 },
      output: null,
      bytes: 0,
      errors: [],
    });
    expect(rows).to.deep.equal(['C:\\>', ...Array(24).fill('')]);
  });

  it('says of pictures how large they are', async () => {
    const stdin = await screenState('graphics', () => {});
    expect((await runSsm(['screen', '-'], { stdin })).out).to.equal(
      'a picture of 640 × 400 pixels; name a PNG file to write\n',
    );
  });

  it('says when the screen is off, and writes no file then', async () => {
    const stdin = await screenState('blank', () => {});
    expect((await runSsm(['screen', '-'], { stdin })).out).to.equal('nothing: the screen is off\n');
    const { code, err } = await runSsm(['screen', '-', 'a.png'], { stdin, cwd: folder });
    expect([code, err]).to.deep.equal([1, "ssm: VERR_NO_DATA: the screen is off (unit 'vga'#0)\n"]);
    expect(existsSync(join(folder, 'a.png'))).to.equal(false);
  });

  for (const [args, status] of [
    [['screen', '-', '-', '--json'], "--json and '-' for OUT would both write to stdout"],
    [['screen', '-', '--monitor', '64'], 'Expected 0…63.'],
    [['screen', '-', '--monitor', 'x'], 'Expected 0…63.'],
  ] as const) {
    it(`refuses ${args.slice(2).join(' ')}`, async () => {
      const { code, err } = await runSsm([...args], { stdin: await text });
      expect(code).to.equal(2);
      expect(err).to.contain(status);
    });
  }

  it('refuses a monitor that is not there, and states without a screen', async () => {
    const monitor = await runSsm(['screen', '-', '--monitor', '1'], { stdin: await text });
    expect([monitor.code, monitor.err]).to.deep.equal([
      1,
      "ssm: VERR_OUT_OF_RANGE: there is no monitor 1 (unit 'vga')\n",
    ]);
    const other = await runSsm(['screen', '-'], { stdin: await screenState('none', () => {}) });
    expect(other.code).to.equal(1);
    expect(other.err).to.contain('VERR_SSM_UNIT_NOT_FOUND');
  });

  describe('of a damaged state', () => {
    const changed = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 0xff : byte));

    it('says what helps', async () => {
      const stdin = (await text).subarray(0, -40);
      const { code, out, err } = await runSsm(['screen', '-'], { stdin });
      expect([code, out]).to.deep.equal([1, '']);
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_FOOTER: .*; --salvage takes what can be read .*\n$/);
    });

    it('--salvage: is whole where the damage is elsewhere', async () => {
      const stdin = (await text).subarray(0, -40);
      const { code, out, err } = await runSsm(['screen', '-', '--salvage'], { stdin });
      expect([code, out, err]).to.deep.equal([0, 'C:\\>\n', '']);
    });

    it('--salvage: shows what can be read, says what is wrong, and fails all the same', async () => {
      const whole = await text;
      const registers = Buffer.from(whole).lastIndexOf('\nUnit\n');
      // In the adapter's memory, which is in front of its registers; and in these.
      for (const at of [registers - 60, registers + 200]) {
        const stdin = changed(whole, at);
        expect((await runSsm(['screen', '-'], { stdin })).code).to.equal(1);
        const { code, err } = await runSsm(['screen', '-', 'a.png', '--salvage'], { stdin, cwd: folder });
        expect(code).to.equal(1);
        expect(err).to.match(/^ssm: VERR_\w+: .*unit '(pgm|vga)'/);
        expect(existsSync(join(folder, 'a.png'))).to.equal(true);
        const json = await runSsm(['screen', '-', '--salvage', '--json'], { stdin });
        expect(JSON.parse(json.out).errors).to.have.length(1);
      }
    });
  });
});
