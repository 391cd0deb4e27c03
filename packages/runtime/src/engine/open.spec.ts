import { expect } from 'chai';
import type { FileHeader } from '../containers/v2/headers.js';
import { V2Writer } from '../containers/v2/writer.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import { AwkwardSource, sav, statusOf } from '../testing.js';
import { openState } from './open.js';
import { describeSave } from './save.js';

const bytes = sav({ self: true, live: true, hostOs: 'win.x86' })
  .unit('ram', 0, { version: 14, pass: 0 })
  .zero(4)
  .u32(1)
  .unit('pit', 1, { version: 3 })
  .u32(2)
  .unit('ram', 0, { version: 14 })
  .u32(3)
  .bytes();

describe('openState', () => {
  for (const asynchronous of [false, true]) {
    const open = () => openState(new AwkwardSource(bytes, { asynchronous, shortReads: true }));

    describe(asynchronous ? 'of an asynchronous source' : 'of a file', () => {
      it('finds units, of several passes the last', async () => {
        const state = await open();
        const ram = await state.seek('ram');
        await ram.stream.ensure(4);
        const { name, instance, version, pass } = ram;
        expect([name, instance, version, pass, ram.stream.getU32()]).to.deep.equal(['ram', 0, 14, 0xffffffff, 3]);
        const pit = await state.seek('pit', 1);
        await pit.stream.ensure(4);
        expect([pit.version, pit.stream.getU32()]).to.deep.equal([3, 2]);
        expect(await statusOf(() => pit.stream.getU8())).to.equal('VERR_SSM_LOADED_TOO_MUCH');
      });

      it('goes through all units, however much of each is read', async () => {
        const seen: unknown[] = [];
        for await (const unit of (await open()).units()) {
          if (unit.name === 'pit') {
            await unit.stream.ensure(4);
            unit.stream.getU32();
          }
          const { data, stored, records } = await unit.measure();
          seen.push([unit.name, unit.pass, data, stored, records.raw, records.zero]);
        }
        expect(seen).to.deep.equal([
          ['SSM', 0xffffffff, 55, 2 + 55 + 16, 1, 0],
          ['ram', 0, 4100, 3 + 6 + 16, 1, 1],
          ['pit', 0xffffffff, 4, 6 + 16, 1, 0],
          ['ram', 0xffffffff, 4, 6 + 16, 1, 0],
        ]);
      });

      it('knows the host that saved', async () => {
        const state = await open();
        expect((await state.seek('pit', 1)).stream.saved).to.include({ name: 'win.x86', msc32: true });
        for await (const { stream } of state.units()) expect(stream.saved).to.include({ name: 'win.x86' });
      });
    });
  }

  it('gives units that can be read in turns', async () => {
    const state = await openState(new MemorySource(bytes));
    const units = [await state.seek('ram'), await state.seek('pit', 1), await state.seek('ram')];
    expect(units.map(({ stream }) => stream.getU16())).to.deep.equal([3, 2, 3]);
    expect(units.map(({ stream }) => stream.getU16())).to.deep.equal([0, 0, 0]);
  });

  it('goes through the units of a file again and again, of a stream once', async () => {
    const count = async (source: AwkwardSource) => {
      const state = await openState(source);
      let units = 0;
      for (let i = 0; i < 2; i++) for await (const _ of state.units()) units++;
      return units;
    };
    expect(await count(new AwkwardSource(bytes))).to.equal(8);
    expect(await statusOf(() => count(new AwkwardSource(bytes, { stream: true })))).to.equal('VERR_NOT_SUPPORTED');
  });

  it('finds nothing in a stream', async () => {
    const state = await openState(new AwkwardSource(bytes, { stream: true }));
    expect(await statusOf(() => state.seek('pit', 1))).to.equal('VERR_NOT_SUPPORTED');
    expect(await statusOf(() => state.directory())).to.equal('VERR_NOT_SUPPORTED');
  });

  for (const [name, instance] of [
    ['pit', 0],
    ['nobody', 0],
    ['', 0],
  ] as const) {
    it(`does not find '${name}'#${instance}`, async () => {
      const state = await openState(new MemorySource(bytes));
      expect(await statusOf(() => state.seek(name, instance))).to.equal('VERR_SSM_UNIT_NOT_FOUND');
      expect(await statusOf(() => state.seek('pit', 1))).to.equal('VINF_SUCCESS');
    });
  }

  it('goes through the units of a standalone file, which has no END unit', async () => {
    const state = await openState(new MemorySource(sav({ end: false }).unit('a').u8(1).unit('b').bytes()));
    const names: string[] = [];
    for await (const unit of state.units()) names.push(unit.name);
    expect(names).to.deep.equal(['a', 'b']);
    expect((await state.seek('a')).stream.getU8()).to.equal(1);
  });

  it('checks what it goes through', async () => {
    const term = (view: DataView) => view.setUint32(4, 0, true);
    const damaged = sav().unit('a', 0, { term }).u8(1).unit('b').bytes();
    const names: string[] = [];
    const status = await statusOf(async () => {
      for await (const unit of (await openState(new MemorySource(damaged))).units()) names.push(unit.name);
    });
    expect([names, status]).to.deep.equal([['a'], 'VERR_SSM_INTEGRITY_REC_TERM_CRC']);
    const unit = await (await openState(new MemorySource(damaged))).seek('a');
    const error = await unit.measure().catch((thrown) => thrown);
    expect(error.where).to.deep.equal({ unit: 'a', instance: 0, pass: 0xffffffff, offset: 64 + 46 + 3 });
  });

  it('checks the end of a unit that was sought', async () => {
    const header = (view: DataView) => view.setUint32(16, 1, true);
    const state = await openState(new MemorySource(sav().unit('a').unit('b', 0, { header }).u8(1).bytes()));
    const { stream } = await state.seek('b');
    expect(stream.getU8()).to.equal(1);
    expect(await statusOf(() => stream.getU8())).to.equal('VERR_SSM_INTEGRITY_REC_TERM_CRC');
    expect(await statusOf(async () => (await state.seek('a')).measure())).to.equal('VINF_SUCCESS');
  });

  it('copies units into another state, to the same records', async () => {
    const sink = new MemorySink();
    const state = await openState(new MemorySource(bytes));
    const writer = new V2Writer(sink, state.header as FileHeader);
    for await (const unit of state.units()) {
      const { name, instance, version, pass } = unit;
      await unit.copyTo(writer.beginUnit({ name, instance, version, pass }));
      writer.endUnit();
    }
    writer.finish([]);
    await writer.close(false);
    const end = (await state.directory()).offset;
    expect(sink.bytes().subarray(0, end)).to.deep.equal(bytes.subarray(0, end));
  });

  it('does not copy what is left of a unit', async () => {
    const unit = await (await openState(new MemorySource(bytes))).seek('pit', 1);
    unit.stream.getU8();
    const put = new V2Writer(new MemorySink(), describeSave({}, 1, false).header).stream;
    expect(await statusOf(() => unit.copyTo(put))).to.equal('VERR_INVALID_STATE');
  });
});
