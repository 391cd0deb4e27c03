import { expect } from 'chai';
import { Progress } from './progress.js';

function setUp({ width }: { width: number | undefined } = { width: 80 }) {
  const written: string[] = [];
  const clock = { now: 5000 };
  const write = async (text: string | Uint8Array) => {
    written.push(String(text));
  };
  const progress = new Progress({ color: false, width, write }, () => clock.now);
  return { written, clock, progress };
}

describe('Progress', () => {
  it('shows nothing in the first second', () => {
    const { written, clock, progress } = setUp();
    progress.read(1, 100);
    clock.now += 999;
    progress.read(50, 100);
    progress.clear();
    expect(written).to.deep.equal([]);
  });

  it('then how far the file has been read, ten times a second at most', () => {
    const { written, clock, progress } = setUp();
    clock.now += 1000;
    progress.read(25, 100);
    progress.read(26, 100);
    clock.now += 100;
    progress.read(100, 100);
    expect(written).to.deep.equal(['\r██████░░░░░░░░░░░░░░░░░░  25 %', '\r████████████████████████ 100 %']);
  });

  it('is taken away for what else is shown', () => {
    const { written, clock, progress } = setUp();
    clock.now += 1000;
    progress.read(0, 0);
    progress.clear();
    progress.clear();
    expect(written.slice(1)).to.deep.equal(['\r\x1b[K']);
  });

  for (const width of [undefined, 20]) {
    it(`does not appear on ${width === undefined ? 'what is no terminal' : 'a terminal without room'}`, () => {
      const { written, clock, progress } = setUp({ width });
      clock.now += 5000;
      progress.read(1, 2);
      expect(written).to.deep.equal([]);
    });
  }

  it('can be turned off', () => {
    const { written, clock, progress } = setUp();
    progress.disable();
    clock.now += 5000;
    progress.read(1, 2);
    expect(written).to.deep.equal([]);
  });
});
