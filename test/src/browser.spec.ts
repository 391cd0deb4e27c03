import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

/** Entry points that must load in a browser. */
const entries = [
  '@ssmkit/schema',
  '@ssmkit/schema/testing',
  '@ssmkit/runtime',
  '@ssmkit/runtime/generated',
  '@ssmkit/vbox',
  '@ssmkit/vmm',
];

/** Module specifiers that a module of ours imports. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const pattern = /^(?:(?:import|export)\s[^;]*?\sfrom|import)\s+['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] as string);
}

/** Every module of ours that an entry point loads, and what they import from elsewhere. */
function load(entry: string): { modules: string[]; packages: Set<string> } {
  const modules = new Set<string>();
  const packages = new Set<string>();
  const visit = (url: string) => {
    const path = fileURLToPath(url);
    if (modules.has(path)) return;
    modules.add(path);
    for (const specifier of importsOf(path)) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url).href);
      else if (specifier.startsWith('@ssmkit/')) visit(import.meta.resolve(specifier));
      else packages.add(specifier);
    }
  };
  visit(import.meta.resolve(entry));
  return { modules: [...modules], packages };
}

describe('what runs in a browser', () => {
  for (const entry of entries) {
    it(`${entry} loads no module of Node and uses no Buffer`, () => {
      const { modules, packages } = load(entry);
      expect(modules).to.have.length.above(5);
      expect([...packages].filter((name) => name.startsWith('node:'))).to.deep.equal([]);
      expect(
        [...packages].filter(
          (name) =>
            !['reflect-metadata', 'io-ts', 'crc-32', 'lz4js', 'pako', 'fast-check', '@streamparser/json'].some(
              (known) => name === known || name.startsWith(`${known}/`) || name.startsWith('fp-ts/'),
            ),
        ),
      ).to.deep.equal([]);
      // Comments may speak of it.
      const code = (path: string) => readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      expect(
        modules.filter((path) => /\bBuffer\b|\bprocess\.(?!getBuiltinModule)|__dirname/.test(code(path))),
      ).to.deep.equal([]);
    });
  }
});
