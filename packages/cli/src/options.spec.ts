import { expect } from 'chai';
import { parseFlags, parseHost, parseInstance, parsePass, parseSize } from './options.js';

const tables: readonly (readonly [
  name: string,
  parse: (text: string) => unknown,
  good: Readonly<Record<string, unknown>>,
  bad: readonly string[],
])[] = [
  [
    'an instance',
    parseInstance,
    { '0': 0, '7': 7, '0x10': 16, '4294967295': 0xffffffff },
    ['', '-1', '1.5', 'x', '4294967296', '0x', '1e3'],
  ],
  ['a pass', parsePass, { '0': 0, final: 0xffffffff, '4294967295': 0xffffffff }, ['', 'last', '-1', '4294967296']],
  [
    'a size',
    parseSize,
    { '0': 0, '1000': 1000, '64K': 65536, '64k': 65536, '3M': 3 << 20, '2G': 2 ** 31 },
    ['', 'K', '-1', '1T', '1.5G', '999999999999999G'],
  ],
  [
    'flags',
    parseFlags,
    {
      '0': 0,
      '63': 63,
      '0x0f': 15,
      FULL_STRUCT: 1,
      'FULL_STRUCT,NO_MARKERS': 3,
      'no_lead_marker, NO_TAIL_MARKER': 0x30,
      MEM_BAND_AID: 15,
    },
    ['', '64', 'FULL', 'MASK', 'FULL_STRUCT,', '-1'],
  ],
];

for (const [name, parse, good, bad] of tables) {
  describe(`options: ${name}`, () => {
    for (const [text, value] of Object.entries(good)) {
      it(`'${text}' is ${String(value)}`, () => {
        expect(parse(text)).to.equal(value);
      });
    }
    for (const text of bad) {
      it(`'${text}' is refused`, () => {
        expect(() => parse(text))
          .to.throw()
          .with.property('code', 'commander.invalidArgument');
      });
    }
  });
}

describe('options: a host', () => {
  it('is found by its name', () => {
    expect(parseHost('win.x86')).to.deep.include({ name: 'win.x86', bits: 32, msc32: true });
  });

  it('is refused with examples', () => {
    expect(() => parseHost('vax'))
      .to.throw('linux.amd64')
      .with.property('code', 'commander.invalidArgument');
  });
});
