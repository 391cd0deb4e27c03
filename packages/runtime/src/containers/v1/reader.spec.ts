import { expect } from 'chai';
import fc from 'fast-check';
import { loadState } from '../../engine/load.js';
import { openState } from '../../engine/open.js';
import { Registry } from '../../engine/registry.js';
import type { UnitCallbacks } from '../../engine/unit.js';
import { validateState } from '../../engine/validate.js';
import { verifyState } from '../../engine/verify.js';
import { isSsmError, PASS_FINAL } from '../../error.js';
import { MemorySource } from '../../io/memory.js';
import type { Source } from '../../io/sink-source.js';
import { AwkwardSource, savV1, statusOf } from '../../testing.js';

const OK = 'VINF_SUCCESS';

const hex = (text: string) => Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));

/** Name, instance, version and data of every unit. */
async function unitsOf(source: Source): Promise<[string, number, number, string][]> {
  const units: [string, number, number, string][] = [];
  const state = await openState(source);
  for await (const { name, instance, version, stream } of state.units()) {
    await stream.ensure(4096);
    units.push([name, instance, version, Buffer.from(stream.getMem(new Uint8Array(stream.buffered))).toString('hex')]);
  }
  return units;
}

const validate = (bytes: Uint8Array, checksum = false) =>
  statusOf(() => validateState(new MemorySource(bytes), { checksum }));

const load = (bytes: Uint8Array) =>
  statusOf(() =>
    loadState(new Registry(), new MemorySource(bytes), {
      onUnknownUnit: async (_stream, _unit, handle) => void (await handle.readToEndOfUnit()),
    }),
  );

const u8 = (at: number, value: number) => (view: DataView) => view.setUint8(at, value);
const u16 = (at: number, value: number) => (view: DataView) => view.setUint16(at, value, true);
const u32 = (at: number, value: number) => (view: DataView) => view.setUint32(at, value, true);

/** A file of format V1.2 whose every byte is known. */
const v12 = hex(`
  7f 56 69 72 74 75 61 6c 42 6f 78 20 53 61 76 65 64 53 74 61 74 65 20 56 31 2e 32 0a 00 00 00 00
  cd 00 00 00 00 00 00 00 5e 69 d7 ac 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  03 00 00 00 02 00 00 00 08 c3 00 00 40 08 08 00
  0a 55 6e 69 74 0a 00 00 3f 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 04 00 00 00 53 53 4d 00
  05 5a 56 14 00 00 00 00 00 17 00 07 03 00 00 00 4f 53 45 04 20 06 03 74 72 75 65 20 06 60 02
  0a 55 6e 69 74 0a 00 00 22 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 06 00 00 00 65 6d 70 74 79 00
  0a 54 68 65 45 6e 64 00 1c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
`);

/** The same of format V1.1. */
const v11 = hex(`
  7f 56 69 72 74 75 61 6c 42 6f 78 20 53 61 76 65 64 53 74 61 74 65 20 56 31 2e 31 0a 00 00 00 00
  8c 00 00 00 00 00 00 00 42 b5 c2 98 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  0a 55 6e 69 74 0a 00 00 30 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 04 00 00 00 53 53 4d 00
  05 5a 56 05 00 00 00 00 00 08 00 01 00 00 80 00
  0a 54 68 65 45 6e 64 00 1c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
`);

describe('files of formats V1.x', () => {
  const manners: readonly [name: string, source: (bytes: Uint8Array) => Source][] = [
    ['memory', (bytes) => new MemorySource(bytes)],
    ['a file with short reads', (bytes) => new AwkwardSource(bytes, { shortReads: true })],
    ['an asynchronous file', (bytes) => new AwkwardSource(bytes, { asynchronous: true, shortReads: true })],
  ];
  for (const [manner, source] of manners) {
    it(`are read from ${manner}`, async () => {
      expect(await unitsOf(source(v12))).to.deep.equal([
        ['SSM', 0, 1, '030000004f534504000000747275650000000000000000'],
        ['empty', 0, 1, ''],
      ]);
      expect(await unitsOf(source(v11))).to.deep.equal([['SSM', 0, 1, '0000000000000000']]);
    });
  }

  it('tell of the product and the host what their headers have room for', async () => {
    const product = { major: 3, minor: 0, build: 2 };
    const unknown = { product: undefined, revision: 0 };
    const widths = (format: '1.1' | '1.0' | '1.0/32') => validateState(new MemorySource(savV1({ format }).bytes()));
    expect(await validateState(new MemorySource(v12))).to.deep.include({
      product,
      revision: 49928,
      hostBits: 64,
      gcPhysBytes: 8,
      gcPtrBytes: 8,
      live: false,
      checksum: true,
    });
    expect(await widths('1.1')).to.deep.include({ ...unknown, hostBits: undefined, gcPhysBytes: 8, gcPtrBytes: 8 });
    expect(await widths('1.0')).to.deep.include({ ...unknown, hostBits: 64, gcPhysBytes: 4, gcPtrBytes: 4 });
    expect(await widths('1.0/32')).to.deep.include({ ...unknown, hostBits: 32, gcPhysBytes: 4, gcPtrBytes: 4 });
  });

  const headers: readonly [name: string, change: (view: DataView) => void, status: string][] = [
    ['a byte behind the magic', u8(31, 1), 'VERR_SSM_INTEGRITY_VERSION'],
    ['format V1.3', u8(26, 0x33), 'VERR_SSM_INTEGRITY_VERSION'],
    ['another size', u32(32, 109), 'VERR_SSM_INTEGRITY_SIZE'],
    ['a size of 2^32 more', u32(36, 1), 'VERR_SSM_INTEGRITY_SIZE'],
    ['a reserved field', u32(44, 1), OK],
    ['a machine', u8(63, 1), 'VERR_SMM_INTEGRITY_MACHINE'],
    ['major version 0', u16(64, 0), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['major version 1000', u16(64, 1000), OK],
    ['major version 1001', u16(64, 1001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['minor version 1001', u16(66, 1001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['build 1048577', u32(68, 1048577), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['revision 0', u32(72, 0), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['revision 10000001', u32(72, 10_000_001), 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ['16 host bits', u8(76, 16), 'VERR_SSM_INTEGRITY_HEADER'],
    ['GCPhys of 4 bytes', u8(77, 4), OK],
    ['GCPhys of 0 bytes', u8(77, 0), 'VERR_SSM_INTEGRITY_HEADER'],
    ['GCPtr of 4 bytes', u8(78, 4), OK],
    ['GCPtr of 5 bytes', u8(78, 5), 'VERR_SSM_INTEGRITY_HEADER'],
    ['a reserved byte', u8(79, 1), OK],
    // The first failure wins.
    [
      'a machine, another size, major version 0 and 16 host bits',
      (view) => [u8(48, 1), u32(32, 1), u16(64, 0), u8(76, 16)].forEach((change) => void change(view)),
      'VERR_SMM_INTEGRITY_MACHINE',
    ],
    [
      'another size, major version 0 and 16 host bits',
      (view) => [u32(32, 1), u16(64, 0), u8(76, 16)].forEach((change) => void change(view)),
      'VERR_SSM_INTEGRITY_SIZE',
    ],
  ];
  for (const [name, header, status] of headers) {
    it(`with ${name}: ${status}`, async () => {
      const bytes = savV1({ header }).bytes();
      expect([await validate(bytes), await validate(bytes, true), await load(bytes)]).to.deep.equal([
        status,
        status,
        status,
      ]);
    });
  }

  for (const [format, size] of [
    ['1.2', 80],
    ['1.1', 64],
    ['1.0', 64],
  ] as const) {
    it(`that end in the header of V${format} are VERR_EOF`, async () => {
      const bytes = savV1({ format }).unit('u').bytes();
      for (let length = 0; length < size; length++) {
        expect(await validate(bytes.subarray(0, length)), String(length)).to.equal('VERR_EOF');
      }
    });
  }

  it('have a checksum that loading and opening always look at', async () => {
    const bytes = savV1({ after: u32(40, 0x12345678) })
      .unit('u')
      .store([1])
      .bytes();
    const crc = 'VERR_SSM_INTEGRITY_CRC';
    expect(await verifyState(new MemorySource(bytes))).to.deep.include({
      validate: { withoutChecksum: OK, withChecksum: crc },
      open: crc,
      load: crc,
    });
  });

  for (const [format, missed] of [
    ['1.2', 36],
    ['1.1', 20],
    ['1.0', 20],
    ['1.0/32', 16],
  ] as const) {
    it(`of V${format} have a checksum that begins at 44 and misses the last ${missed} bytes`, async () => {
      const bytes = savV1({ format }).unit('u').store(new Uint8Array(40)).bytes();
      for (let at = 44; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at] = ~(damaged[at] as number);
        const { header } = await openState(new MemorySource(bytes));
        expect(header.checksum).to.equal(true);
        const status = await validate(damaged, true);
        if (at >= bytes.length - missed) expect(status, `byte ${at}`).to.equal(OK);
        else expect(status, `byte ${at}`).to.match(/^VERR_/);
      }
    });
  }

  it('cannot come as a stream', async () => {
    for (const [format, status] of [
      ['1.2', 'VERR_SSM_INTEGRITY_SIZE'],
      ['1.1', 'VERR_SSM_INTEGRITY_SIZE'],
      ['1.0', 'VERR_SSM_INTEGRITY_VERSION'],
    ] as const) {
      const stream = new AwkwardSource(savV1({ format }).unit('u').bytes(), { stream: true });
      const { load, message } = await verifyState(stream);
      expect(load).to.equal(status);
      expect(message).to.contain('from files only');
    }
  });

  it('have no directory', async () => {
    const state = await openState(new MemorySource(v12));
    expect(await statusOf(() => state.directory())).to.equal('VERR_NOT_SUPPORTED');
  });

  it('can be read as far as they go where they are damaged', async () => {
    const bytes = savV1().unit('u').store([1, 2, 3]).unit('v').store([4]).bytes();
    const cut = bytes.subarray(0, bytes.length - 30);
    expect(await statusOf(() => openState(new MemorySource(cut)))).to.equal('VERR_SSM_INTEGRITY_SIZE');
    const state = await openState(new MemorySource(cut), { damaged: true });
    const names: string[] = [];
    const walk = async () => {
      for await (const { name } of state.units()) names.push(name);
    };
    expect(await statusOf(walk)).to.equal('VERR_EOF');
    expect(names).to.deep.equal(['u', 'v']);
    expect(await statusOf(walk)).to.equal('VERR_EOF');
  });
});

describe('files of format V1.0', () => {
  for (const format of ['1.0', '1.0/32'] as const) {
    it(`are read (${format})`, async () => {
      const bytes = savV1({ format }).unit('pit', 3, { version: 7 }).lzf().block(15, [0, 0x61, 0xe0, 5, 0]).bytes();
      expect(await unitsOf(new MemorySource(bytes))).to.deep.equal([['pit', 3, 7, '61'.repeat(15)]]);
      expect(await load(bytes)).to.equal(OK);
    });

    it(`are refused by VirtualBox 3.1 and later, sound or not (${format})`, async () => {
      const refused = 'VERR_SSM_INTEGRITY_VERSION';
      const all = { validate: { withoutChecksum: refused, withChecksum: refused }, open: refused, load: refused };
      const sound = await verifyState(new MemorySource(savV1({ format }).unit('u').store([1]).bytes()));
      expect(sound).to.deep.include(all);
      expect(sound.message).to.contain('the file is sound');
      expect(sound.before31).to.deep.equal({
        validate: { withoutChecksum: OK, withChecksum: OK },
        open: OK,
        load: OK,
      });
      const after = u8(45, 1);
      const damaged = await verifyState(new MemorySource(savV1({ format, after }).unit('u').store([1]).bytes()));
      expect(damaged).to.deep.include(all);
      expect(damaged.message).to.contain('it is damaged, too: VERR_S');
      expect(damaged.before31?.load).to.match(/^VERR_S/);
    });
  }

  it('may have anything behind the zero that follows the text of their magic', async () => {
    expect(await validate(savV1({ format: '1.0', header: u8(29, 1) }).bytes())).to.equal(OK);
    expect(await validate(savV1({ format: '1.0', header: u8(28, 1) }).bytes())).to.equal('VERR_SSM_INTEGRITY_VERSION');
  });
});

describe('units of formats V1.x', () => {
  it('have names of any size, and instances of 32 bits', async () => {
    const name = 'ü'.repeat(300);
    const bytes = savV1().unit(name, 0xffffffff, { version: 0xfffffffe }).store([5]).bytes();
    expect(await unitsOf(new MemorySource(bytes))).to.deep.equal([[name, 0xffffffff, 0xfffffffe, '05']]);
    const state = await openState(new MemorySource(bytes));
    expect((await state.seek(name, 0xffffffff)).version).to.equal(0xfffffffe);
  });

  it('have names up to the limit', async () => {
    const bytes = savV1().unit('n'.repeat(50)).bytes();
    const within = (nameBytes: number) => statusOf(() => loadNothing(bytes, { nameBytes }));
    expect(await within(51)).to.equal('VERR_SSM_INTEGRITY_UNIT_NOT_FOUND');
    expect(await within(50)).to.equal('VERR_TOO_MUCH_DATA');
  });

  const loadNothing = (bytes: Uint8Array, limits = {}) =>
    loadState(new Registry(), new MemorySource(bytes), { limits });

  const headers: readonly [name: string, change: (view: DataView) => void, status: string][] = [
    ['another magic', u8(1, 0x75), 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
    ['another last byte of the magic', u8(7, 1), 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
    ['no name', u32(24, 0), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a name without an end', u32(24, 1), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a name larger than the file', u32(24, 1000), 'VERR_EOF'],
    ['a name of 4 GiB', u32(24, 0xffffffff), 'VERR_TOO_MUCH_DATA'],
    ['a size of 0', u32(8, 0), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a size below that of its header', u32(8, 27), 'VERR_SSM_INTEGRITY_UNIT'],
    ['a size that ends in its name', u32(8, 29), 'VERR_SSM_LOADED_TOO_MUCH'],
    ['a size beyond the file', u32(8, 200), 'VERR_EOF'],
    ['a size beyond what is taken on', u32(12, 0x80000000), 'VERR_TOO_MUCH_DATA'],
    ['a size that ends inside of the next unit', u32(8, 40), 'VERR_SSM_INTEGRITY_UNIT_MAGIC'],
  ];
  for (const [name, header, status] of headers) {
    it(`with ${name}: ${status}`, async () => {
      const bytes = savV1().unit('uv', 0, { header }).store([1]).unit('w').bytes();
      expect(await load(bytes)).to.equal(status);
    });
  }

  it('may be left unread', async () => {
    const registry = new Registry();
    const got: number[] = [];
    const loadExec = (stream: { getU8(): number }) => void got.push(stream.getU8());
    for (const name of ['a', 'b', 'c', 'd']) registry.register({ name, version: 1, loadExec });
    const bytes = savV1()
      .unit('a')
      .store([1, 2, 3])
      .unit('b')
      .lzf()
      .block(2, [1, 2, 3])
      // Whatever follows what was read.
      .raw([9, 9, 9])
      .unit('c')
      .lzf()
      .block(1, [0, 3])
      .block(3, [0, 3])
      .unit('d')
      .store([4])
      .bytes();
    await loadState(registry, new MemorySource(bytes));
    expect(got).to.deep.equal([1, 2, 3, 4]);
  });

  it('may be skipped, whatever is in them', async () => {
    const registry = new Registry();
    let skipped = 0;
    registry.register({
      name: 'u',
      version: 1,
      async loadExec(stream, _version, pass, handle) {
        expect(pass).to.equal(PASS_FINAL);
        await handle.skipToEndOfUnit();
        // As in VirtualBox it does nothing: there is nothing to be done.
        expect(stream.getU8()).to.equal(1);
        skipped++;
      },
    });
    const bytes = savV1().unit('u').lzf().block(1, [0, 1]).raw([0xff, 0xff]).unit('x').raw([4]).bytes();
    await loadState(registry, new AwkwardSource(bytes, { asynchronous: true }), { after: 'DEBUG_IT' });
    expect(skipped).to.equal(1);
  });

  it('fail the load where a callback reads too much, or does not like what it reads', async () => {
    const loadU = (loadExec: NonNullable<UnitCallbacks['loadExec']>) => {
      const registry = new Registry();
      registry.register({ name: 'u', version: 1, loadExec });
      return statusOf(() => loadState(registry, new MemorySource(savV1().unit('u').store([1, 2, 3]).bytes())));
    };
    expect(await loadU((stream) => void stream.getU32())).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect(await loadU(() => 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION')).to.equal(
      'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    );
    expect(await loadU((stream) => void stream.getU16())).to.equal('VINF_SUCCESS');
  });

  it('that nobody knows are refused, as in V2.0', async () => {
    const bytes = savV1().unit('u').bytes();
    expect(await statusOf(() => loadNothing(bytes))).to.equal('VERR_SSM_INTEGRITY_UNIT_NOT_FOUND');
    const registry = new Registry();
    registry.register({ name: 'u', version: 1 });
    expect(await statusOf(() => loadState(registry, new MemorySource(bytes)))).to.equal('VERR_SSM_NO_LOAD_EXEC');
  });

  it('are shown also behind one that is damaged', async () => {
    const bytes = savV1().unit('a').raw([4]).unit('b').lzf().block(3, [9]).unit('c').store([3]).bytes();
    const found: [string, string][] = [];
    for await (const { name, measure } of (await openState(new MemorySource(bytes))).units()) {
      found.push([name, await statusOf(measure)]);
    }
    expect(found).to.deep.equal([
      ['a', 'VERR_NOT_SUPPORTED'],
      ['b', OK],
      ['c', OK],
    ]);
    const state = await openState(new MemorySource(bytes));
    expect(await statusOf(async () => (await state.seek('b', 0)).stream.getU8())).to.equal('VERR_GENERAL_FAILURE');
    expect((await state.seek('c', 0)).stream.getU8()).to.equal(3);
  });

  it('are found by going from header to header', async () => {
    const bytes = savV1().unit('u', 1).store([1]).unit('uu', 2).store([2]).unit('u', 2).store([3]).bytes();
    const state = await openState(new AwkwardSource(bytes, { asynchronous: true, shortReads: true }));
    const first = async (name: string, instance: number) => {
      const { stream } = await state.seek(name, instance);
      await stream.ensure(1);
      return stream.getU8();
    };
    expect([await first('u', 2), await first('u', 1), await first('uu', 2)]).to.deep.equal([3, 1, 2]);
    for (const [name, instance] of [
      ['u', 3],
      ['v', 1],
      ['', 1],
    ] as const) {
      expect(await statusOf(() => state.seek(name, instance))).to.equal('VERR_SSM_UNIT_NOT_FOUND');
    }
  });

  it('are not found behind what is no unit', async () => {
    const seek = (bytes: Uint8Array) => statusOf(async () => (await openState(new MemorySource(bytes))).seek('w', 0));
    const change = (header: (view: DataView) => void) => savV1().unit('u', 0, { header }).unit('w').bytes();
    expect(await seek(change(u8(0, 0)))).to.equal('VERR_SSM_INTEGRITY_UNIT_MAGIC');
    expect(await seek(change(u32(8, 0)))).to.equal('VERR_SSM_INTEGRITY_UNIT');
    expect(await seek(savV1({ end: false }).unit('u').bytes())).to.equal('VERR_EOF');
  });
});

describe('a damaged file of format V1.x', () => {
  const whole = () =>
    savV1()
      .unit('store')
      .store([1, 2, 3, 4, 5])
      .unit('lzf', 1)
      .lzf()
      .block(3, [2, 0x61, 0x62, 0x63])
      .block(15, [0, 0x61, 0xe0, 5, 0])
      .unit('zlib', 2)
      .zlib([0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27])
      .unit('deflate', 3)
      .deflate([0x4b, 0x4c, 0x4a, 0x06, 0x00])
      .unit('nothing')
      .bytes();

  /** Reads all there is to read, without minding checksum and size. */
  async function outcome(bytes: Uint8Array, source: Source = new MemorySource(bytes)): Promise<string> {
    const units: string[] = [];
    try {
      const state = await openState(source, { damaged: true });
      for (const name of ['zlib', 'nothing']) await state.seek(name, 2).catch(ignore);
      for await (const { name, stream, measure } of state.units()) {
        await stream.ensure(100);
        units.push(await statusOf(measure));
        units.push(`${name} ${Buffer.from(stream.getMem(new Uint8Array(stream.buffered))).toString('hex')}`);
      }
    } catch (error) {
      ignore(error);
      units.push((error as { status: string }).status);
    }
    return units.join('\n');
  }

  function ignore(error: unknown): void {
    if (!isSsmError(error)) throw error;
  }

  it('is whole to begin with', async () => {
    expect(await outcome(whole())).to.equal(
      ['store 0102030405', `lzf 616263${'61'.repeat(15)}`, 'zlib 616263', 'deflate 616263', 'nothing ']
        .map((unit) => `${OK}\n${unit}`)
        .join('\n'),
    );
  });

  it('gives units or an SsmError, whichever byte is damaged and from whichever source', async () => {
    const sound = whole();
    for (let at = 0; at < sound.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff, (sound[at] as number) ^ 0x80]) {
        const damaged = sound.slice();
        damaged[at] = value;
        const expected = await outcome(damaged);
        expect(await outcome(damaged, new AwkwardSource(damaged, { shortReads: true, seed: at }))).to.equal(expected);
        const loaded = await load(damaged);
        // What the checksum covers is noticed; in what it does not there are eight bytes of data.
        if (value !== sound[at] && at >= 32 && at < sound.length - 36) expect(loaded, `byte ${at}`).to.match(/^VERR_/);
      }
    }
  });

  it('gives units or an SsmError where anything is changed', async () => {
    const sound = whole();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 64, max: sound.length }),
        async (changes, length) => {
          const damaged = sound.slice(0, length);
          for (const [at, value] of changes) if (at >= 32 && at < length) damaged[at] = value;
          const expected = await outcome(damaged);
          const slow = new AwkwardSource(damaged, { asynchronous: true, seed: length });
          expect(await outcome(damaged, slow)).to.equal(expected);
        },
      ),
      { numRuns: 400, interruptAfterTimeLimit: 4000 },
    );
  });
});
