import { expect } from 'chai';
import { MemorySource } from '../io/memory.js';
import { sav, savV1, statusOf } from '../testing.js';
import { openSalvaged } from './open-salvaged.js';

const bytes = sav({ self: true })
  .unit('first')
  .mem([1, 2, 3])
  .unit('second')
  .mem(Array.from({ length: 9000 }, (_, i) => (i * 7) % 251))
  .unit('third', 4)
  .mem([7, 8])
  .bytes();

/** Names of the units, with the bytes that can be read of each. */
async function left(damaged: Uint8Array) {
  const { state, lost } = await openSalvaged(new MemorySource(damaged));
  const units: [string, number][] = [];
  for (let round = 0; round < 2; round++) {
    units.length = 0;
    for await (const { name, stream } of state.units()) {
      await stream.ensure(65536);
      units.push([name, stream.buffered]);
    }
  }
  return { units, lost: lost.map(({ unit }) => unit?.name), state };
}

const offsetOf = (text: string) => Buffer.from(bytes).indexOf(text);
const changed = (at: number) => bytes.map((byte, i) => (i === at ? byte ^ 0xff : byte));

describe('opening what is left of a state', () => {
  it('all of one that is whole', async () => {
    const { units, lost } = await left(bytes);
    expect(units.map(([name]) => name)).to.deep.equal(['SSM', 'first', 'second', 'third']);
    expect(lost).to.deep.equal([]);
  });

  it('units behind a damaged one, which is there as far as it can be read', async () => {
    const { units, lost, state } = await left(changed(offsetOf('second') + 8));
    expect(units.map(([name]) => name)).to.deep.equal(['SSM', 'first', 'second', 'third']);
    expect(lost).to.deep.equal(['second']);
    expect((await state.seek('third', 4)).stream.getU8()).to.equal(7);
    expect(await statusOf(() => state.seek('second'))).to.equal('VERR_SSM_UNIT_NOT_FOUND');
    expect(await statusOf(() => state.directory())).to.equal('VERR_NOT_SUPPORTED');
  });

  it('of a file that was cut off, the unit at its end as far as it goes', async () => {
    const { units, lost } = await left(bytes.subarray(0, offsetOf('third') - 2000));
    expect(lost).to.deep.equal(['second']);
    const [name, size] = units.at(-1) as [string, number];
    expect(name).to.equal('second');
    expect(size).to.be.within(4096, 8999);
  });

  it('goes on at marks, knows the saving host', async () => {
    const { state } = await left(changed(offsetOf('first') + 8));
    for await (const unit of state.units()) {
      if (unit.name !== 'second') continue;
      expect(unit.stream.saved.name).to.equal('linux.amd64');
      const mark = unit.mark();
      expect((await state.resume(unit, mark!)).getU8()).to.equal(unit.stream.getU8());
    }
  });

  it('of format V1.x the units in front of the damage', async () => {
    const old = savV1().unit('u').store([5, 0, 0, 0]).bytes();
    const { units } = await left(old.map((byte, i) => (i === old.length - 1 ? byte ^ 1 : byte)));
    expect(units[0]).to.deep.equal(['u', 4]);
  });

  it('refuses streams, and files that are no saved states', async () => {
    const { read } = new MemorySource(bytes);
    expect(await statusOf(() => openSalvaged({ read }))).to.equal('VERR_NOT_SUPPORTED');
    expect(await statusOf(() => openSalvaged(new MemorySource(new Uint8Array(1000))))).to.equal(
      'VERR_SSM_INTEGRITY_MAGIC',
    );
  });
});
