import { loadState, MemorySource, type Source } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine, percentages, rangesOf } from './script.js';

describe('the progress of a load (SSMR3Load)', () => {
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
