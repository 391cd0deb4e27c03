import { expect } from 'chai';
import {
  Callback,
  GCPhys,
  GCPtr,
  HCPtrNI,
  Ignore,
  NoEntry,
  Old,
  OldGCPhys,
  OldGCPtr,
  OldHCPtr,
  OldPadHC,
  OldPadHC32,
  OldPadHC64,
  OldPadMsc32,
  OldRCPtr,
  PadHC,
  PadHC32,
  PadHC64,
  PadHCAuto,
  PadMsc32Auto,
  RCPtr,
  SsmStruct,
  Struct,
  U8,
  U32,
  U64,
} from './decorators.js';
import { layout } from './describe.js';
import {
  entryExtent,
  fieldTable,
  NO_OFFSET,
  paddingSizes,
  type SsmField,
  simpleTableProblem,
  type TableProblem,
  tableProblem,
} from './field-table.js';
import { hostProfile, hosts } from './host.js';
import { descriptorFor } from './metadata.js';

const amd64 = hosts['linux.amd64']!;
const x86 = hosts['linux.x86']!;
const msc32 = hosts['win.x86']!;

/** Every entry whose size the preprocessor packs or chooses. */
@SsmStruct()
class Packing {
  @Old(5) declare old: never;
  @OldGCPhys() declare oldPhys: never;
  @OldGCPtr() declare oldPtr: never;
  @OldRCPtr() declare oldRc: never;
  @OldHCPtr() declare oldHc: never;
  @OldPadHC(3, 6) declare oldPad: never;
  @OldPadHC32(9) declare oldPad32: never;
  @OldPadHC64(2) declare oldPad64: never;
  @OldPadMsc32(4) declare oldMsc: never;
  @PadHC(2, 8) declare pad: never;
  @PadHC64(4) declare pad64: never;
  @PadHC32(12) declare pad32: never;
  @PadHCAuto(1, 5) declare auto: never;
  @PadMsc32Auto(4) declare msc: never;
}

describe('SSMFIELD tables', () => {
  /** `cb` of each entry: gcc for amd64, gcc for i386, 32-bit MSC (spec 03 §2). */
  const packed: Readonly<Record<string, readonly [number, number, number]>> = {
    old: [5, 5, 5],
    oldPhys: [8, 8, 8],
    oldPtr: [8, 8, 8],
    oldRc: [4, 4, 4],
    oldHc: [8, 4, 4],
    oldPad: [0x0006_0003, 0x0006_0003, 0x0006_0003],
    oldPad32: [0x0000_0009, 0x0000_0009, 0x0000_0009],
    oldPad64: [0x0002_0000, 0x0002_0000, 0x0002_0000],
    oldMsc: [4, 4, 4],
    pad: [0x0008_0802, 0x0002_0802, 0x0002_0802],
    pad64: [0x0004_0400, 0x0000_0400, 0x0000_0400],
    pad32: [0x0000_000c, 0x000c_000c, 0x000c_000c],
    auto: [0x0005_0501, 0x0001_0501, 0x0001_0501],
    msc: [0x0000_0004, 0x0000_0004, 0x0004_0004],
  };

  for (const [name, sizes] of Object.entries(packed)) {
    it(`pack the size of ${name}`, () => {
      const cb = [amd64, x86, msc32].map(
        (host) => fieldTable(descriptorFor(Packing), host).find(({ field }) => field.name === name)!.cb,
      );
      expect(cb).to.deep.equal(sizes);
    });
  }

  it('have no member for what is gone, for automatic padding, and for padding of other hosts', () => {
    const without = (host: typeof amd64) =>
      fieldTable(descriptorFor(Packing), host)
        .filter(({ off }) => off === NO_OFFSET)
        .map(({ field }) => field.name);
    const gone = ['old', 'oldPhys', 'oldPtr', 'oldRc', 'oldHc', 'oldPad', 'oldPad32', 'oldPad64', 'oldMsc'];
    expect(without(amd64)).to.deep.equal([...gone, 'pad32', 'auto', 'msc']);
    expect(without(x86)).to.deep.equal([...gone, 'pad64', 'auto', 'msc']);
  });

  it('narrow former guest addresses with the host', () => {
    const narrow = hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 });
    expect(
      fieldTable(descriptorFor(Packing), narrow)
        .slice(1, 3)
        .map(({ cb }) => cb),
    ).to.deep.equal([4, 4]);
  });

  @SsmStruct()
  class Inner {
    @U8() x = 0;
    @U32({ since: 4 }) y = 0;
  }

  @SsmStruct()
  class Outer {
    @U32({ count: 2 }) raw = new Uint32Array(2);
    @RCPtr({ count: 2 }) rc = new Uint32Array(2);
    @HCPtrNI({ count: 2 }) hc = [false, false];
    @NoEntry('u32') declare unsaved: never;
    @Struct(Inner, { flatten: true, count: 2 }) inner = [new Inner(), new Inner()];
    @Struct(Inner, { since: 3 }) whole = new Inner();
    @Callback('u64', { put: 'save' }) custom = 0n;
    save(): void {}
  }

  it('have rows for arrays, for the entries of flattened structures, and for callbacks', () => {
    const rows = fieldTable(descriptorFor(Outer), amd64);
    expect(
      rows.map(({ name, transformer, off, cb, firstVer }) => [name, transformer, off, cb, firstVer]),
    ).to.deep.equal([
      ['Outer::raw', 'NO_TRANSFORMATION', 0, 8, 0],
      ['Outer::rc', 'RCPTR_ARRAY', 8, 8, 0],
      ['Outer::hc', 'HCPTR_NI_ARRAY', 16, 16, 0],
      ['Outer::inner[0].x', 'NO_TRANSFORMATION', 36, 1, 0],
      ['Outer::inner[0].y', 'NO_TRANSFORMATION', 40, 4, 4],
      ['Outer::inner[1].x', 'NO_TRANSFORMATION', 44, 1, 0],
      ['Outer::inner[1].y', 'NO_TRANSFORMATION', 48, 4, 4],
      ['Outer::whole', 'NO_TRANSFORMATION', 52, 8, 3],
      ['Outer::custom', 'CALLBACK', 64, 8, 0],
    ]);
  });
});

describe('what an entry covers', () => {
  const entry = (transformer: SsmField['transformer'], off: number, cb: number): SsmField => ({
    transformer,
    off,
    cb,
    firstVer: 0,
    name: 'x',
  });
  const rows: readonly (readonly [string, SsmField, offset: number, size: number])[] = [
    ['a member: itself', entry('NO_TRANSFORMATION', 40, 8), 40, 8],
    ['a former member: nothing, where the entries are', entry('OLD', NO_OFFSET, 8), 16, 0],
    ['padding with a member: the high half of cb', entry('PAD_HC', 24, 0x0008_0802), 24, 8],
    ['automatic padding: the high half, where the entries are', entry('PAD_HC_AUTO', NO_OFFSET, 0x0005_0501), 16, 5],
    ['padding of other hosts: nothing, where the entries are', entry('PAD_HC32', NO_OFFSET, 12), 16, 0],
  ];
  for (const [what, field, offset, size] of rows) {
    it(what, () => expect(entryExtent(field, 16)).to.deep.equal({ offset, size }));
  }

  it('padding tells both sizes', () => {
    expect(paddingSizes(entry('PAD_HC', 0, 0x0008_0802))).to.deep.equal({ cb32: 2, cb64: 8 });
  });
});

describe('what is wrong with a table', () => {
  const at = (transformer: SsmField['transformer'], off: number, cb: number): SsmField => ({
    transformer,
    off,
    cb,
    firstVer: 0,
    name: transformer,
  });
  const plain = (off: number, cb: number) => at('NO_TRANSFORMATION', off, cb);
  type Status = TableProblem['status'] | undefined;
  const size: Status = 'VERR_SSM_FIELD_INVALID_SIZE';
  const padding: Status = 'VERR_SSM_FIELD_INVALID_PADDING_SIZE';

  /** A table for a structure of 16 bytes, the host, whether FULL_STRUCT, and what is found at which entry. */
  const rows: readonly (readonly [
    what: string,
    readonly SsmField[],
    typeof amd64,
    full: boolean,
    Status,
    index?: number,
  ])[] = [
    ['nothing', [plain(0, 8), plain(8, 8)], amd64, true, undefined],
    ['a gap, without FULL_STRUCT', [plain(0, 4), plain(8, 8)], amd64, false, undefined],
    ['a gap', [plain(0, 4), plain(8, 8)], amd64, true, 'VERR_SSM_FIELD_NOT_CONSECUTIVE', 1],
    ['a step back', [plain(0, 8), plain(4, 12)], amd64, true, 'VERR_SSM_FIELD_NOT_CONSECUTIVE', 1],
    ['too few entries', [plain(0, 8)], amd64, true, 'VERR_SSM_FIELD_NOT_CONSECUTIVE', 1],
    ['a member behind the end', [plain(0, 8), plain(8, 9)], amd64, false, 'VERR_SSM_FIELD_OUT_OF_BOUNDS', 1],
    ['a member larger than the structure', [plain(0, 17)], amd64, false, 'VERR_SSM_FIELD_OUT_OF_BOUNDS', 0],
    ['a guest address of 4 bytes', [at('GCPHYS', 0, 4)], amd64, false, size, 0],
    ['a guest pointer of 4 bytes', [at('GCPTR', 0, 4)], amd64, false, size, 0],
    ['a raw-mode pointer of 8 bytes', [at('RCPTR', 0, 8)], amd64, false, size, 0],
    ['raw-mode pointers of 6 bytes', [at('RCPTR_ARRAY', 0, 6)], amd64, false, size, 0],
    ['no raw-mode pointers', [at('RCPTR_ARRAY', 0, 0)], amd64, false, size, 0],
    ['a host pointer of 4 bytes on 64 bits', [at('HCPTR_NI', 0, 4)], amd64, false, size, 0],
    ['a host pointer of 4 bytes on 32 bits', [at('HCPTR_NI', 0, 4)], x86, false, undefined],
    ['host pointers of 12 bytes on 64 bits', [at('HCPTR_NI_ARRAY', 0, 12)], amd64, false, size, 0],
    ['a value of 8 bytes in a 32-bit pointer', [at('HCPTR_HACK_U32', 0, 8)], x86, false, size, 0],
    ['a widened value of 4 bytes', [at('U32_ZX_U64', 0, 4)], amd64, false, size, 0],
    ['an ignored host pointer of 8 bytes on 32 bits', [at('IGN_HCPTR', 0, 8)], x86, false, size, 0],
    ['an ignored member of any size', [at('IGNORE', 0, 7)], amd64, false, undefined],
    ['a former host pointer of 8 bytes on 32 bits', [at('OLD_HCPTR', NO_OFFSET, 8)], x86, false, size, 0],
    ['a former member with an offset', [at('OLD', 0, 4)], amd64, false, size, 0],
    ['padding as large as its member', [at('PAD_HC', 0, 0x0008_0802)], amd64, false, undefined],
    ['padding that says another size', [at('PAD_HC', 0, 0x0008_0402)], amd64, false, padding, 0],
    ['padding without a member that has a size', [at('PAD_HC64', NO_OFFSET, 0x0004_0400)], amd64, false, padding, 0],
    ['padding in a member without a size', [at('PAD_HC32', 0, 0x0000_000c)], amd64, false, padding, 0],
    ['automatic padding of nothing', [at('PAD_HC_AUTO', NO_OFFSET, 0x0000_0001)], amd64, false, undefined],
    ['MSC padding on MSC', [at('PAD_MSC32_AUTO', NO_OFFSET, 0x0004_0004)], msc32, false, undefined],
    ['MSC padding elsewhere', [at('PAD_MSC32_AUTO', NO_OFFSET, 0x0004_0004)], x86, false, padding, 0],
  ];
  for (const [what, table, host, full, status, index] of rows) {
    it(`${what}${status === undefined ? ' is right' : `: ${status}`}`, () => {
      const problem = tableProblem(table, 16, host, full);
      expect(problem?.status).to.equal(status);
      expect(problem?.index).to.equal(index);
    });
  }

  it('with the simple API: entries that need the extended one, and sizes; neither bounds nor order', () => {
    for (const transformer of ['HCPTR_NI', 'IGNORE', 'OLD', 'PAD_HC', 'CALLBACK', 'U32_ZX_U64'] as const) {
      expect(simpleTableProblem([plain(0, 4), at(transformer, 0, 8)], amd64), transformer).to.include({
        status: 'VERR_SSM_FIELD_COMPLEX',
        index: 1,
      });
    }
    expect(simpleTableProblem([at('GCPTR', 0, 4)], amd64)).to.include({ status: size, index: 0 });
    expect(simpleTableProblem([at('RCPTR_ARRAY', 0, 8), at('GCPHYS', 400, 8), plain(0, 99)], amd64)).to.equal(
      undefined,
    );
  });

  it('is nothing for the tables of decorated classes', () => {
    @SsmStruct()
    class Simple {
      @GCPhys() a = 0n;
      @GCPtr() b = 0n;
      @Ignore('u8', { count: 3 }) declare c: never;
      @U64() d = 0n;
    }
    for (const host of Object.values(hosts)) {
      const { size } = layout(Simple, host);
      expect(tableProblem(fieldTable(descriptorFor(Simple), host), size, host, false)).to.equal(undefined);
    }
  });
});
