import { imports } from './packages.js';

/** Whether a file is an ECMAScript module: those imported here all export something, or import. */
function isModule(text: string): boolean {
  return /^\s*(import|export)\b/m.test(text);
}

/** A CommonJS module as an ECMAScript one, as Node and bundlers have it: `module.exports` is the default export. */
function wrapCommonJs(text: string): string {
  const names = [...new Set([...text.matchAll(/\brequire\(['"]([^'"]+)['"]\)/g)].map(([, name]) => name as string))];
  return [
    ...names.map((name, i) => `import required${i} from ${JSON.stringify(name)};`),
    `const required = { ${names.map((name, i) => `${JSON.stringify(name)}: required${i}`).join(', ')} };`,
    'const module = { exports: {} };',
    '(function (exports, require, module) {',
    text,
    '}).call(module.exports, module.exports, (name) => required[name], module);',
    'export default module.exports;',
    '',
  ].join('\n');
}

/** The file of a module as a page can load it. */
export function asModule(text: string): string {
  return isModule(text) ? text : wrapCommonJs(text);
}

/** What an import map gives: the longest entry that fits. */
function mapped(specifier: string): string | undefined {
  const [found] = Object.keys(imports)
    .filter((key) => (key.endsWith('/') ? specifier.startsWith(key) : specifier === key))
    .sort((a, b) => b.length - a.length);
  return found === undefined ? undefined : imports[found] + specifier.slice(found.length);
}

/**
 * A module whose imports are mapped already, to addresses that begin with `prefix`: workers know no import map.
 */
export function mapImports(text: string, prefix: string): string {
  return text.replace(
    /^((?:(?:import|export)\b[^;'"]*?\bfrom|import)\s*)(['"])([^'"]+)\2/gm,
    (whole, before, quote, specifier) => {
      const address = mapped(specifier);
      return address === undefined ? whole : `${before}${quote}${prefix}${address}${quote}`;
    },
  );
}
