import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { BenchPc } from './testing/bench-pc.js';

const file = (name: string) => fileURLToPath(new URL(`../../../../examples/guests/${name}`, import.meta.url));
const program = readFileSync(file('machine-short.bin'));
const expected = readFileSync(file('machine-short.txt'), 'latin1');

/** More steps than the guest makes. */
const END = 10_000_000;
/** More than it makes after the fifth line. */
const REST = 2_000_000;

describe('the guest that shows any loss of state, with real devices', () => {
  it('writes what it must', async () => {
    const pc = await BenchPc.boot(program);
    expect(pc.run(END)).to.equal(true);
    expect(pc.output).to.equal(expected);
  });

  it('writes the same when it is saved, at any moments, and goes on in another machine each time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 120_000 }), { minLength: 1, maxLength: 12 }),
        async (moments) => {
          let pc = await BenchPc.boot(program);
          for (const steps of moments) {
            pc.run(steps);
            const { state, output } = await pc.save();
            pc = await BenchPc.resume(state, output);
          }
          expect(pc.run(END)).to.equal(true);
          expect(pc.output).to.equal(expected);
        },
      ),
      { numRuns: 8 },
    );
  });

  for (const unit of ['i8259', 'i8254', 'mc146818', '8237A', 'serial', 'noise', 'iem8086', 'ram']) {
    it(`shows when ${unit} was not loaded`, async () => {
      const pc = await BenchPc.boot(program);
      while (!pc.output.includes('\n5 ticks=')) pc.run(1000);
      const { state, output } = await pc.save();
      const whole = await BenchPc.resume(state, output);
      const other = await BenchPc.resume(state, output, unit);
      expect(whole.run(REST)).to.equal(true);
      expect(whole.output).to.equal(expected);
      other.run(REST, 2n * whole.now);
      expect(other.output).to.not.equal(expected);
    });
  }

  it('leaves the saved machine as it was', async () => {
    const pc = await BenchPc.boot(program);
    for (let i = 0; i < 10; i++) {
      pc.run(50_001);
      await pc.save();
    }
    expect(pc.run(END)).to.equal(true);
    expect(pc.output).to.equal(expected);
  });
});

describe('the guest that echoes the keyboard, with a real one', () => {
  const echo = readFileSync(file('keyboard.bin'));
  /** Usages of USB's keyboard page: A, Up, Esc. */
  const typed = [0x04, 0x52, 0x29];
  const codes = ['1e', '9e', 'e0', '48', 'e0', 'c8', '01', '81'];
  const said = `ready\r\n${codes.map((code) => `${code}\r\n`).join('')}end\r\n`;

  for (const saves of [false, true]) {
    it(`writes scan codes, and ends with Esc${saves ? '; saved after each event' : ''}`, async () => {
      let pc = await BenchPc.boot(echo);
      while (!pc.output.endsWith('ready\r\n')) expect(pc.run(10_000), pc.output).to.equal(false);
      for (const usage of typed) {
        for (const event of ['press', 'release'] as const) {
          pc.keys[event](usage);
          if (saves) {
            const { state, output } = await pc.save();
            pc = await BenchPc.resume(state, output);
          }
          // Not so long that the key repeats.
          pc.run(END, pc.now + 50_000_000n);
        }
      }
      expect(pc.run(END)).to.equal(true);
      expect(pc.output).to.equal(said);
    });
  }
});
