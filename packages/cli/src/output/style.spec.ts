import { expect } from 'chai';
import { styleOf, wantsColor } from './style.js';

describe('wantsColor', () => {
  const rows: readonly (readonly [isTerminal: boolean, env: Record<string, string>, wants: boolean])[] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [true, { TERM: 'xterm' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '3', TERM: 'dumb' }, true],
    [false, { FORCE_COLOR: '' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ];
  for (const [isTerminal, env, wants] of rows) {
    it(`terminal ${isTerminal}, ${JSON.stringify(env)}: ${wants}`, () => {
      expect(wantsColor(isTerminal, env)).to.equal(wants);
    });
  }
});

describe('styleOf', () => {
  it('colours, or leaves the text as it is', () => {
    expect(styleOf(true).bad('x')).to.equal('\x1b[31mx\x1b[39m');
    for (const style of Object.values(styleOf(false))) expect(style('x')).to.equal('x');
  });
});
