import type { Browser } from 'playwright-core';
import { executablePath, launch } from './browser.js';
import { openPage, type PageOptions, type TestPage } from './page.js';
import { type ServerOptions, serve } from './server.js';

/*
 * Tests in a browser
 *
 *     inChromium('a page', {}, (page) => {
 *       it('adds', async () => expect(await page().call('sums', 'add', 1, 2)).to.equal(3));
 *     });
 *
 * calls `add` of page/sums.ts in a page. Functions for pages know no test framework: they take and return plain data, and
 * most can be called here too, to compare.
 */

/** Of all tests: starting one takes longer than most of them. */
let browser: Browser | undefined;

/** Tests in a page of their own. They are skipped where there is no Chromium. */
export function inChromium(
  title: string,
  options: ServerOptions & PageOptions,
  tests: (page: () => TestPage) => void,
): void {
  const missing = executablePath === undefined;
  (missing ? describe.skip : describe)(`${title}, in Chromium${missing ? ' (there is none here)' : ''}`, () => {
    const undo: (() => Promise<void>)[] = [];
    let page: TestPage;

    before(async () => {
      const server = await serve(options);
      undo.push(() => server.close());
      browser ??= await launch();
      page = await openPage(browser, server.address, options);
      undo.push(() => page.close());
    });

    after(async () => {
      for (const step of undo.reverse()) await step();
    });

    tests(() => page);
  });
}

after(() => browser?.close());
