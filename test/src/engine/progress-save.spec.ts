import { saveState } from '@ssmkit/runtime';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine, percentages, rangesOf } from './script.js';
import { NotingSink } from './sinks.js';

/** The sequence of percentages that VirtualBox computes from numbers of 64 bits (`SSMR3.cpp, ssmR3ProgressByByte`). */
function byBytes(
  total: bigint,
  steps: readonly (readonly [bytes: bigint, inUnitOf: bigint])[],
  prepare: number,
): number[] {
  const list: number[] = [];
  let [percent, position, end, due] = [prepare, 0n, 0n, 0n];
  const go = (bytes: bigint) => {
    position += bytes < end - position ? bytes : end - position;
    while (position >= due && percent <= 98) {
      list.push(percent++);
      due = (BigInt(percent - prepare) * total) / BigInt(98 - prepare);
    }
  };
  for (const [bytes, guess] of steps) {
    end += guess;
    if (bytes > 0n) go(bytes);
    go(end - position);
  }
  return list;
}

describe('the progress of a save (ssmR3SaveDoPrepRun, ssmR3ProgressByByte)', () => {
  // "SSM" guesses 64 bytes and "SSMLiveControl" one.
  const rules: readonly [rule: string, units: string, does: Deeds, sequence: string][] = [
    ['19 once everything is prepared, 100 at the end', 'a(1000): saveExec', {}, byBytesText([[1n, 1000n]])],
    ['units that guess nothing do not move it', 'a: saveExec\n b: saveExec', {}, byBytesText([])],
    [
      'a unit that puts less than it guesses ends where it said it would',
      'a(10000): saveExec\n b(10000): saveExec',
      {},
      byBytesText([
        [1n, 10000n],
        [1n, 10000n],
      ]),
    ],
    [
      'one that puts more does not go further',
      'a(500): saveExec\n b(9500): saveExec',
      { a: { saveExec: (put) => put.putMem(new Uint8Array(100_000)) } },
      byBytesText([
        [100_000n, 500n],
        [1n, 9500n],
      ]),
    ],
    [
      'a unit without saveExec counts with its guess',
      'a(5000): savePrep\n b(5000): saveExec',
      {},
      byBytesText([
        [0n, 5000n],
        [1n, 5000n],
      ]),
    ],
  ];

  function byBytesText(units: readonly (readonly [bigint, bigint])[]): string {
    const total = units.reduce((sum, [, guess]) => sum + guess, 65n);
    return rangesOf([19, ...byBytes(total, [[0n, 64n], [0n, 1n], ...units], 20), 100]);
  }

  for (const [rule, units, does, sequence] of rules) {
    it(`${rule}: ${sequence}`, async () => {
      const { list, onProgress } = percentages();
      await saveState(machine(units, new Journal(), does), new NotingSink(), { onProgress });
      expect(rangesOf(list)).to.equal(sequence);
    });
  }

  it('is at 20 while the first unit is saved, and moves while a large one is', async () => {
    const seen: (readonly [name: string, percent: number])[] = [];
    const registry = machine('a(1000000): saveExec\n b: saveExec', new Journal(), {
      a: { saveExec: (put) => put.putMem(new Uint8Array(500_000)) },
    });
    let last = -1;
    const at: Record<string, number> = {};
    await saveState(registry, new NotingSink(), {
      onProgress({ percent, unit }) {
        if (unit !== undefined) at[unit.name] ??= percent;
        if (percent < last) throw new Error('it went back');
        last = percent;
        seen.push([unit?.name ?? '', percent]);
      },
    });
    expect(at['SSM']).to.equal(19);
    expect(at['a']).to.equal(20);
    expect(at['b']).to.equal(98);
    // Half of the data were half of the way from 20 to 98.
    expect(seen.filter(([name, percent]) => name === 'a' && percent === 58)).not.to.deep.equal([]);
  });

  for (const [units, sequence] of [
    ['a: savePrep=VERR_TIMEOUT', ''],
    ['a(35): saveExec=VERR_TIMEOUT', '19…71'],
    ['a(35): saveExec saveDone=VERR_TIMEOUT', '19…98'],
  ] as const) {
    it(`never comes to 100 when the save fails: ${units}: ${sequence}`, async () => {
      const { list, onProgress } = percentages();
      await failureOf(() => saveState(machine(units), new NotingSink(), { onProgress }));
      expect(rangesOf(list)).to.equal(sequence);
    });
  }

  it('counts units and bytes', async () => {
    const told: number[][] = [];
    await saveState(
      machine('a: saveExec\n b: savePrep\n c: saveExec', new Journal(), {
        c: { saveExec: (put) => put.putMem(new Uint8Array(9_000_000)) },
      }),
      new NotingSink(),
      { onProgress: ({ units, bytes }) => void told.push([units, bytes]) },
    );
    // "SSM" has 74 bytes, a one.
    expect(told.at(-1)).to.deep.equal([3, 9_000_075]);
    expect(
      told.every(([units, bytes], i) => i === 0 || (units! >= told[i - 1]![0]! && bytes! >= told[i - 1]![1]!)),
    ).to.equal(true);
  });
});
