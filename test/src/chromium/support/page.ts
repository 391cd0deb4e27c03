import type { Browser, Page } from 'playwright-core';
import { TESTS } from './packages.js';
import { MAPPED } from './server.js';

/** The scripts for pages, by name. */
interface Scripts {
  entries: typeof import('../page/entries.js');
  codecs: typeof import('../page/codecs.js');
  structs: typeof import('../page/structs.js');
  states: typeof import('../page/states.js');
  machine: typeof import('../page/machine.js');
  bulk: typeof import('../page/bulk.js');
  workers: typeof import('../page/workers.js');
}

type Functions<S> = { [F in keyof S as S[F] extends (...args: never[]) => unknown ? F : never]: S[F] };
type Args<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/** A page in which functions can be called. */
export class TestPage {
  readonly browser: Browser;
  readonly #page: Page;
  readonly #scripts: string;
  readonly #errors: string[] = [];

  constructor(browser: Browser, page: Page, mapped: boolean) {
    this.browser = browser;
    this.#page = page;
    this.#scripts = mapped ? MAPPED : '';
    page.on('pageerror', (error) => this.#errors.push(String(error)));
  }

  /** Calls a function of a script. @throws what it throws, and whatever else went wrong in the page meanwhile. */
  async call<S extends keyof Scripts, F extends keyof Functions<Scripts[S]>>(
    script: S,
    name: F,
    ...args: Args<Scripts[S][F]>
  ): Promise<Result<Scripts[S][F]>> {
    const result = await this.#page.evaluate(async ([address, name, args]) => (await import(address))[name](...args), [
      `${this.#scripts}${TESTS}chromium/page/${script}.js`,
      name,
      args,
    ] as [string, string, unknown[]]);
    if (this.#errors.length > 0) throw new Error(this.#errors.splice(0).join('\n'));
    return result as Result<Scripts[S][F]>;
  }

  /** Closes it, and drops all that it has stored. */
  async close(): Promise<void> {
    await this.#page.context().close();
  }

  /** Processes of pages: the browser has more of them than pages. */
  async pids(): Promise<number[]> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  }
}

/** Address of a script as workers load it. */
export const workerAddress = (script: string) => `${MAPPED}${TESTS}chromium/page/${script}.js`;

/** How a page loads scripts. */
export interface PageOptions {
  /**
   * From where their imports are mapped to addresses, as development servers do, and not by the import map: the packages'
   * own workers, which know none, load then, too. Default false.
   */
  readonly mapped?: boolean;
}

/** Opens a page of a server, with nothing that pages before have left. */
export async function openPage(browser: Browser, address: string, options: PageOptions = {}): Promise<TestPage> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  return new TestPage(browser, page, options.mapped ?? false);
}
