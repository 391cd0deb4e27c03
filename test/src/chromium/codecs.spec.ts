import { expect } from 'chai';
import { crcs } from './page/codecs.js';
import { saveAndLoad } from './page/states.js';
import { inChromium } from './support/chromium.js';
import { workerAddress } from './support/page.js';

describe('what a page is given', () => {
  inChromium('a page that is isolated from other origins', {}, (page) => {
    it('has shared memory, and nothing of Node', async () => {
      expect(await page().call('codecs', 'surroundings')).to.deep.equal({
        isolated: true,
        sharedMemory: true,
        process: false,
      });
    });
  });

  inChromium('any other page', { isolated: false }, (page) => {
    it('has no shared memory', async () => {
      expect(await page().call('codecs', 'surroundings')).to.deep.equal({
        isolated: false,
        sharedMemory: false,
        process: false,
      });
    });
  });
});

/** Arguments of `ask` in page/workers.ts. */
const inWorker = (script: string, name: string, ...args: unknown[]) =>
  [workerAddress('worker'), { script: workerAddress(script), name, args }] as const;

describe('codecs', () => {
  inChromium('in a page and in a worker of it', {}, (page) => {
    it('use WebAssembly at once, in the page', async () => {
      expect(await page().call('codecs', 'wasmUsed')).to.deep.equal([true, true, false, true]);
    });

    it('use WebAssembly at once, in the worker', async () => {
      expect(await page().call('workers', 'ask', ...inWorker('codecs', 'wasmUsed'))).to.deep.equal([
        true,
        true,
        false,
        true,
      ]);
    });

    // Node computes CRCs of 512 bytes and more by other means.
    const sizes = [0, 1, 3, 4, 15, 16, 17, 63, 511, 512, 513, 4096, 65_535, 1_000_003];

    it("compute zlib's CRCs, in the page", async () => {
      expect(await page().call('codecs', 'crcs', sizes)).to.deep.equal(crcs(sizes));
    });

    it("compute zlib's CRCs, in the worker", async () => {
      expect(await page().call('workers', 'ask', ...inWorker('codecs', 'crcs', sizes))).to.deep.equal(crcs(sizes));
    });
  });

  inChromium('in a worker', {}, (page) => {
    it('save and load as in Node', async () => {
      const inPage = await page().call('workers', 'ask', ...inWorker('states', 'saveAndLoad', 'memory'));
      expect(inPage).to.deep.equal(await saveAndLoad('memory'));
    });
  });

  inChromium('in a page whose policy forbids WebAssembly', { strict: true }, (page) => {
    it('are those in TypeScript', async () => {
      expect(await page().call('codecs', 'wasmUsed')).to.deep.equal([false, false, false, false]);
    });

    it('save and load all the same', async () => {
      const { loaded } = await saveAndLoad('memory');
      expect((await page().call('states', 'saveAndLoad', 'memory')).loaded).to.deep.equal(loaded);
      expect(Object.values(loaded)).to.deep.equal([true, true, true, true]);
    });
  });
});
