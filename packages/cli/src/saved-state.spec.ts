import { MemorySource, type OpenUnit } from '@ssmkit/runtime';
import { sav, savV1, statusOf } from '@ssmkit/runtime/testing';
import { unitPieces } from '@ssmkit/vbox';
import { expect } from 'chai';
import { SavedState, type Wanted } from './saved-state.js';

const FINAL = 0xffffffff;

async function collected(unit: OpenUnit): Promise<number[]> {
  const bytes: number[] = [];
  for await (const piece of unitPieces(unit)) bytes.push(...piece);
  return bytes;
}

/** A live save: two passes and a final one, a unit without final pass, one that the directory does not have. */
const live = () =>
  sav({ live: true, self: true, hostOs: 'win.x86' })
    .unit('ram', 0, { pass: 0 })
    .u8(10)
    .unit('ram', 0, { pass: 1 })
    .u8(11)
    .unit('once', 3, { pass: 0 })
    .u8(30)
    .unit('hidden', 0, { pass: 4, inDirectory: false })
    .u8(40)
    .unit('ram', 0, { version: 9 })
    .u8(19);

async function find(bytes: Uint8Array, wanted: Wanted) {
  const state = await SavedState.open(new MemorySource(bytes));
  const { unit, damage } = await state.find(wanted);
  const { pass, version } = unit;
  return { pass, version, data: await collected(unit), damage: damage.map(({ status }) => status) };
}

async function messageOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => '',
    (error: Error) => error.message,
  );
}

describe('SavedState', () => {
  const wanted: readonly (readonly [what: string, wanted: Wanted, found: object])[] = [
    ['the final pass', { name: 'ram', instance: 0 }, { pass: FINAL, version: 9, data: [19] }],
    ['a pass by its number', { name: 'ram', instance: 0, pass: 1 }, { pass: 1, version: 1, data: [11] }],
    [
      'the final pass by its number',
      { name: 'ram', instance: 0, pass: FINAL },
      { pass: FINAL, version: 9, data: [19] },
    ],
    ['the last pass where there is no final one', { name: 'once', instance: 3 }, { pass: 0, version: 1, data: [30] }],
    ['a unit that the directory does not have', { name: 'hidden', instance: 0 }, { pass: 4, version: 1, data: [40] }],
  ];
  for (const [what, which, found] of wanted) {
    it(`finds ${what}`, async () => {
      expect(await find(live().bytes(), which)).to.deep.equal({ ...found, damage: [] });
    });

    it(`finds ${what} in a file that has been cut off, too`, async () => {
      const bytes = live().bytes();
      expect(await find(bytes.subarray(0, -1), which)).to.deep.equal({
        ...found,
        damage: ['VERR_SSM_INTEGRITY_FOOTER', 'VERR_EOF'],
      });
    });
  }

  it('finds a unit where the directory is damaged', async () => {
    const bytes = sav({ directory: (view) => view.setUint32(16, 1, true) })
      .unit('u')
      .u8(7)
      .bytes();
    expect(await find(bytes, { name: 'u', instance: 0 })).to.deep.equal({
      pass: FINAL,
      version: 1,
      data: [7],
      damage: ['VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    });
  });

  it('knows the saving host of a unit that it found the long way', async () => {
    for (const bytes of [live().bytes(), live().bytes().subarray(0, -1)]) {
      const state = await SavedState.open(new MemorySource(bytes));
      const { unit } = await state.find({ name: 'hidden', instance: 0 });
      expect(unit.stream.saved).to.deep.include({ name: 'win.x86', msc32: true });
    }
  });

  it('takes the only instance that there is where none is named', async () => {
    const bytes = sav().unit('one', 3).u8(7).unit('two', 0).u8(1).unit('two', 5).u8(2).bytes();
    expect(await find(bytes, { name: 'one' })).to.deep.include({ data: [7] });
    expect(await find(bytes, { name: 'two' })).to.deep.include({ data: [1] });
    expect(await find(bytes.subarray(0, -1), { name: 'one' })).to.deep.include({ data: [7] });
  });

  const missing: readonly (readonly [wanted: Wanted, message: string])[] = [
    [{ name: 'rom', instance: 0 }, "no such unit; near names: ram (unit 'rom'#0)"],
    [{ name: 'once', instance: 0 }, "no such instance; 'once' has 3 (unit 'once'#0)"],
    [{ name: 'ram', instance: 0, pass: 7 }, "no such pass; 'ram'#0 has 0, 1, final (unit 'ram'#0, pass 7)"],
    [{ name: 'graphics', instance: 1 }, "no such unit; there are SSM, ram, once, hidden (unit 'graphics'#1)"],
  ];
  for (const [which, message] of missing) {
    it(`says what there is instead of '${which.name}'#${which.instance}`, async () => {
      const run = find(live().bytes(), which);
      expect(await messageOf(run)).to.equal(`VERR_SSM_UNIT_NOT_FOUND: ${message}`);
    });
  }

  it('lists some of many units', async () => {
    const many = sav();
    for (let i = 0; i < 20; i++) many.unit(`unit-number-${i}`);
    const message = await messageOf(find(many.bytes(), { name: 'x', instance: 0 }));
    expect(message).to.contain('unit-number-11 and 8 more');
  });

  it('says what is wrong with the file where that is why there is no such unit', async () => {
    const bytes = live().bytes();
    expect(await messageOf(find(bytes.subarray(0, 300), { name: 'hidden', instance: 0 }))).to.match(
      /^VERR_SSM_|^VERR_EOF/,
    );
  });

  it('says whether there is an END unit', async () => {
    const has = async (bytes: Uint8Array) => (await SavedState.open(new MemorySource(bytes))).hasEnd();
    expect(await has(sav().unit('u').bytes())).to.equal(true);
    expect(await has(sav({ end: false }).unit('u').bytes())).to.equal(false);
    expect(await has(sav().unit('u').bytes().subarray(0, -1))).to.equal(undefined);
    const damaged = sav({ directory: (view) => view.setUint8(0, 0) });
    expect(await has(damaged.unit('u').bytes())).to.equal(undefined);
  });

  it('refuses what it cannot read at all, with the first failure', async () => {
    const open = (bytes: Uint8Array) => statusOf(() => SavedState.open(new MemorySource(bytes)));
    expect(await open(new Uint8Array(3))).to.equal('VERR_EOF');
    expect(await open(new Uint8Array(300))).to.equal('VERR_SSM_INTEGRITY_MAGIC');
    const header = sav({ header: (view) => view.setUint8(44, 16) });
    expect(await open(header.unit('u').bytes())).to.equal('VERR_SSM_INTEGRITY_HEADER');
  });

  describe('of format V1.x', () => {
    const bytes = () => savV1().unit('pit').store([1, 2, 3]).unit('ram', 1).lzf().block(2, [1, 4, 5]).bytes();
    const opened = (bytes: Uint8Array) => SavedState.open(new MemorySource(bytes));
    const names = async (state: SavedState) => {
      const found: string[] = [];
      for await (const { name } of state.units()) found.push(name);
      return found;
    };

    it('is read, its units are found', async () => {
      const state = await opened(bytes());
      expect(state).to.include({ format: '1.2', damage: undefined });
      expect(await names(state)).to.deep.equal(['pit', 'ram']);
      expect(await state.hasEnd()).to.equal(true);
      const { unit } = await state.find({ name: 'ram', instance: 1 });
      expect(await collected(unit)).to.deep.equal([4, 5]);
      expect(await messageOf(state.find({ name: 'rum', instance: 0 }))).to.contain('near names: ram');
    });

    it('is read as far as possible where its checksum is wrong', async () => {
      const damaged = bytes();
      damaged[40] = ~(damaged[40] as number);
      const state = await opened(damaged);
      expect(state.damage?.status).to.equal('VERR_SSM_INTEGRITY_CRC');
      expect(await names(state)).to.deep.equal(['pit', 'ram']);
      const { unit, damage } = await state.find({ name: 'pit', instance: 0 });
      expect(await collected(unit)).to.deep.equal([1, 2, 3]);
      expect(damage.map(({ status }) => status)).to.deep.equal(['VERR_SSM_INTEGRITY_CRC']);
    });

    it('is read as far as possible where it is cut off', async () => {
      const state = await opened(bytes().subarray(0, -30));
      expect(state.damage?.status).to.equal('VERR_SSM_INTEGRITY_SIZE');
      expect(await statusOf(() => names(state))).to.equal('VERR_EOF');
      expect(await state.hasEnd()).to.equal(false);
      const { unit } = await state.find({ name: 'pit', instance: 0 });
      expect(await collected(unit)).to.deep.equal([1, 2, 3]);
    });
  });
});

describe('unitPieces', () => {
  const unitOf = async (bytes: Uint8Array) => {
    const state = await SavedState.open(new MemorySource(bytes));
    return (await state.find({ name: 'u', instance: 0 })).unit;
  };

  it('gives all data of all kinds of records', async () => {
    const bytes = sav()
      .unit('u')
      .raw([1, 2])
      .zero(4)
      .raw([])
      .lzf(1, [0x00, 0x61, 0xe0, 0xff, 0x00, 0xe0, 0xff, 0x00, 0xe0, 0xff, 0x00, 0xe0, 0xde, 0x00])
      .raw(Array.from({ length: 70000 }, (_, i) => i & 0xff));
    const data = await collected(await unitOf(bytes.bytes()));
    expect(data.length).to.equal(2 + 4096 + 1024 + 70000);
    expect(data.slice(0, 3)).to.deep.equal([1, 2, 0]);
    expect(data[4098]).to.equal(0x61);
    expect(data[5121]).to.equal(0x61);
    expect(data.at(-1)).to.equal(69999 & 0xff);
  });

  it('gives nothing for an empty unit', async () => {
    expect(await collected(await unitOf(sav().unit('u').bytes()))).to.deep.equal([]);
  });

  const damaged: readonly (readonly [what: string, bytes: () => Uint8Array, status: string])[] = [
    [
      'an LZF record that does not expand',
      () => sav().unit('u').u8(1).lzf(4, [0xff, 0xff, 0xff]).bytes(),
      'VERR_SSM_INTEGRITY_DECOMPRESSION',
    ],
    ['a record of no type', () => sav().unit('u').u8(1).record(0x90, 0).bytes(), 'VERR_SSM_INTEGRITY_REC_HDR'],
    [
      'a wrong TERM',
      () =>
        sav()
          .unit('u', 0, { term: (view) => view.setUint8(8, 99) })
          .u8(1)
          .bytes(),
      'VERR_SSM_INTEGRITY_REC_TERM',
    ],
  ];
  for (const [what, bytes, status] of damaged) {
    it(`reports ${what}, after the data in front of it`, async () => {
      const unit = await unitOf(bytes());
      const got: number[] = [];
      const read = async () => {
        for await (const piece of unitPieces(unit)) got.push(...piece);
      };
      expect(await statusOf(read)).to.equal(status);
      expect(got).to.deep.equal([1]);
    });
  }

  it('reports the end of the file inside of a unit', async () => {
    const whole = sav().unit('u').u32(1).bytes();
    const state = await SavedState.open(new MemorySource(whole.subarray(0, 64 + 46 + 4)));
    const read = async () => {
      for await (const unit of state.units()) await collected(unit);
    };
    expect(await statusOf(read)).to.equal('VERR_SSM_LOADED_TOO_MUCH');
  });
});
