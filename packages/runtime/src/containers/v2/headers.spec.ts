import { expect } from 'chai';
import { loadState } from '../../engine/load.js';
import { openState } from '../../engine/open.js';
import { Registry } from '../../engine/registry.js';
import { validateState } from '../../engine/validate.js';
import { MemorySource } from '../../io/memory.js';
import { AwkwardSource, sav, statusOf } from '../../testing.js';

const u16 = (at: number, value: number) => (view: DataView) => view.setUint16(at, value, true);
const u32 = (at: number, value: number) => (view: DataView) => view.setUint32(at, value, true);
const u8 = (at: number, value: number) => (view: DataView) => view.setUint8(at, value);

const load = (bytes: Uint8Array) =>
  statusOf(() =>
    loadState(new Registry(), new MemorySource(bytes), {
      onUnknownUnit: async (_stream, _unit, handle) => {
        await handle.readToEndOfUnit();
      },
    }),
  );
const validate = (bytes: Uint8Array, checksum = false) =>
  statusOf(() => validateState(new MemorySource(bytes), { checksum }));

const OK = 'VINF_SUCCESS';

describe('the file header', () => {
  const fields: readonly [name: string, change: (view: DataView) => void, status: string][] = [
    ['another magic', u8(3, 0x62), 'VERR_SSM_INTEGRITY_MAGIC'],
    ['an unknown version', u8(26, 0x33), 'VERR_SSM_INTEGRITY_VERSION'],
    [
      'the magic of V1.2, which has the UUID of the machine elsewhere',
      (view) => [0x31, 0x2e, 0x32].forEach((c, i) => void view.setUint8(24 + i, c)),
      'VERR_SMM_INTEGRITY_MACHINE',
    ],
    ['a byte after the magic', u8(31, 1), 'VERR_SSM_INTEGRITY_VERSION'],
    ['major version 0', u16(32, 0), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['major version 1', u16(32, 1), OK],
    ['major version 1000', u16(32, 1000), OK],
    ['major version 1001', u16(32, 1001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['minor version 0', u16(34, 0), OK],
    ['minor version 1000', u16(34, 1000), OK],
    ['minor version 1001', u16(34, 1001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['build 1048576', u32(36, 1048576), OK],
    ['build 1048577', u32(36, 1048577), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['revision 0', u32(40, 0), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['revision 10000000', u32(40, 10_000_000), OK],
    ['revision 10000001', u32(40, 10_000_001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['32 host bits', u8(44, 32), OK],
    ['16 host bits', u8(44, 16), 'VERR_SSM_INTEGRITY_HEADER'],
    ['GCPhys of 4 bytes', u8(45, 4), OK],
    ['GCPhys of 5 bytes', u8(45, 5), 'VERR_SSM_INTEGRITY_HEADER'],
    ['GCPtr of 4 bytes', u8(46, 4), OK],
    ['GCPtr of 0 bytes', u8(46, 0), 'VERR_SSM_INTEGRITY_HEADER'],
    ['a reserved byte', u8(47, 1), 'VERR_SSM_INTEGRITY'],
    ['any number of units', u32(48, 0xffffffff), OK],
    ['flag 4', u32(52, 5), 'VERR_SSM_INTEGRITY'],
    ['flag 0x80000000', u32(52, 0x80000001), 'VERR_SSM_INTEGRITY'],
    ['flag 0x8000', u32(52, 0x8001), 'VERR_SSM_INTEGRITY'],
    ['flag 0x20000', u32(52, 0x20001), 'VERR_SSM_INTEGRITY'],
    ['the live flag', u32(52, 3), OK],
    ["the flag of ssmkit's own, LZ4", u32(52, 0x10001), OK],
    ['blocks of 1023 bytes', u32(56, 1023), 'VERR_SSM_INTEGRITY'],
    ['blocks of 1024 bytes', u32(56, 1024), OK],
    ['blocks of 1025 bytes', u32(56, 1025), 'VERR_SSM_INTEGRITY'],
    ['blocks of 1280 bytes', u32(56, 1280), OK],
    ['blocks of 4352 bytes', u32(56, 4352), 'VERR_SSM_INTEGRITY'],
    // The first failure wins.
    [
      'a reserved byte and an unknown flag and major version 0',
      (view) => [u8(47, 1), u32(52, 5), u16(32, 0)].forEach((c) => void c(view)),
      'VERR_SSM_INTEGRITY',
    ],
    [
      'major version 0 and 16 host bits',
      (view) => [u16(32, 0), u8(44, 16)].forEach((c) => void c(view)),
      'VERR_SSM_INTEGRITY_VBOX_VERSION',
    ],
  ];
  for (const [name, header, status] of fields) {
    it(`with ${name}: ${status}`, async () => {
      const bytes = sav({ header }).unit('u').u32(1).bytes();
      expect([await validate(bytes), await validate(bytes, true), await load(bytes)]).to.deep.equal([
        status,
        status,
        status,
      ]);
    });
  }

  it('has a CRC', async () => {
    const bytes = sav().unit('u').bytes();
    bytes[60] = ~(bytes[60] as number);
    expect(await validate(bytes)).to.equal('VERR_SSM_INTEGRITY_CRC');
  });

  it('tells what it says', async () => {
    const bytes = sav({
      live: true,
      header: (view) => [u8(44, 32), u8(46, 4), u32(48, 9)].forEach((c) => void c(view)),
    }).bytes();
    expect(await validateState(new MemorySource(bytes))).to.deep.equal({
      product: { major: 7, minor: 2, build: 22 },
      revision: 175245,
      hostBits: 32,
      gcPhysBytes: 8,
      gcPtrBytes: 4,
      unitCount: 9,
      live: true,
      checksum: true,
    });
  });
});

describe('a unit header', () => {
  const fields: readonly [name: string, change: (view: DataView) => void, status: string][] = [
    ['another magic', u8(1, 0x75), 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
    ['another offset', u32(8, 65), 'VERR_SSM_INTEGRITY_UNIT'],
    ['an offset that is right in its low half', u32(12, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['another stream CRC', u32(16, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a flag', u32(36, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a name of 49 bytes', u32(40, 49), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a name without an end', u8(45, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['any pass', u32(32, 77), OK],
    ['any version', u32(24, 0xfffffffe), OK],
  ];
  for (const [name, header, status] of fields) {
    it(`with ${name}: ${status}`, async () => {
      expect(await load(sav().unit('u', 0, { header }).u32(1).bytes())).to.equal(status);
    });
  }

  it('has a CRC, over the name, too', async () => {
    for (const at of [64 + 20, 64 + 24, 64 + 44]) {
      const bytes = sav({ checksum: false }).unit('u').u32(1).bytes();
      bytes[at] = (bytes[at] as number) ^ 1;
      expect(await load(bytes), `byte ${at}`).to.equal('VERR_SSM_INTEGRITY_CRC');
    }
  });

  it('has a stream CRC that does not matter in a stream without checksums', async () => {
    expect(
      await load(
        sav({ checksum: false })
          .unit('u', 0, { header: u32(16, 1) })
          .u32(1)
          .bytes(),
      ),
    ).to.equal(OK);
  });

  it('has a name of up to 47 bytes', async () => {
    expect(await load(sav().unit('n'.repeat(47)).bytes())).to.equal(OK);
  });

  it('without a name is refused', async () => {
    expect(await load(sav().unit('').bytes())).to.equal('VERR_SSM_INTEGRITY');
  });

  it('has a name that ends at its first NUL', async () => {
    const names: string[] = [];
    await loadState(new Registry(), new MemorySource(sav().unit('u\0v').bytes()), {
      onUnknownUnit: (_stream, unit) => {
        names.push(unit.name);
      },
    });
    expect(names).to.deep.equal(['u']);
  });

  it('shows a name that is no UTF-8 by its bytes', async () => {
    const bytes = sav()
      .unit('u', 0, { header: u8(44, 0xff) })
      .bytes();
    const names: string[] = [];
    for await (const unit of (await openState(new MemorySource(bytes))).units()) names.push(unit.name);
    expect(names).to.deep.equal(['\\xff']);
  });
});

describe('the END unit', () => {
  const fields: readonly [name: string, change: (view: DataView) => void, status: string][] = [
    ['another magic', u8(1, 0x74), 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
    [
      'the magic of a unit',
      (view) => [0x55, 0x6e, 0x69, 0x74, 0x0a, 0, 0].forEach((c, i) => void view.setUint8(1 + i, c)),
      'VERR_SSM_INTEGRITY',
    ],
    ['another offset', u32(8, 65), 'VERR_SSM_INTEGRITY_UNIT'],
    ['another stream CRC', u32(16, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a version', u32(24, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['an instance', u32(28, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a pass', u32(32, 0), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a flag', u32(36, 1), 'VERR_SSM_INTEGRITY_UNIT'],
  ];
  for (const [name, endHeader, status] of fields) {
    it(`with ${name}: ${status}`, async () => {
      expect(await load(sav({ endHeader }).unit('u').u32(1).bytes())).to.equal(status);
    });
  }

  it('has a CRC', async () => {
    const bytes = sav({ checksum: false }).unit('u').bytes();
    const at = 64 + 46 + 16 + 20;
    bytes[at] = (bytes[at] as number) ^ 1;
    expect(await load(bytes)).to.equal('VERR_SSM_INTEGRITY_CRC');
  });

  it('missing is refused', async () => {
    expect(await load(sav({ end: false }).unit('u').u32(1).bytes())).to.equal('VERR_SSM_INTEGRITY_UNIT_MAGIC');
  });
});

describe('the directory', () => {
  const at = 16;
  const fields: readonly [name: string, change: (view: DataView) => void, load: string, seek: string][] = [
    ['another magic', u8(1, 0x64), 'VERR_SSM_INTEGRITY_DIR_MAGIC', 'VERR_SSM_INTEGRITY_DIR_MAGIC'],
    ['one entry more', u32(12, 3), 'VERR_SSM_INTEGRITY_CRC', 'VERR_SSM_INTEGRITY_DIR'],
    ['65536 entries', u32(12, 65536), 'VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    ['an offset in the file header', u32(at, 63), 'VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    ['an offset beyond', u32(at, 100_000), 'VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    ['an offset far beyond', u32(at + 4, 1), 'VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    ['offset 0', u32(at, 0), 'VERR_SSM_INTEGRITY_DIR', 'VERR_SSM_INTEGRITY_DIR'],
    ['an offset into the middle', u32(at, 65), OK, 'VERR_SSM_INTEGRITY_UNIT'],
    ['the offset of another instance', u32(at, 64 + 46 + 6 + 16), OK, 'VERR_SSM_INTEGRITY_UNIT'],
    ['another instance', u32(at + 8, 5), OK, 'VERR_SSM_UNIT_NOT_FOUND'],
    ['another name', u32(at + 12, 5), OK, 'VERR_SSM_UNIT_NOT_FOUND'],
  ];
  for (const [name, directory, loaded, sought] of fields) {
    it(`with ${name}: load ${loaded}, seek ${sought}`, async () => {
      const bytes = sav({ directory }).unit('u', 0).u32(1).unit('u', 1).u32(2).bytes();
      expect(await load(bytes)).to.equal(loaded);
      const state = await openState(new MemorySource(bytes));
      expect(await statusOf(() => state.seek('u', 0))).to.equal(sought);
    });
  }

  it('may have offset 0 in files of old revisions', async () => {
    const header = u32(40, 53364);
    const bytes = sav({ header, directory: u32(at, 0) })
      .unit('u')
      .u32(1)
      .bytes();
    expect(await load(bytes)).to.equal(OK);
    expect(await statusOf(async () => (await openState(new MemorySource(bytes))).seek('u'))).to.equal(
      'VERR_SSM_UNIT_NOT_FOUND',
    );
  });

  it('has a CRC', async () => {
    const bytes = sav({ checksum: false }).unit('u').bytes();
    const offset = bytes.length - 32 - 32;
    bytes[offset + 30] = (bytes[offset + 30] as number) ^ 1;
    expect(await load(bytes)).to.equal('VERR_SSM_INTEGRITY_CRC');
    expect(await statusOf(async () => (await openState(new MemorySource(bytes))).seek('u'))).to.equal(
      'VERR_SSM_INTEGRITY_CRC',
    );
  });

  it('may be empty', async () => {
    const bytes = sav().bytes();
    expect(await load(bytes)).to.equal(OK);
    expect((await (await openState(new MemorySource(bytes))).directory()).entries).to.deep.equal([]);
  });
});

describe('the footer', () => {
  const fields: readonly [
    name: string,
    change: (view: DataView) => void,
    validate: string,
    checksum: string,
    load: string,
  ][] = [
    [
      'another magic',
      u8(1, 0x66),
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
    ],
    [
      'another offset',
      u32(8, 1),
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
    ],
    ['another stream CRC', u32(16, 1), OK, 'VERR_SSM_INTEGRITY_CRC', 'VERR_SSM_INTEGRITY_CRC'],
    ['another number of entries', u32(20, 2), OK, OK, 'VERR_SSM_INTEGRITY_FOOTER'],
    [
      '65536 entries',
      u32(20, 65536),
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
    ],
    [
      'a reserved field',
      u32(24, 1),
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_INTEGRITY_FOOTER',
    ],
  ];
  for (const [name, footer, validated, checksum, loaded] of fields) {
    it(`with ${name}: ${validated}, ${checksum}, ${loaded}`, async () => {
      const bytes = sav({ footer }).unit('u').u32(1).bytes();
      expect([await validate(bytes), await validate(bytes, true), await load(bytes)]).to.deep.equal([
        validated,
        checksum,
        loaded,
      ]);
    });
  }

  it('has a CRC', async () => {
    const bytes = sav().unit('u').bytes();
    bytes[bytes.length - 1] = ~(bytes[bytes.length - 1] as number);
    expect(await validate(bytes)).to.equal('VERR_SSM_INTEGRITY_CRC');
  });

  it('of a stream without checksums has none', async () => {
    expect(await validate(sav({ checksum: false, footer: u32(16, 1) }).bytes())).to.equal('VERR_SSM_INTEGRITY_FOOTER');
  });

  it('is the end of a file, but not of a stream', async () => {
    const bytes = Uint8Array.from([...sav().unit('u').u32(1).bytes(), 0]);
    expect(await validate(bytes)).to.equal('VERR_SSM_INTEGRITY_FOOTER');
    const stream = new AwkwardSource(bytes, { stream: true });
    const registry = new Registry();
    registry.register({ name: 'u', version: 1, loadExec: (get) => void get.getU32() });
    expect(await statusOf(() => loadState(registry, stream))).to.equal(OK);
  });
});
