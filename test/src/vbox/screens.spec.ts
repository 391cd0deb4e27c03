import { openState } from '@ssmkit/runtime';
import { FileSource } from '@ssmkit/runtime/node';
import { type Picture, readScreen, type Screen } from '@ssmkit/vbox';
import { expect } from 'chai';
import { corpusBytes, corpusPath } from '../support/corpus.js';
import { decodePng } from '../support/png.js';

/*
 * Screens of real machines, which lie beside the project, against pictures that VirtualBox made of them. Some ran on
 * between the picture and the state: what they had drawn in the meantime is left out.
 */

async function screenOf(test: Mocha.Context, name: string): Promise<Screen> {
  const path = corpusPath(name);
  if (path === undefined) return test.skip();
  const source = new FileSource(path);
  try {
    return await readScreen(await openState(source));
  } finally {
    source.close();
  }
}

/** Places of pixels in which two pictures differ. */
function differences(a: Picture, b: Picture): { x: number; y: number }[] {
  expect([a.width, a.height]).to.deep.equal([b.width, b.height]);
  const places: { x: number; y: number }[] = [];
  for (let pixel = 0; pixel < a.width * a.height; pixel++) {
    const at = pixel * 3;
    if (a.rgb[at] === b.rgb[at] && a.rgb[at + 1] === b.rgb[at + 1] && a.rgb[at + 2] === b.rgb[at + 2]) continue;
    places.push({ x: pixel % a.width, y: Math.floor(pixel / a.width) });
  }
  return places;
}

describe('screens of real machines', function () {
  this.timeout(20_000);

  it('text is the picture that VirtualBox has saved along, but for the cursor', async function () {
    const screen = await screenOf(this, 'real-vm/main-t3.sav');
    const saved = decodePng(corpusBytes(this, 'real-vm/main-t3.sav.png'));
    expect(differences(screen.picture({ cursor: false }), saved)).to.deep.equal([]);
    expect(screen.text()?.slice(0, 3)).to.deep.equal([
      'No bootable medium found!',
      'Please insert a bootable medium and reboot.',
      '',
    ]);
    expect(screen.cursor()).to.deep.equal({ column: 0, row: 2 });
  });

  for (const [name, title, counters] of [
    ['real1', 'REAL MODE COUNTER (ticks, BDA tick, FPU; keys below)', 3],
    ['prot1', 'PROTECTED MODE, PAGING, RING 3 (irq0, rounds, SSE, scan codes)', 4],
  ] as const) {
    it(`${name}: text with its cursor, but for counters that went on`, async function () {
      const screen = await screenOf(this, `resume/${name}.sav`);
      const shown = decodePng(corpusBytes(this, `resume/${name}.png`));
      const text = screen.text() as string[];
      expect(text.slice(0, 10)).to.deep.equal([...Array(8).fill(''), title, '']);
      for (let row = 10; row < 10 + counters; row++) expect(text[row]).to.match(/^[0-9A-F]{8}$/);
      expect(text.slice(10 + counters).join('')).to.equal('');
      for (const { x, y } of differences(screen.picture(), shown)) {
        expect(x, 'a counter').to.be.lessThan(8 * 9);
        expect(y, 'a counter').to.be.within(10 * 16, (10 + counters) * 16 - 1);
      }
    });
  }

  it('g13: 320 × 200 pixels in 256 colours, but for some that came after', async function () {
    const screen = await screenOf(this, 'resume/g13.sav');
    const shown = decodePng(corpusBytes(this, 'resume/g13.png'));
    expect(screen.mode).to.include({ kind: 'graphics', colours: 256 });
    const picture = screen.picture();
    for (const { x, y } of differences(picture, shown)) {
      expect(y, 'the line being drawn').to.be.within(42, 43);
      expect(x, 'behind what was drawn').to.be.within(80, 90);
      expect([...shown.rgb.subarray((y * 640 + x) * 3, (y * 640 + x) * 3 + 3)], 'not yet drawn').to.deep.equal([
        0, 0, 0,
      ]);
    }
    expect(picture.rgb.some((value) => value !== 0)).to.equal(true);
  });

  it('a machine that has not begun has none', async function () {
    const screen = await screenOf(this, 'real-vm/vm16-0-poweron.sav');
    expect(screen.mode.kind).to.equal('blank');
  });

  it('VMSVGA in VGA mode shows text', async function () {
    const screen = await screenOf(this, 'real-vm/svga-2-afterbios.sav');
    expect(screen.text()?.[0]).to.equal('Could not read from the boot medium!');
  });
});
