import { expect } from 'chai';
import { runSingleStep } from './single-step.js';
import { arithmeticRows } from './testing/manual/arithmetic.js';
import { controlRows } from './testing/manual/control.js';
import { dataRows } from './testing/manual/data.js';
import { allInstructions, instructionOf, prefixBytes, type Row, singleStepOf } from './testing/manual/row.js';

/*
 * The whole instruction set as tests of the kind that SingleStepTests has: registers and memory before and after one
 * instruction, run through the function that runs those files. What is expected was worked out by hand from the manual,
 * and beyond it from what is known of the chip.
 */

const tables: Readonly<Record<string, readonly Row[]>> = {
  'arithmetic, logic, shifts': arithmeticRows,
  'data, stack, strings, prefixes': dataRows,
  'control, flags, undocumented': controlRows,
};

describe('every opcode of the 8086', () => {
  for (const [name, rows] of Object.entries(tables)) {
    describe(name, () => {
      for (const row of rows) {
        it(`${row[0]}: ${row[1]}`, () => {
          const { test, options } = singleStepOf(row);
          expect(runSingleStep(test, options)).to.deep.equal([]);
        });
      }
    });
  }

  it('is there, with every reg field that says which instruction it is, and every prefix', () => {
    const rows = Object.values(tables).flat();
    const known = new Set(rows.map(instructionOf));
    const prefixes = new Set(rows.map(([code]) => code.slice(0, 2)));
    const missing = allInstructions.filter(
      (code) => !known.has(code) && !prefixBytes.some((prefix) => prefix === code),
    );
    expect(missing).to.deep.equal([]);
    expect(prefixBytes.filter((prefix) => !prefixes.has(prefix))).to.deep.equal([]);
  });

  it('a wrong table is noticed: of each row some other outcome is refused', () => {
    for (const row of Object.values(tables).flat()) {
      const { test, options } = singleStepOf(row);
      const { regs, ram } = test.final;
      const wrong = { ...test, final: { regs: { ...regs, si: (regs.si ?? 0) ^ 0x100 }, ram } };
      expect(runSingleStep(wrong, options), row[0]).to.have.length(1);
    }
  });
});
