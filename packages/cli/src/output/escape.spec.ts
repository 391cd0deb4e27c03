import { expect } from 'chai';
import { escapeJson, escapeText, quoteText } from './escape.js';

describe('escapeText', () => {
  const texts: readonly (readonly [what: string, text: string, shown: string])[] = [
    ['plain text', "cpum/0 'x' \\ äöü 漢字 🙂", "cpum/0 'x' \\ äöü 漢字 🙂"],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
    ['an escape sequence', '\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'],
    ['the 8-bit form of one', '\x9b2J', '\\x9b2J'],
    ['NUL and DEL', '\0\x7f', '\\x00\\x7f'],
    ['a change of direction', 'evil\u202etxt.exe', 'evil\\u{202e}txt.exe'],
    ['invisible characters', 'a\u200bb\ufeffc\u2066', 'a\\u{200b}b\\u{feff}c\\u{2066}'],
    ['line separators', 'a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['half a character', 'a\ud800b', 'a\\u{d800}b'],
    ['a tag character', '\u{e0041}', '\\u{e0041}'],
    ['what no character is', '\u{10ffff}', '\\u{10ffff}'],
  ];
  for (const [what, text, shown] of texts) {
    it(what, () => {
      expect(escapeText(text)).to.equal(shown);
    });
  }

  it('quoteText shows where the text ends', () => {
    expect(quoteText('say "hi"\n')).to.equal('"say \\"hi\\"\\n"');
  });
});

describe('escapeJson', () => {
  it('leaves nothing that a terminal would act on, and the same values', () => {
    const value = { a: 'x\x1b\x9b\x7f\u202e\u{e0041}\u2028\ud800', b: ['\n', '🙂'] };
    const text = escapeJson(JSON.stringify(value, null, 2));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.to.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\u{e0000}-\u{e0fff}]/u);
    expect(text).to.contain('🙂');
    expect(JSON.parse(text)).to.deep.equal(value);
  });
});
