import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareNames,
  comparePaths,
  grouped,
  humanSize,
  matchesPattern,
  matchesPatterns,
  splitArguments,
} from './index.js';
import { isCString, sizeOfString, sortedIndex } from './name-order.js';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const name = fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text.isWellFormed());

describe('simple patterns', () => {
  const rows: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', '/any/thing', true],
    ['?', 'a', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['/PDM/*', '/PDM/Queue/x/y', true],
    ['*Size', 'RamSize', true],
    ['*Size', 'RamSizes', false],
    ['*a*b', 'xaxxabxb', true],
    ['*a*b', 'xaxxabxbc', false],
    ['Abc', 'abc', false],
    ['a|b', 'a|b', true],
    ['a|b', 'a', false],
  ];
  for (const [pattern, text, matches] of rows) {
    it(`'${pattern}' ${matches ? 'names' : 'does not name'} '${text}'`, () => {
      expect(matchesPattern(pattern, text)).to.equal(matches);
    });
  }

  it('says the same as a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (wanted, found) => {
        const regexp = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesPattern(wanted, found)).to.equal(regexp.test(found));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no longer for many stars', () => {
    expect(matchesPattern('*a'.repeat(50), 'a'.repeat(20_000))).to.equal(true);
    expect(matchesPattern(`${'*a'.repeat(50)}b`, 'a'.repeat(20_000))).to.equal(false);
  });

  it('stand between bars; between two bars there is none', () => {
    expect(['a', 'bcd', ''].map((text) => matchesPatterns('a||b*', text))).to.deep.equal([true, true, false]);
    expect(matchesPatterns('', '')).to.equal(false);
  });
});

describe('the order of names', () => {
  it('is that of their bytes in UTF-8', () => {
    fc.assert(fc.property(name, name, (a, b) => void expect(Math.sign(compareNames(a, b))).to.equal(byBytes(a, b))));
    expect(Math.sign(compareNames('\u{1f600}', '\uffee'))).to.equal(1);
  });

  it('puts a name before those that begin with it', () => {
    expect(['2', '10', '1', '100'].sort(compareNames)).to.deep.equal(['1', '10', '100', '2']);
  });

  it('of paths is that of their components', () => {
    expect(['/a b', '/a', '/a/z', '/a-b/c', '/a!/c', '/b'].sort(comparePaths)).to.deep.equal([
      '/a',
      '/a/z',
      '/a b',
      '/a!/c',
      '/a-b/c',
      '/b',
    ]);
  });

  it('finds places by halving', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), (numbers, wanted) => {
        const sorted = numbers.sort((a, b) => a - b);
        const first = sorted.findIndex((number) => number >= wanted);
        expect(sortedIndex(sorted, (number) => number >= wanted)).to.equal(first < 0 ? sorted.length : first);
      }),
    );
  });
});

it('strings of C have neither NUL nor lone surrogates, and a terminator', () => {
  expect(['a', 'ä\u{1f600}', 'a\0', '\ud800'].map(isCString)).to.deep.equal([true, true, false, false]);
  expect(['', 'abc', 'ä\u{1f600}'].map(sizeOfString)).to.deep.equal([1, 4, 7]);
});

describe('splitting arguments as a Bourne shell', () => {
  const rows: readonly (readonly [text: string, argv: readonly string[]])[] = [
    ['', []],
    [' \t\r\n', []],
    ['a  b\tc', ['a', 'b', 'c']],
    [`"a b" 'c d'`, ['a b', 'c d']],
    [`a"b c"d`, ['ab cd']],
    [`"" ''`, ['', '']],
    ['a\\ b', ['a b']],
    [`'a\\b'`, ['a\\b']],
    ['"a\\"b\\\\c\\$d"', ['a"b\\c$d']],
    ['"a\\nb"', ['a\\nb']],
    [`"it's"`, [`it's`]],
    [`'never ends `, ['never ends ']],
    ['a\\', ['a']],
  ];
  for (const [text, argv] of rows) {
    it(JSON.stringify(text), () => expect(splitArguments(text)).to.deep.equal(argv));
  }

  it('gives back whatever was quoted', () => {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (argv) => {
        expect(splitArguments(argv.map(quoted).join(' '))).to.deep.equal(argv);
      }),
    );
  });
});

describe('numbers in logs', () => {
  const groups: readonly (readonly [bigint, string])[] = [
    [0n, '0'],
    [999n, '999'],
    [1000n, '1 000'],
    [-1000n, '-1 000'],
    [-100n, '-100'],
    [536870912n, '536 870 912'],
  ];
  for (const [value, text] of groups) it(`${value}: ${text}`, () => expect(grouped(value)).to.equal(text));

  const sizes: readonly (readonly [bigint, string])[] = [
    [0n, '0 B'],
    [999n, '999 B'],
    [1023n, '1023 B'],
    [1024n, '1.0 KiB'],
    [1235467n, '1.1 MiB'],
    [536870912n, '512.0 MiB'],
    [(1n << 40n) - 1n, '1023.9 GiB'],
    [(1n << 64n) - 1n, '15.9 EiB'],
  ];
  for (const [value, text] of sizes) it(`${value} bytes: ${text}`, () => expect(humanSize(value)).to.equal(text));
});
