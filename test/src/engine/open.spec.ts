import { loadState, MemorySource, openState, PASS_FINAL, type Source, validateState } from '@ssmkit/runtime';
import { AwkwardSource, type SavOptions, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { failureOf, Journal, machine } from './script.js';

const file = (options: SavOptions = {}) =>
  sav({ live: true, ...options })
    .unit('ram', 0, { version: 14, pass: 0 })
    .u32(100)
    .unit('ram', 0, { version: 14, pass: 1 })
    .u32(101)
    .unit('pit', 2, { version: 4 })
    .u16(7)
    .unit('ram', 0, { version: 14 })
    .u32(102)
    .bytes();

const open = (bytes = file()) => openState(new MemorySource(bytes));

describe('reading without loading', () => {
  it('a unit is found by name and instance; of several passes the last (SSMR3Seek)', async () => {
    const unit = await (await open()).seek('ram');
    expect([unit.version, unit.pass, unit.stream.getU32()]).to.deep.equal([14, PASS_FINAL, 102]);
  });

  it('the stream does not know the version: everything is read (SSMR3Seek)', async () => {
    expect((await (await open()).seek('pit', 2)).stream.version).to.equal(0xffffffff);
  });

  for (const [name, instance] of [
    ['pit', 0],
    ['pi', 2],
    ['', 0],
    ['SSM', 0],
  ] as const) {
    it(`'${name}' ${instance} is not there (SSMR3Seek): VERR_SSM_UNIT_NOT_FOUND, and the next seek is not the worse for it`, async () => {
      const state = await open();
      expect((await failureOf(() => state.seek(name, instance)))?.status).to.equal('VERR_SSM_UNIT_NOT_FOUND');
      expect((await state.seek('pit', 2)).stream.getU16()).to.equal(7);
    });
  }

  it('behind the end of the unit is nothing (ssmR3DataReadRecHdrV2): VERR_SSM_LOADED_TOO_MUCH', async () => {
    const { stream } = await (await open()).seek('pit', 2);
    stream.getU16();
    expect((await failureOf(() => stream.getU8()))?.status).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect((await failureOf(() => stream.getU8()))?.status).to.equal('VERR_SSM_LOADED_TOO_MUCH');
  });

  it('units that were found can be read in turns', async () => {
    const state = await open();
    const [ram, pit] = [await state.seek('ram'), await state.seek('pit', 2)];
    expect([ram.stream.getU16(), pit.stream.getU8(), ram.stream.getU16(), pit.stream.getU8()]).to.deep.equal([
      102, 7, 0, 0,
    ]);
  });

  it('live passes are found by walking only (ssmR3FileSeekV2)', async () => {
    const seen: unknown[] = [];
    for await (const { name, pass, stream } of (await open()).units()) {
      seen.push([name, pass, name === 'ram' ? stream.getU32() : stream.getU16()]);
    }
    expect(seen).to.deep.equal([
      ['ram', 0, 100],
      ['ram', 1, 101],
      ['pit', PASS_FINAL, 7],
      ['ram', PASS_FINAL, 102],
    ]);
  });

  it('a walk checks what it passes by, and ends with directory and footer', async () => {
    const walk = async (bytes: Uint8Array) => {
      let units = 0;
      const failure = await failureOf(async () => {
        for await (const _unit of (await open(bytes)).units()) units++;
      });
      return [units, failure?.status];
    };
    expect(await walk(file())).to.deep.equal([4, undefined]);
    expect(await walk(file({ directory: (view) => view.setUint8(0, 1) }))).to.deep.equal([
      4,
      'VERR_SSM_INTEGRITY_DIR_MAGIC',
    ]);
    const damaged = file();
    damaged[64 + 48 + 3] = 1;
    expect((await walk(damaged))[1]).to.match(/^VERR_SSM_INTEGRITY/);
  });

  it('a stream can be walked once, and not sought in', async () => {
    const state = await openState(new AwkwardSource(file(), { stream: true }));
    expect((await failureOf(() => state.seek('pit', 2)))?.status).to.equal('VERR_NOT_SUPPORTED');
    const names: string[] = [];
    for await (const { name } of state.units()) names.push(name);
    expect(names).to.deep.equal(['ram', 'ram', 'pit', 'ram']);
    const again = async () => {
      for await (const _unit of state.units());
    };
    expect((await failureOf(again))?.status).to.equal('VERR_NOT_SUPPORTED');
  });

  for (const [version, msc32] of [
    [1, true],
    [2, false],
  ] as const) {
    it(`who saved is known from "SSM", in its version ${version}: ${msc32}`, async () => {
      const bytes = sav()
        .unit('SSM', 0, { version })
        .strZ('Host OS')
        .strZ('win.x86')
        .strZ('')
        .strZ('')
        .unit('pit')
        .u8(7)
        .bytes();
      const sought = await (await open(bytes)).seek('pit');
      expect([sought.stream.saved.msc32, sought.stream.getU8()]).to.deep.equal([msc32, 7]);
      for await (const { name, stream } of (await open(bytes)).units()) {
        if (name === 'pit') expect([stream.saved.msc32, stream.getU8()]).to.deep.equal([msc32, 7]);
      }
    });
  }

  it('the widths of guest addresses are known from the header', async () => {
    const header = (view: DataView) => {
      view.setUint8(45, 4);
      view.setUint8(46, 4);
    };
    const bytes = sav({ header }).unit('pit').u32(1).u32(2).bytes();
    const { stream } = await (await open(bytes)).seek('pit');
    expect([stream.getGCPhys(), stream.getGCPtr()]).to.deep.equal([1n, 2n]);
  });

  it('a failing get of one unit is not that of another', async () => {
    const state = await open();
    const { stream } = await state.seek('pit', 2);
    await failureOf(() => stream.getU64());
    expect((await state.seek('pit', 2)).stream.getU16()).to.equal(7);
  });

  describe('checking (SSMR3ValidateFile)', () => {
    const damaged = (options: SavOptions, change?: (bytes: Uint8Array) => void): Source => {
      const bytes = file(options);
      change?.(bytes);
      return new MemorySource(bytes);
    };
    const rules: readonly (readonly [rule: string, source: Source, plain: string, whole: string])[] = [
      ['a sound file', damaged({}), 'VINF_SUCCESS', 'VINF_SUCCESS'],
      [
        'a damaged header',
        damaged({ header: (view) => view.setUint8(47, 1) }),
        'VERR_SSM_INTEGRITY',
        'VERR_SSM_INTEGRITY',
      ],
      [
        'a damaged footer',
        damaged({ footer: (view) => view.setUint32(24, 1, true) }),
        'VERR_SSM_INTEGRITY_FOOTER',
        'VERR_SSM_INTEGRITY_FOOTER',
      ],
      [
        'damaged data: only the checksum tells',
        damaged({}, (bytes) => bytes.set([1], 150)),
        'VINF_SUCCESS',
        'VERR_SSM_INTEGRITY_CRC',
      ],
      [
        'damaged data of a file without checksums: nothing tells',
        damaged({ checksum: false }, (bytes) => bytes.set([1], 150)),
        'VINF_SUCCESS',
        'VINF_SUCCESS',
      ],
      ['a file without END unit', damaged({ end: false }), 'VINF_SUCCESS', 'VINF_SUCCESS'],
    ];
    for (const [rule, source, plain, whole] of rules) {
      it(`${rule}: ${plain}, with the checksum ${whole}`, async () => {
        expect((await failureOf(() => validateState(source)))?.status ?? 'VINF_SUCCESS').to.equal(plain);
        const failure = await failureOf(() => validateState(source, { checksum: true }));
        expect(failure?.status ?? 'VINF_SUCCESS').to.equal(whole);
      });
    }

    it('gives the header', async () => {
      expect(await validateState(new MemorySource(file()))).to.include({ live: true, checksum: true, hostBits: 64 });
    });
  });

  it('a file of the standalone writer does not load (ssmR3LoadExecV2): VERR_SSM_INTEGRITY_UNIT_MAGIC', async () => {
    const journal = new Journal();
    const bytes = sav({ end: false }).unit('a').u8(1).bytes();
    const failure = await failureOf(() => loadState(machine('a: loadExec loadDone', journal), new MemorySource(bytes)));
    expect([failure?.status, journal.text]).to.deep.equal(['VERR_SSM_INTEGRITY_UNIT_MAGIC', 'loadExec a, loadDone a']);
  });
});
