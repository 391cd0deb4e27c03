import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guestPages } from '@ssmkit/bench/pages';
import { asModule, mapImports } from './modules.js';
import { imports, manifestOf, PACKAGES, packages, TESTS } from './packages.js';

/** How pages are served. */
export interface ServerOptions {
  /** With the headers that give pages `SharedArrayBuffer`; default true. */
  readonly isolated?: boolean;
  /** Pages may run scripts, but compile no WebAssembly and evaluate no text; default false. */
  readonly strict?: boolean;
}

export interface Server {
  /** Of a page that has nothing but an import map; without a slash at the end. */
  readonly address: string;
  close(): Promise<void>;
}

/** Modules below this have their imports mapped: for workers. */
export const MAPPED = '/mapped';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Folders that pages can load files from, by the beginning of the address. */
const folders: Readonly<Record<string, string>> = {
  [TESTS]: path('../..'),
  '/fixtures/': path('../../../fixtures'),
  '/guests/': path('../../../../examples/guests'),
};

const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const NONCE = 'import-map';

const html = `<!doctype html>
<meta charset="utf-8">
<title>ssmkit</title>
<link rel="icon" href="data:,">
<script type="importmap" nonce="${NONCE}">${JSON.stringify({ imports })}</script>
`;

/** The folder that an address leads into, and the way in there. */
function locate(address: string): { folder: string; name: string } | undefined {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (address.startsWith(prefix)) return { folder, name: address.slice(prefix.length) };
  }
  for (const [name, { folder }] of packages) {
    const prefix = `${PACKAGES}${name}/`;
    // Tests are no part of what is published.
    if (address.startsWith(prefix) && !address.includes('.spec.'))
      return { folder, name: address.slice(prefix.length) };
  }
  return undefined;
}

/** A file; or where else to look, as bundlers do for modules written for them. */
function fileAt(address: string): { path: string } | { redirect: string } | undefined {
  const located = locate(address);
  if (located === undefined) return undefined;
  const file = normalize(join(located.folder, located.name));
  if (!file.startsWith(normalize(located.folder + sep))) return undefined;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile()) return { path: file };
  if (found?.isDirectory()) {
    const { module } = manifestOf(file);
    return module === undefined ? undefined : { redirect: normalize(join(address, module)) };
  }
  return statSync(`${file}.js`, { throwIfNoEntry: false }) ? { redirect: `${address}.js` } : undefined;
}

interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly location?: string;
  readonly body?: string | Uint8Array;
}

function replyTo({ pathname, searchParams }: URL): Reply {
  const prefix = pathname.startsWith(`${MAPPED}/`) ? MAPPED : '';
  const address = decodeURIComponent(pathname.slice(prefix.length));
  if (address === '/') return { type: 'text/html', body: html };
  if (address === '/guest-memory') return { body: guestPages(Number(searchParams.get('size'))) };
  const found = fileAt(address);
  if (found === undefined) return { status: 404, type: 'text/plain', body: `${address} is not here` };
  if ('redirect' in found) return { status: 302, location: prefix + found.redirect };
  const { path } = found;
  if (!/\.m?js$/.test(path)) return { body: readFileSync(path) };
  const module = asModule(readFileSync(path, 'utf8'));
  return { type: 'text/javascript', body: prefix === '' ? module : mapImports(module, MAPPED) };
}

/** Serves the packages, the scripts of the tests and their data, on this machine alone. */
export async function serve(options: ServerOptions = {}): Promise<Server> {
  const { isolated = true, strict = false } = options;
  const headers = {
    ...(isolated && isolation),
    ...(strict && { 'content-security-policy': `script-src 'self' 'nonce-${NONCE}'` }),
  };
  const server = createServer((request, response) => {
    try {
      const {
        status = 200,
        type = 'application/octet-stream',
        location,
        body,
      } = replyTo(new URL(request.url ?? '/', 'http://localhost'));
      response.writeHead(status, { ...headers, 'content-type': type, ...(location !== undefined && { location }) });
      response.end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
