import { expect } from 'chai';
import fc from 'fast-check';
import { comparePaths, matchesPatterns } from '../iprt/index.js';
import { outcome } from '../iprt/testing.js';
import { Counter, type SampleRegistration, Statistics } from './index.js';

/** Statistics with a counter of each name. */
function counters(...names: readonly string[]): Statistics {
  const stats = new Statistics();
  for (const name of names) stats.register({ name, type: 'counter', sample: new Counter() });
  return stats;
}

const namesOf = (stats: Statistics, pattern?: string) => stats.entries(pattern).map(({ name }) => name);

describe('registering samples', () => {
  const names: readonly (readonly [rule: string, name: string, status: string | undefined])[] = [
    ['one component', '/a', undefined],
    ['many components', '/a/b c/d-e/#1', undefined],
    ['below another sample', '/taken/b', undefined],
    ['empty', '', 'VERR_INVALID_NAME'],
    ['no slash', 'abc', 'VERR_INVALID_NAME'],
    ['a slash, but not in front', 'a/b', 'VERR_INVALID_NAME'],
    ['only a slash', '/', 'VERR_INVALID_NAME'],
    ['two slashes', '//a', 'VERR_INVALID_NAME'],
    ['an empty component', '/a//b', 'VERR_INVALID_NAME'],
    ['a trailing slash', '/a/', 'VERR_INVALID_NAME'],
    ['a backslash', '/a\\b', 'VERR_INVALID_NAME'],
    ['239 characters', `/${'x'.repeat(238)}`, undefined],
    ['240 characters', `/${'x'.repeat(239)}`, 'VERR_OUT_OF_RANGE'],
    ['240 bytes', `/${'ä'.repeat(120)}`, 'VERR_OUT_OF_RANGE'],
    ['a duplicate', '/taken', 'VERR_ALREADY_EXISTS'],
  ];
  for (const [rule, name, status] of names) {
    it(`a name: ${rule}: ${status ?? 'fine'}`, () => {
      const stats = counters('/taken');
      expect(outcome(() => stats.register({ name, type: 'counter', sample: new Counter() }))).to.equal(status);
      expect(stats.find(name) !== undefined).to.equal(status === undefined || status === 'VERR_ALREADY_EXISTS');
      expect(stats.entries()).to.have.length(status === undefined ? 2 : 1);
    });
  }

  for (const wrong of [{ type: 'u7' }, { unit: 'apples' }, { visibility: 'never' }, { type: 'toString' }]) {
    it(`${JSON.stringify(wrong)} is unknown`, () => {
      const registration = {
        name: '/a',
        type: 'counter',
        sample: new Counter(),
        ...wrong,
      } as never as SampleRegistration;
      expect(outcome(() => new Statistics().register(registration))).to.equal('VERR_INVALID_PARAMETER');
    });
  }

  it('leaves samples as they are', () => {
    const counter = new Counter();
    counter.add(5);
    const kept = { value: 5 };
    const stats = new Statistics();
    stats.register({ name: '/c', type: 'counter', sample: counter });
    stats.register({ name: '/u', type: 'u32', sample: kept });
    expect([counter.value, kept.value]).to.deep.equal([5, 5]);
  });

  it('remembers unit, visibility and description', () => {
    const stats = new Statistics();
    const sample = { value: true };
    stats.register({ name: '/b', type: 'bool', sample, unit: 'count', visibility: 'notGui', description: 'A flag.' });
    expect(stats.find('/b')).to.deep.equal({
      name: '/b',
      type: 'bool',
      sample,
      unit: 'count',
      visibility: 'notGui',
      description: 'A flag.',
    });
    expect(counters('/c').find('/c')).to.include({ unit: 'none', visibility: 'always', description: '' });
  });
});

describe('choosing samples', () => {
  const stats = counters('/b/x', '/a', '/a/z', '/a b', '/a-b/c', '/B', '/a/y/q');
  const all = ['/B', '/a', '/a/y/q', '/a/z', '/a b', '/a-b/c', '/b/x'];
  const rows: readonly (readonly [pattern: string | undefined, names: readonly string[]])[] = [
    [undefined, all],
    ['', all],
    ['*', all],
    ['/a', ['/a']],
    ['/a/*', ['/a/y/q', '/a/z']],
    ['/a*', ['/a', '/a/y/q', '/a/z', '/a b', '/a-b/c']],
    ['*/?', ['/B', '/a', '/a/y/q', '/a/z', '/a-b/c', '/b/x']],
    ['/?/z', ['/a/z']],
    ['/nothing', []],
    ['/b/*|/a|/B', ['/B', '/a', '/b/x']],
    ['/a|*a|/?', ['/B', '/a']],
    ['|/a|', ['/a']],
    ['|', []],
    ['a', []],
  ];
  for (const [pattern, names] of rows) {
    it(`${pattern === undefined ? 'nothing' : `'${pattern}'`}: ${names.join(', ') || 'none'}`, () => {
      expect(namesOf(stats, pattern)).to.deep.equal(names);
    });
  }

  it('enumerates until a result is not 0', () => {
    const seen: string[] = [];
    const result = stats.enumerate('/a*', ({ name }) => (seen.push(name) === 3 ? -5 : 0));
    expect([result, seen]).to.deep.equal([-5, ['/a', '/a/y/q', '/a/z']]);
    expect(stats.enumerate('*', () => 0)).to.equal(0);
    expect(stats.enumerate('/none', () => 1)).to.equal(0);
  });

  it('samples may come and go while they are enumerated', () => {
    const changing = counters('/a', '/b', '/c');
    let seen = 0;
    changing.enumerate('*', () => {
      seen++;
      changing.deregister('*');
      return 0;
    });
    expect([seen, changing.entries()]).to.deep.equal([3, []]);
  });
});

describe('deregistering samples', () => {
  const rows: readonly (readonly [
    rule: string,
    call: (stats: Statistics) => unknown,
    result: unknown,
    left: readonly string[],
  ])[] = [
    ['by name', (stats) => stats.deregister('/a/x'), 1, ['/a', '/a/y', '/ab']],
    ['by pattern', (stats) => stats.deregister('/a/*'), 2, ['/a', '/ab']],
    ['all', (stats) => stats.deregister('*'), 4, []],
    ['none matches', (stats) => stats.deregister('/z*'), 0, ['/a', '/a/x', '/a/y', '/ab']],
    ['an empty pattern is nobody', (stats) => stats.deregister(''), 0, ['/a', '/a/x', '/a/y', '/ab']],
    ['by prefix', (stats) => stats.deregisterByPrefix('/a/'), 2, ['/a', '/ab']],
    ['by half a name', (stats) => stats.deregisterByPrefix('/a'), 4, []],
    [
      'a foreign sample',
      (stats) => stats.deregisterSample(new Counter()),
      'VERR_FILE_NOT_FOUND',
      ['/a', '/a/x', '/a/y', '/ab'],
    ],
  ];
  for (const [rule, call, result, left] of rows) {
    it(rule, () => {
      const stats = counters('/a', '/a/x', '/a/y', '/ab');
      expect([outcome(() => call(stats)), namesOf(stats)]).to.deep.equal([result, left]);
    });
  }

  it('by the sample, under all of its names', () => {
    const sample = new Counter();
    const stats = counters('/other');
    for (const name of ['/x', '/y']) stats.register({ name, type: 'counter', sample });
    stats.deregisterSample(sample);
    expect(namesOf(stats)).to.deep.equal(['/other']);
    stats.register({ name: '/x', type: 'counter', sample });
    expect(namesOf(stats)).to.deep.equal(['/other', '/x']);
  });
});

describe('statistics against a model', () => {
  const part = fc.constantFrom('a', 'b', 'a-b', 'a b', 'B', '1', '10');
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
  const pattern = fc.oneof(name, fc.constantFrom('*', '/a*', '/a/*', '/?', '*b|/1*', '/b/*'));
  const step = fc.oneof(
    fc.record({ register: name }),
    fc.record({ deregister: pattern }),
    fc.record({ prefix: fc.tuple(name, fc.nat(4)).map(([text, end]) => text.slice(0, end + 1)) }),
  );

  it('has what was registered and not removed, each once, in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), pattern, (steps, wanted) => {
        const stats = new Statistics();
        const model = new Set<string>();
        for (const action of steps) {
          if ('register' in action) {
            const expected = model.has(action.register) ? 'VERR_ALREADY_EXISTS' : undefined;
            const sample = new Counter();
            expect(outcome(() => stats.register({ name: action.register, type: 'counter', sample }))).to.equal(
              expected,
            );
            model.add(action.register);
            continue;
          }
          const isMeant = (text: string) =>
            'prefix' in action ? text.startsWith(action.prefix) : matchesPatterns(action.deregister, text);
          const gone = [...model].filter(isMeant);
          for (const text of gone) model.delete(text);
          const count =
            'prefix' in action ? stats.deregisterByPrefix(action.prefix) : stats.deregister(action.deregister);
          expect(count).to.equal(gone.length);
        }
        const sorted = [...model].sort(comparePaths);
        expect(namesOf(stats)).to.deep.equal(sorted);
        expect(namesOf(stats, wanted)).to.deep.equal(sorted.filter((text) => matchesPatterns(wanted, text)));
        for (const text of sorted) expect(stats.find(text)?.name).to.equal(text);
      }),
      { numRuns: 300 },
    );
  });
});
