import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Names under which distributions have it. */
const names = ['chromium', 'chromium-browser', 'google-chrome'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser: the environment variable CHROMIUM, or what the path has. */
function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  // Somebody who names one wants no test left out.
  if (CHROMIUM !== undefined && CHROMIUM !== '') return CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isProgram);
}

export const executablePath = findChromium();

/** It is to talk to nobody but us. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('there is no Chromium: none in the path, and CHROMIUM names none');
  // Its sandbox does not work for root, as in containers.
  return chromium.launch({ executablePath, args: quiet, chromiumSandbox: process.getuid?.() !== 0 });
}
