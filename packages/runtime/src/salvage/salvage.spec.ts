import { expect } from 'chai';
import { V2Writer } from '../containers/v2/writer.js';
import { openState } from '../engine/open.js';
import { describeSave } from '../engine/save.js';
import { validateState } from '../engine/validate.js';
import { verifyState } from '../engine/verify.js';
import { isSsmError } from '../error.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import { AwkwardSource, sav, savV1 } from '../testing.js';
import { salvageState, surveyState } from './index.js';
import type { Survey } from './survey.js';

const state = () => sav().unit('a').mem([1, 2, 3]).unit('b', 1).zero(4).u32(7).unit('c').raw([9]).unit('d');

async function offsetsOf(bytes: Uint8Array): Promise<Record<string, number>> {
  const offsets: Record<string, number> = {};
  const opened = await openState(new MemorySource(bytes), { damaged: true });
  for await (const { name, offset } of opened.units()) offsets[name] = offset;
  return offsets;
}

function flipped(bytes: Uint8Array, ...places: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (const at of places) copy[at] = (copy[at] as number) ^ 0x10;
  return copy;
}

const namesOf = ({ whole, lost }: Survey) => ({
  whole: whole.map(({ unit }) => unit.name),
  lost: lost.map(({ unit }) => unit?.name ?? '?'),
});

async function salvaged(bytes: Uint8Array) {
  const sink = new MemorySink();
  const result = await salvageState(new MemorySource(bytes), sink);
  return { ...namesOf(result), result, bytes: sink.bytes() };
}

async function failureOf(bytes: Uint8Array): Promise<string> {
  const closed: boolean[] = [];
  const sink = { write() {}, close: (aborted: boolean) => void closed.push(aborted) };
  try {
    await salvageState(new MemorySource(bytes), sink);
  } catch (error) {
    expect(closed, 'the sink').to.deep.equal([true]);
    if (isSsmError(error)) return error.status;
  }
  throw new Error('it should have failed');
}

describe('salvaging a state of format V2.0', () => {
  const bytes = state().bytes();

  it('gives a sound one back as it was', async () => {
    const { whole, lost, result } = await salvaged(bytes);
    expect({ whole, lost }).to.deep.equal({ whole: ['a', 'b', 'c', 'd'], lost: [] });
    expect(result).to.deep.include({ gaps: [], end: true, headerRepaired: undefined, knownBy: 'checksum' });
  });

  it('leaves out a unit in which a byte has changed, and keeps those behind it', async () => {
    const { b, c } = await offsetsOf(bytes);
    for (const at of [b, (b as number) + 20, (c as number) - 1] as number[]) {
      const { whole, lost, bytes: made, result } = await salvaged(flipped(bytes, at));
      expect(whole, `${at}`).to.deep.equal(['a', 'c', 'd']);
      expect(lost).to.have.length(1);
      expect(result.gaps).to.deep.equal([{ offset: b, size: (c as number) - (b as number) }]);
      expect((await verifyState(new MemorySource(made))).failure).to.equal(undefined);
      expect(Object.keys(await offsetsOf(made))).to.deep.equal(['a', 'c', 'd']);
    }
  });

  it('says what is known of a unit whose header is damaged', async () => {
    const { b } = (await offsetsOf(bytes)) as { b: number };
    const rows: readonly (readonly [where: string, at: number, name: string, status: string])[] = [
      ['magic', b, '?', 'VERR_SSM_INTEGRITY_UNIT'],
      ['version', b + 24, '?', 'VERR_SSM_INTEGRITY_CRC'],
      ['name', b + 44, '?', 'VERR_SSM_INTEGRITY_CRC'],
      ['data', b + 47, 'b', 'VERR_SSM_INTEGRITY_DECOMPRESSION'],
    ];
    for (const [where, at, name, status] of rows) {
      const survey = await surveyState(new MemorySource(flipped(bytes, at)));
      expect(namesOf(survey).lost, where).to.deep.equal([name]);
      expect(survey.lost[0]?.failure.status, where).to.equal(status);
    }
  });

  for (const end of [0, 10, 63]) {
    it(`a file of ${end} bytes has nothing to salvage`, async () => {
      expect(await failureOf(bytes.subarray(0, end))).to.be.oneOf(['VERR_EOF', 'VERR_SSM_INTEGRITY_MAGIC']);
    });
  }

  it('keeps what is in front of the end of a truncated file', async () => {
    const { c, d } = (await offsetsOf(bytes)) as { c: number; d: number };
    expect(await salvaged(bytes.subarray(0, d))).to.deep.include({ whole: ['a', 'b', 'c'], lost: [] });
    expect(await salvaged(bytes.subarray(0, d - 1))).to.deep.include({ whole: ['a', 'b'], lost: ['c'] });
    const { bytes: none, whole } = await salvaged(bytes.subarray(0, 64));
    expect(whole).to.deep.equal([]);
    expect((await verifyState(new MemorySource(none))).failure).to.equal(undefined);
    expect(c).to.be.below(d);
  });

  it('repairs any single byte of the file header', async () => {
    for (let at = 0; at < 64; at++) {
      for (const bit of [0x01, 0x10, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ bit;
        const { result, bytes: made } = await salvaged(damaged);
        expect(result.headerRepaired, `byte ${at}`).to.equal(at);
        expect(made.subarray(0, 64)).to.deep.equal(bytes.subarray(0, 64));
      }
    }
  });

  it('does not guess what more of it was', async () => {
    expect(await failureOf(flipped(bytes, 40, 50))).to.equal('VERR_SSM_INTEGRITY_CRC');
  });

  it('keeps every pass, their order, and that of the directory', async () => {
    const sink = new MemorySink();
    const writer = new V2Writer(sink, describeSave({}, 3, true).header);
    const rows = [
      ['m', 0],
      ['n', 0],
      ['m', 1],
      ['n', undefined],
      ['m', undefined],
    ] as const;
    for (const [name, pass] of rows) {
      writer.beginUnit({ name, version: 2, ...(pass !== undefined && { pass }) }).putStrZ(`${name} ${pass}`);
      writer.endUnit();
    }
    writer.finish([
      { name: 'm', instance: 0 },
      { name: 'n', instance: 0 },
    ]);
    await writer.close(false);
    const { bytes: again } = await salvaged(sink.bytes());
    expect(again).to.deep.equal(sink.bytes());
  });

  it('takes no unit that is the data of another for one of its own', async () => {
    const inner = state().bytes();
    const outer = sav().unit('memory').mem(inner).unit('z').bytes();
    expect(await salvaged(outer)).to.deep.include({ whole: ['memory', 'z'], lost: [] });
    expect(await salvaged(flipped(outer, 120))).to.deep.include({ whole: ['z'] });
  });

  it('a file without checksums: what has the form of a unit', async () => {
    const plain = sav({ checksum: false }).unit('a').mem([1, 2, 3]).unit('b').lzf(4, [0xff, 0xff]).unit('c').bytes();
    const { whole, lost, result } = await salvaged(plain);
    expect({ whole, lost }).to.deep.equal({ whole: ['a', 'c'], lost: ['b'] });
    expect(result.knownBy).to.equal('form');
  });

  it('a file that was written unit by unit has no END unit afterwards either', async () => {
    const standalone = sav({ end: false }).unit('a').mem([1]).unit('b').bytes();
    const { bytes: made, result } = await salvaged(standalone);
    expect(result.end).to.equal(false);
    expect(await validateState(new MemorySource(made), { checksum: true })).to.have.property('checksum', true);
    expect((await verifyState(new MemorySource(made))).load).to.equal('VERR_SSM_INTEGRITY_UNIT_MAGIC');
  });

  it('reads sources that give little at a time, and late', async () => {
    const { b } = (await offsetsOf(bytes)) as { b: number };
    const damaged = flipped(bytes, b + 47);
    const survey = await surveyState(new AwkwardSource(damaged, { asynchronous: true, shortReads: true }));
    expect(namesOf(survey)).to.deep.equal({ whole: ['a', 'c', 'd'], lost: ['b'] });
  });

  it('refuses streams', async () => {
    const failure = await surveyState({ read: () => 0 }).catch((error) => error.status);
    expect(failure).to.equal('VERR_NOT_SUPPORTED');
  });

  it('keeps to its limits', async () => {
    const failure = await surveyState(new MemorySource(bytes), { limits: { units: 2 } }).catch((error) => error.status);
    expect(failure).to.equal('VERR_TOO_MUCH_DATA');
    const signal = AbortSignal.abort();
    const cancelled = await surveyState(new MemorySource(bytes), { signal }).catch((error) => error.status);
    expect(cancelled).to.equal('VERR_SSM_CANCELLED');
  });
});

describe('salvaging a state of format V1.x', () => {
  const old = () => savV1().unit('a').store([1, 2]).unit('b').store([3]).unit('c').store([4]);
  const bytes = old().bytes();

  it('knows by the checksum of the file that all is as it was', async () => {
    const { whole, result } = await salvaged(bytes);
    expect(whole).to.deep.equal(['a', 'b', 'c']);
    expect(result).to.deep.include({ format: '1.2', knownBy: 'checksum', gaps: [], end: true });
  });

  it('goes by the form of units otherwise', async () => {
    const { b } = (await offsetsOf(bytes)) as { b: number };
    const { whole, lost, result, bytes: made } = await salvaged(flipped(bytes, b));
    expect({ whole, lost }).to.deep.equal({ whole: ['c'], lost: ['a'] });
    expect(result.knownBy).to.equal('form');
    expect((await verifyState(new MemorySource(made))).failure).to.equal(undefined);
    expect(await salvaged(flipped(bytes, b + 9))).to.deep.include({ whole: ['a', 'c'], lost: ['b'] });
  });

  it('keeps what is in front of the end of a truncated file', async () => {
    const { c } = (await offsetsOf(bytes)) as { c: number };
    expect(await salvaged(bytes.subarray(0, c + 29))).to.deep.include({ whole: ['a', 'b'] });
    expect(await salvaged(bytes.subarray(0, c + 3))).to.deep.include({ whole: ['a'], lost: ['b'] });
  });

  for (const format of ['1.1', '1.0'] as const) {
    it(`V${format} is refused: it cannot be written`, async () => {
      expect(await failureOf(savV1({ format }).unit('a').store([1]).bytes())).to.equal('VERR_NOT_SUPPORTED');
    });
  }
});
