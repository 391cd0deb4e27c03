import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { saveAndLoad, structureIn, verdictOn } from './page/states.js';
import { inChromium } from './support/chromium.js';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sav'));

/** Where a page can save to, and load from then. */
const places: readonly [place: string, sources: readonly string[]][] = [
  ['memory', ['memory', 'a blob', 'the stream of a blob', 'the body of a response']],
  ['a stream', ['a blob of its chunks']],
  ['a file of the page', ['the file', 'the stream of the file']],
];

inChromium('saved states', {}, (page) => {
  for (const [place, sources] of places) {
    it(`are saved to ${place}, as Node saves them, and loaded from ${sources.join(', ')}`, async () => {
      const { file, loaded } = await page().call('states', 'saveAndLoad', place);
      expect(file).to.equal((await saveAndLoad('memory')).file);
      expect(loaded).to.deep.equal(Object.fromEntries(sources.map((source) => [source, true])));
    });
  }

  it('of VirtualBox get the verdicts that they get in Node', async () => {
    expect(files).to.have.length.above(70);
    const verdicts = await page().call('states', 'verdictsOn', files);
    for (const file of files) {
      const inNode = await verdictOn(new Uint8Array(readFileSync(fixtures + file)));
      // As it comes from the page: what is undefined is not there.
      expect(JSON.parse(JSON.stringify(verdicts[file])), file).to.deep.equal(JSON.parse(JSON.stringify(inNode)));
    }
  });

  it('of VirtualBox hold the structure that was saved', async () => {
    const bytes = new Uint8Array(readFileSync(`${fixtures}02-struct.sav`));
    const structure = await page().call('states', 'structureOf', '02-struct.sav');
    expect(structure).to.deep.equal(await structureIn(bytes));
    // As the manifest of the file has it.
    expect(structure).to.include({ u32: 0x2c1f1205 });
  });
});
