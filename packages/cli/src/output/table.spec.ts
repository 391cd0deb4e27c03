import { expect } from 'chai';
import { styleOf } from './style.js';
import { type Column, displayWidth, renderTable } from './table.js';

const columns: readonly Column[] = [
  { title: 'Unit', least: 6 },
  { title: 'Offset', align: 'right' },
  { title: 'Data', align: 'right' },
];
const rows = [
  ['pit', '0x40', '12'],
  ['a-rather-long-name', '0x12345', '1234567'],
];
const plain = styleOf(false);

describe('renderTable', () => {
  it('aligns columns', () => {
    expect(renderTable(columns, rows, plain, undefined)).to.equal(
      [
        'Unit                 Offset     Data\n',
        'pit                    0x40       12\n',
        'a-rather-long-name  0x12345  1234567\n',
      ].join(''),
    );
  });

  it('cuts columns that may be cut until the table fits the terminal', () => {
    expect(renderTable(columns, rows, plain, 30)).to.equal(
      ['Unit           Offset     Data\n', 'pit              0x40       12\n', 'a-rather-lo…  0x12345  1234567\n'].join(
        '',
      ),
    );
  });

  it('is as wide as the terminal at most, for every width that is wide enough', () => {
    for (let width = 24; width < 50; width++) {
      const lines = renderTable(columns, rows, plain, width).split('\n');
      expect(Math.max(...lines.map(displayWidth)), `width ${width}`).to.equal(Math.min(width, 36));
      expect(lines).to.have.length(4);
    }
  });

  it('gives each row a paragraph where the terminal is too narrow', () => {
    expect(renderTable(columns, rows, plain, 23)).to.equal(
      ['pit\n  Offset 0x40  Data 12\n', 'a-rather-long-name\n  Offset 0x12345\n  Data 1234567\n'].join(''),
    );
    for (let width = 18; width < 24; width++) {
      const lines = renderTable(columns, rows, plain, width).split('\n');
      expect(Math.max(...lines.map(displayWidth)), `width ${width}`).to.be.at.most(width);
    }
  });

  it('colours headings without moving anything', () => {
    const colored = renderTable(columns, rows, styleOf(true), 30);
    expect(colored).to.contain('\x1b[1mUnit\x1b[22m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    expect(colored.replace(/\x1b\[\d+m/g, '')).to.equal(renderTable(columns, rows, plain, 30));
  });
});

describe('displayWidth', () => {
  for (const [text, width] of [
    ['', 0],
    ['abc', 3],
    ['äé', 2],
    ['e\u0301', 1],
    ['漢字', 4],
    ['🙂', 2],
  ] as const) {
    it(`${JSON.stringify(text)} takes ${width}`, () => {
      expect(displayWidth(text)).to.equal(width);
    });
  }
});
