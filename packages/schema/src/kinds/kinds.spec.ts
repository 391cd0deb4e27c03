import { expect } from 'chai';
import { hostProfile, hosts } from '../host.js';
import { type KindName, kinds, transformers, usesSize64 } from './index.js';

/** Sizes and alignments on gcc for amd64, on MSC for amd64, on gcc for i386 and on 32-bit MSC. */
type Everywhere = readonly [linux64: number, win64: number, linux32: number, win32: number];

const abis = ['linux.amd64', 'win.amd64', 'linux.x86', 'win.x86'] as const;
const one: Everywhere = [1, 1, 1, 1];
const two: Everywhere = [2, 2, 2, 2];
const four: Everywhere = [4, 4, 4, 4];
const eight: Everywhere = [8, 8, 8, 8];
const sixteen: Everywhere = [16, 16, 16, 16];
const pointer: Everywhere = [8, 8, 4, 4];
const none: Everywhere = [0, 0, 0, 0];
/** gcc for i386 aligns 64-bit members of structures to 4. */
const aligned64: Everywhere = [8, 8, 4, 8];
/** gcc for 64 bits has 128-bit integers; elsewhere they are structures of two 64-bit members. */
const aligned128: Everywhere = [16, 8, 4, 8];

interface Row {
  readonly size: Everywhere;
  readonly align: Everywhere;
  /** Name and number of the SSMFIELD transformer (`VirtualBox 7.2 include/VBox/vmm/ssm.h`). */
  readonly transformer: readonly [name: string, number: number];
  readonly simple: boolean;
  readonly heedsDontIgnore: boolean;
  readonly decorator: string;
}

const plain = (decorator: string, size: Everywhere, align: Everywhere): Row => ({
  size,
  align,
  transformer: ['NO_TRANSFORMATION', 1],
  simple: true,
  heedsDontIgnore: false,
  decorator,
});

const entry = (decorator: string, transformer: readonly [string, number], rest: Partial<Row> = {}): Row => ({
  size: none,
  align: one,
  simple: false,
  heedsDontIgnore: false,
  decorator,
  transformer,
  ...rest,
});

const heeds = { heedsDontIgnore: true };

const expected: Readonly<Record<KindName, Row>> = {
  bool: plain('Bool', one, one),
  u8: plain('U8', one, one),
  u16: plain('U16', two, two),
  u32: plain('U32', four, four),
  u64: plain('U64', eight, aligned64),
  u128: plain('U128', sixteen, aligned128),
  s8: plain('S8', one, one),
  s16: plain('S16', two, two),
  s32: plain('S32', four, four),
  s64: plain('S64', eight, aligned64),
  s128: plain('S128', sixteen, aligned128),
  uint: plain('UInt', four, four),
  sint: plain('SInt', four, four),
  gcuint: plain('GCUInt', eight, aligned64),
  gcuintreg: plain('GCUIntReg', eight, aligned64),
  gcphys32: plain('GCPhys32', four, four),
  gcphys64: plain('GCPhys64', eight, aligned64),
  gcphys: { ...plain('GCPhys', eight, aligned64), transformer: ['GCPHYS', 2] },
  gcptr: { ...plain('GCPtr', eight, aligned64), transformer: ['GCPTR', 3] },
  gcuintptr: plain('GCUIntPtr', eight, aligned64),
  rcptr: { ...plain('RCPtr', four, four), transformer: ['RCPTR', 4] },
  ioport: plain('IOPort', two, two),
  sel: plain('Sel', two, two),
  mem: plain('Mem', one, one),
  strz: plain('StrZ', none, one),
  hcptr_ni: entry('HCPtrNI', ['HCPTR_NI', 6], { size: pointer, align: pointer, ...heeds }),
  hcptr_hack_u32: entry('HCPtrHackU32', ['HCPTR_HACK_U32', 8], { size: pointer, align: pointer, ...heeds }),
  u32_zx_u64: entry('U32ZxU64', ['U32_ZX_U64', 9], { size: eight, align: aligned64 }),
  ignore: entry('Ignore', ['IGNORE', 10], heeds),
  ign_gcphys: entry('IgnGCPhys', ['IGN_GCPHYS', 11], { size: eight, align: aligned64, ...heeds }),
  ign_gcptr: entry('IgnGCPtr', ['IGN_GCPTR', 12], { size: eight, align: aligned64, ...heeds }),
  ign_rcptr: entry('IgnRCPtr', ['IGN_RCPTR', 13], { size: four, align: four, ...heeds }),
  ign_hcptr: entry('IgnHCPtr', ['IGN_HCPTR', 14], { size: pointer, align: pointer, ...heeds }),
  old: entry('Old', ['OLD', 15]),
  old_gcphys: entry('OldGCPhys', ['OLD_GCPHYS', 16]),
  old_gcptr: entry('OldGCPtr', ['OLD_GCPTR', 17]),
  old_rcptr: entry('OldRCPtr', ['OLD_RCPTR', 18]),
  old_hcptr: entry('OldHCPtr', ['OLD_HCPTR', 19]),
  old_pad_hc: entry('OldPadHC', ['OLD_PAD_HC', 20]),
  old_pad_msc32: entry('OldPadMsc32', ['OLD_PAD_MSC32', 21]),
  pad_hc: entry('PadHC', ['PAD_HC', 22], heeds),
  pad_hc32: entry('PadHC32', ['PAD_HC32', 23], heeds),
  pad_hc64: entry('PadHC64', ['PAD_HC64', 24], heeds),
  pad_hc_auto: entry('PadHCAuto', ['PAD_HC_AUTO', 25], heeds),
  pad_msc32_auto: entry('PadMsc32Auto', ['PAD_MSC32_AUTO', 26], heeds),
  callback: entry('Callback', ['NO_TRANSFORMATION', 1]),
  struct: entry('Struct', ['NO_TRANSFORMATION', 1], { simple: true }),
  nested: entry('Nested', ['NO_TRANSFORMATION', 1]),
  marker: entry('Marker', ['NO_TRANSFORMATION', 1]),
  noentry: entry('NoEntry', ['NO_TRANSFORMATION', 1]),
};

describe('the table of kinds', () => {
  it('has the rows of this table, each under its name', () => {
    expect(Object.keys(kinds)).to.have.members(Object.keys(expected));
    for (const [name, kind] of Object.entries(kinds)) expect(kind.name).to.equal(name);
  });

  for (const [name, row] of Object.entries(expected) as [KindName, Row][]) {
    it(`${name}: size, alignment, transformer ${row.transformer.join(' = ')}`, () => {
      const kind = kinds[name];
      expect(abis.map((abi) => kind.size(hosts[abi]!))).to.deep.equal(row.size);
      expect(abis.map((abi) => kind.align(hosts[abi]!))).to.deep.equal(row.align);
      expect([kind.transformer, transformers[kind.transformer]]).to.deep.equal(row.transformer);
      expect(kind).to.include({
        simple: row.simple,
        heedsDontIgnore: row.heedsDontIgnore,
        decorator: row.decorator,
      });
    });
  }

  it('numbers the transformers without gaps, the arrays among them', () => {
    expect(Object.values(transformers)).to.deep.equal(Array.from({ length: 26 }, (_, i) => i + 1));
    expect(transformers).to.include({ RCPTR_ARRAY: 5, HCPTR_NI_ARRAY: 7 });
    expect(kinds.rcptr).to.include({ arrayTransformer: 'RCPTR_ARRAY' });
    expect(kinds.hcptr_ni).to.include({ arrayTransformer: 'HCPTR_NI_ARRAY' });
  });

  it('narrows guest addresses with the host, physical and virtual ones apart', () => {
    const narrow = hostProfile('linux.amd64', { gcPhysBytes: 4 });
    const narrowPtr = hostProfile('linux.amd64', { gcPtrBytes: 4 });
    for (const kind of [kinds.gcphys, kinds.ign_gcphys]) {
      expect([kind.size(narrow), kind.align(narrow), kind.size(narrowPtr)]).to.deep.equal([4, 4, 8]);
    }
    for (const kind of [kinds.gcptr, kinds.gcuint, kinds.gcuintreg, kinds.gcuintptr, kinds.ign_gcptr]) {
      expect([kind.size(narrowPtr), kind.align(narrowPtr), kind.size(narrow)]).to.deep.equal([4, 4, 8]);
    }
    expect(kinds.gcphys64.size(narrow)).to.equal(8);
    expect(kinds.gcphys32.size(hosts['linux.amd64']!)).to.equal(4);
  });

  const sizes64: readonly [kind: string, host: string, is64: boolean][] = [
    ['pad_hc', 'linux.amd64', true],
    ['pad_hc', 'linux.x86', false],
    ['pad_hc', 'win.x86', false],
    ['pad_msc32_auto', 'linux.amd64', true],
    ['pad_msc32_auto', 'linux.x86', true],
    ['pad_msc32_auto', 'win.x86', false],
  ];
  for (const [kind, host, is64] of sizes64) {
    it(`${kind} on ${host} has the size of ${is64 ? '64' : '32'}-bit hosts`, () => {
      expect(usesSize64(kind, hosts[host]!)).to.equal(is64);
    });
  }
});
