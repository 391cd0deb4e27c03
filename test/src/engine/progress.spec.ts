import { loadState, MemorySource, type PutStream, type Source, saveState } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { pictureOf } from './picture.js';
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

function times(count: number, step: () => void): void {
  for (let i = 0; i < count; i++) step();
}

describe('progress', () => {
  describe('of a save (ssmR3SaveDoPrepRun, ssmR3ProgressByByte)', () => {
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

  describe('of a live save (ssmR3LiveDoVoteRun, ssmR3ProgressByUnit)', () => {
    const reports = (...percent: readonly (number | undefined)[]): Deeds => ({
      a: {
        liveVote(pass, handle) {
          const value = percent[pass];
          if (value !== undefined) handle.reportLivePercent(value);
        },
      },
    });
    // With the two units of SSM, and without saveExec: the final pass tells 96 in front of a, and 98.
    const rules: readonly [rule: string, votes: string, does: Deeds, sequence: string, told: string][] = [
      ['2 once it is prepared, 94 before the final pass', 'ready', {}, '2 94 96 98 100', ''],
      ['nobody who reports: nothing is told', 'again,again,ready', {}, '2 94 96 98 100', ''],
      [
        '93 percent of what is reported',
        'again,again,ready',
        reports(50, 100),
        '2 46 93…94 96 98 100',
        '@0=4557 @1=9114',
      ],
      ['what does not change is told once', 'again,again,ready', reports(50, 50), '2 46 94 96 98 100', '@0=4557'],
      // 92.07 and 92.9 percent.
      [
        'a change within a percent is not told',
        'again,again,ready',
        reports(98, 99),
        '2 91…92 94 96 98 100',
        '@0=8931 @1=9022',
      ],
      ['the 2 percent of preparing are not told again', 'again,ready', reports(3), '2 94 96 98 100', ''],
      [
        'the other side learns of a step back, the listener does not',
        'again,again,ready',
        reports(60, 30),
        '2 55 94 96 98 100',
        '@0=5468 @1=2734',
      ],
      ['who stops reporting is at 0', 'again,again,ready', reports(60), '2 55 94 96 98 100', '@0=5468 @1=0'],
      ['0 is a percentage', 'again,again,ready', reports(60, 0), '2 55 94 96 98 100', '@0=5468 @1=0'],
      [
        'what is reported with the last vote does not matter',
        'again,ready',
        reports(10, 50),
        '2 9 94 96 98 100',
        '@0=911',
      ],
    ];
    for (const [rule, votes, does, sequence, told] of rules) {
      it(`${rule}: ${sequence}`, async () => {
        const { list, onProgress } = percentages();
        const answers = votes.split(',');
        const sink = new NotingSink();
        const statuses = { again: 'VINF_SSM_VOTE_FOR_ANOTHER_PASS', ready: 'VINF_SUCCESS' } as const;
        const registry = machine('a: liveVote', new Journal(), {
          a: {
            liveVote(pass, handle) {
              does['a']?.liveVote?.(pass, handle);
              return statuses[answers[pass] as 'again' | 'ready'];
            },
          },
        });
        expect((await saveLive(registry, sink, { onProgress })).failure).to.equal(undefined);
        expect(rangesOf(list)).to.equal(rangesOf([...list].sort((a, b) => a - b)));
        expect(list.join(' ')).to.equal(expand(sequence));
        const live = pictureOf(sink.bytes()).match(/SSMLiveControl@\d+=\d+/g) ?? [];
        expect(live.map((each) => each.slice('SSMLiveControl'.length)).join(' ')).to.equal(told);
      });
    }

    /** `2 93…94` as `2 93 94`. */
    function expand(sequence: string): string {
      return sequence.replace(/(\d+)…(\d+)/g, (_all, from: string, to: string) =>
        Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i).join(' '),
      );
    }

    it('of several reports the least counts, of units and of calls', async () => {
      const sink = new NotingSink();
      const report = (...values: number[]) => ({
        liveVote(pass: number, handle: { reportLivePercent(percent: number): void }) {
          for (const value of values) handle.reportLivePercent(value);
          return pass === 0 ? ('VINF_SSM_VOTE_FOR_ANOTHER_PASS' as const) : undefined;
        },
      });
      await saveLive(
        machine('a: liveVote\n b: liveVote', new Journal(), { a: report(90, 50, 70), b: report(60) }),
        sink,
      );
      expect(pictureOf(sink.bytes())).to.match(/^SSM@0 SSMLiveControl@0=4557 SSM /);
    });

    it('the final pass goes by units (ssmR3ProgressByUnit)', async () => {
      const { list, onProgress } = percentages();
      const sink = new NotingSink();
      await saveLive(machine('a: saveExec\n b: saveExec\n c: saveExec\n d: saveExec\n e: saveExec'), sink, {
        onProgress,
      });
      expect(pictureOf(sink.bytes())).to.equal(
        'SSM@0 SSM a SSMLiveControl=9433 b c SSMLiveControl=9518 d e SSMLiveControl=9604 | END | SSM a b c d e',
      );
      expect(list).to.deep.equal([2, 94, 96, 97, 98, 100]);
    });
  });

  describe('of a load (SSMR3Load)', () => {
    const state = (live: boolean) => {
      const file = sav({ live })
        .unit('a')
        .raw(Array.from({ length: 40_000 }, (_, i) => i & 0xff));
      return file.unit('b').u8(0).bytes();
    };
    const bytes = state(false);
    const units = 'a: loadExec\n b: loadExec';
    const reading: Deeds = { a: { loadExec: (get) => get.skip(40_000) } };
    const load = async (source: Source, lines = units, does = reading) => {
      const { list, onProgress } = percentages();
      const failure = await failureOf(() => loadState(machine(lines, new Journal(), does), source, { onProgress }));
      return { sequence: rangesOf(list), failure };
    };

    it('of a file: every percent', async () => {
      expect((await load(new MemorySource(bytes))).sequence).to.equal('0…100');
    });

    it('of a file: by the bytes of records, against the size of the file', async () => {
      const at: Record<string, number> = {};
      const onProgress = ({ percent, unit }: { percent: number; unit: { name: string } | undefined }) => {
        if (unit !== undefined) at[unit.name] ??= percent;
      };
      await loadState(machine(units, new Journal(), reading), new MemorySource(bytes), { onProgress });
      // 40004 bytes of the record of a, of all of them.
      expect(at).to.deep.equal({ a: 1, b: 2 + Math.floor((40_004 * 96) / bytes.length) });
    });

    it('of a stream: 2 while nobody knows how long it is, the rest at its end', async () => {
      const at: number[] = [];
      let loaded = false;
      const source: Source = {
        read(into, position) {
          const part = bytes.subarray(position, position + into.length);
          into.set(part);
          return part.length;
        },
      };
      const { list, onProgress } = percentages();
      const registry = machine(units, new Journal(), {
        ...reading,
        b: {
          loadExec(get) {
            get.getU8();
            loaded = true;
          },
        },
      });
      await loadState(registry, source, {
        onProgress(progress) {
          onProgress(progress);
          if (!loaded) at.push(progress.percent);
        },
      });
      expect(rangesOf(list)).to.equal('0…100');
      expect(Math.max(...at)).to.equal(2);
    });

    it('of a live state: what "SSMLiveControl" tells, at most 98', async () => {
      const file = sav({ live: true });
      for (const value of [0, 4557, 4557, 2734, 9506, 9604, 0xffff]) file.unit('SSMLiveControl').u16(value);
      const { list, onProgress } = percentages();
      await loadState(machine(''), new MemorySource(file.bytes()), { onProgress });
      // trunc(value / 100 * 96 / 100) + 2.
      expect(list).to.deep.equal([0, 1, 2, 45, 93, 94, 98, 99, 100]);
    });

    it('of a live state no bytes move it', async () => {
      expect((await load(new MemorySource(state(true)))).sequence).to.equal('0 1 99 100');
    });

    it('of a load whose preparation fails: 0 and 99', async () => {
      const { sequence } = await load(new MemorySource(bytes), 'a: loadPrep=VERR_TIMEOUT', {});
      expect(sequence).to.equal('0 99');
    });

    it('a load that fails never comes to 100', async () => {
      const { sequence, failure } = await load(new MemorySource(bytes), 'a: loadExec', reading);
      expect(failure?.status).to.equal('VERR_SSM_INTEGRITY_UNIT_NOT_FOUND');
      expect(sequence).to.match(/^0….* 99$/);
    });
  });

  it('within a unit the listener is told every 4 MiB, also where the percentage stays', async () => {
    const told: number[] = [];
    const put = { saveExec: (stream: PutStream) => times(64, () => stream.putMem(new Uint8Array(256 << 10))) };
    await saveState(machine('a: saveExec', new Journal(), { a: put }), new NotingSink(), {
      onProgress: ({ bytes, unit }) => void (unit?.name === 'a' && told.push(bytes)),
    });
    // 74 bytes of "SSM" were there before a began; at the end 100 percent.
    expect(told).to.deep.equal([74, ...[4, 8, 12, 16].map((mib) => mib * 2 ** 20 + 74), (16 << 20) + 74]);
  });

  it('a listener that throws ends the operation: VERR_GENERAL_FAILURE, with what it threw as the cause', async () => {
    const oops = new TypeError('oops');
    const onProgress = () => {
      throw oops;
    };
    const journal = new Journal();
    const sink = new NotingSink();
    const saved = await failureOf(() =>
      saveState(machine('a: savePrep saveExec saveDone', journal), sink, { onProgress }),
    );
    expect([saved?.status, saved?.cause, sink.closed]).to.deep.equal(['VERR_GENERAL_FAILURE', oops, ['aborted']]);
    const source = new MemorySource(sav().unit('b').bytes());
    const loaded = await failureOf(() =>
      loadState(machine('b: loadPrep loadExec loadDone', journal), source, { onProgress }),
    );
    expect([loaded?.status, loaded?.cause]).to.deep.equal(['VERR_GENERAL_FAILURE', oops]);
    expect(journal.text).to.equal('savePrep a, saveDone a');
  });

  it('a listener that throws at 100 comes too late', async () => {
    const onProgress = ({ percent }: { percent: number }) => {
      if (percent === 100) throw new Error('too late');
    };
    const sink = new NotingSink();
    expect(await failureOf(() => saveState(machine('a: saveExec'), sink, { onProgress }))).to.equal(undefined);
    expect(sink.closed).to.deep.equal(['whole']);
    const source = new MemorySource(sav().bytes());
    expect(await failureOf(() => loadState(machine(''), source, { onProgress }))).to.equal(undefined);
  });
});
