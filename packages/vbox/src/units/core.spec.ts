import '@ssmkit/runtime';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import { type Bytes, bytes, decode, read, reasonOf, type TestUnit } from './testing.js';
import { Em, EmState, NO_VECTOR, TrapType, Trpm, Trpm9, Vmm } from './vmm/execution.js';
import { Gcm, Gim, GimProvider } from './vmm/gim.js';
import { HmPatchType, Hwaccm } from './vmm/hm.js';
import { Pdm, PdmBlkCache, PdmLive } from './vmm/pdm.js';
import { Skipped } from './vmm/skipped.js';
import { Mm, MmV1, Ssm, SsmLiveControl } from './vmm/ssm.js';
import { Tm } from './vmm/time.js';

const END = 0xffffffff;
const LIVE = { pass: 0 };

const em4 = (state: number) => bytes().u8(0).u32(state, 5).u64(1, 2, 3, 4, 5);
const trap = (b: Bytes, vector: number) => b.u32(vector, 1, 0x10).u64(0xfffff000).u8(2, 1);
const device = (b: Bytes, index: number, name: string) =>
  b
    .u32(index)
    .strz(name)
    .u32(index * 3);
const patch = (b: Bytes) => b.u32(9).varied(16).u32(3).varied(16).u32(5, HmPatchType.WriteImm, 1, 2, 0x8000, 7);
const svmCache = (b: Bytes) => b.u8(1).u16(1, 2, 3, 4, 5, 6).u32(7).u64(8, 9).u8(1, 0, 1);
const noPatches = (b: Bytes) => b.u64(0, 0).u32(0, 0);

/** Page regions of Hyper-V. */
const region = (b: Bytes, id: number) =>
  b
    .u8(id, 0)
    .u32(4096)
    .u64(0x1000 * id)
    .strz('page');
const hyperV = (subVersion: number) =>
  bytes().u32(GimProvider.HyperV, 0, subVersion).u64(1, 2, 3).u32(4, 5, 6, 7, 8, 9).times(2, region).u32(10);
const hvDebug = (b: Bytes) => b.u64(11, 12, 13, 14).u32(15, 16, 17);

type Row = readonly [unit: TestUnit, target: new () => object, data: Bytes, check: object];

const rows: readonly Row[] = [
  [
    { name: 'SSM', version: 1 },
    Ssm,
    bytes().strz('Build Type').strz('release').strz('OSE').strz('true').strz('').strz(''),
    {
      pairs: [
        { name: 'Build Type', value: 'release' },
        { name: 'OSE', value: 'true' },
      ],
    },
  ],
  [{ name: 'SSMLiveControl', version: 1, ...LIVE }, SsmLiveControl, bytes().u16(9800), { progress: 9800 }],
  [{ name: 'mm', version: 2 }, Mm, bytes().u64(4201, 0x1000000), { basePages: 4201n, ramBytes: 0x1000000n }],
  [{ name: 'mm', version: 1 }, MmV1, bytes().u32(0x1020000, 0x1000000), { ramBytes: 0x1000000 }],

  [{ name: 'vmm', version: 4 }, Vmm, bytes().u32(END), { started: [] }],
  [{ name: 'vmm', version: 4, cpuCount: undefined }, Vmm, bytes().u8(1, 0).u32(END), { started: [true, false] }],
  [
    { name: 'vmm', version: 3 },
    Vmm,
    bytes().u32(0xa000, 0x9f00).varied(8192).u8(1).u32(END),
    { stackBottom: 0xa000, started: [true] },
  ],
  [{ name: 'vmm', version: 3 }, Vmm, bytes().u32(1, 2).varied(16384).u32(END), { stackPointer: 2, started: [] }],

  [{ name: 'em', version: 5 }, Em, em4(EmState.Halted), {}],
  [{ name: 'em', version: 4, cpuCount: undefined }, Em, em4(1).u8(...em4(7).data()), {}],
  [{ name: 'em', version: 3 }, Em, bytes().u8(0).u32(EmState.WaitSipi), {}],
  [{ name: 'em', version: 2 }, Em, bytes().u8(1), {}],

  [
    { name: 'tm', version: 3 },
    Tm,
    bytes().u64(1e9, 1, 2, 3, 4, 5).u8(1).u64(1000, 7, 8, 9, 2_000_000_000),
    { virtual: 1n, virtualSyncCatchUp: true, tsc: BigUint64Array.of(7n, 8n, 9n), tscFrequency: 2_000_000_000n },
  ],

  [
    { name: 'pdm', version: 5, cpuCount: 2 },
    Pdm,
    device(device(bytes().u32(1, 0, 0, 0, 0, 1, 1, 0, 1), 0, 'pci'), 1, 'vga').u32(END),
    { dma: 1 },
  ],
  [{ name: 'pdm', version: 3 }, Pdm, device(bytes().u32(1, 0, 0), 0, 'pci').u32(END), { dma: 0 }],
  [{ name: 'pdm', version: 5, ...LIVE }, PdmLive, device(bytes(), 0, 'pci').u32(END), {}],

  [{ name: 'trpm', version: 11 }, Trpm, trap(bytes(), 14), {}],
  [{ name: 'trpm', version: 10, cpuCount: undefined }, Trpm, bytes().times(3, trap), {}],
  [
    { name: 'trpm', version: 9, cpuCount: 2 },
    Trpm9,
    bytes()
      .times(2, (b) => b.u32(NO_VECTOR, TrapType.SoftwareInt).u64(1, 2, 3).u32(4).u64(5, 6, 7))
      .varied(33),
    {},
  ],
  [{ name: 'trpm', version: 8, cpuCount: 2 }, Trpm9, bytes().u32(13, 0).u64(1, 2).varied(5), {}],

  [{ name: 'HWACCM', version: 6 }, Hwaccm, noPatches(bytes()), { patches: [], svmCaches: [] }],
  [{ name: 'HWACCM', version: 6, cpuCount: 2 }, Hwaccm, noPatches(bytes().times(2, svmCache)), { patches: [] }],
  [{ name: 'HWACCM', version: 6 }, Hwaccm, patch(bytes().u64(1, 2).u32(4096, 1)), { guestPatchBytes: 4096 }],
  [
    { name: 'HWACCM', version: 5 },
    Hwaccm,
    patch(bytes().u32(1, 2).u64(3).u32(4, 5, 6).u64(1, 2).u32(4096, 1)),
    { freeGuestPatchMemory: 2n },
  ],
  [
    { name: 'HWACCM', version: 3, cpuCount: 2 },
    Hwaccm,
    bytes().times(2, (b, i) => b.u32(i, 2).u64(3).u32(4, 5, 6)),
    {},
  ],

  [{ name: 'GIM', version: 1 }, Gim, bytes().u32(GimProvider.None, 0), { hyperV: undefined, kvm: undefined }],
  [{ name: 'GIM', version: 1 }, Gim, bytes().u32(GimProvider.Minimal, 7), { version: 7 }],
  [
    { name: 'GIM', version: 1, cpuCount: 2 },
    Gim,
    bytes()
      .u32(GimProvider.Kvm, 0, 1)
      .times(2, (b, i) => b.u64(i, 2, 3, 4).u32(5).u8(6))
      .u64(7)
      .u32(8),
    { provider: GimProvider.Kvm },
  ],
  [{ name: 'GIM', version: 1 }, Gim, hyperV(1), { provider: GimProvider.HyperV }],
  [{ name: 'GIM', version: 1 }, Gim, hvDebug(hyperV(2)).u64(1, 2).u8(0xff), { kvm: undefined }],
  [
    { name: 'GIM', version: 1 },
    Gim,
    hvDebug(hyperV(3))
      .u64(1)
      .times(16, (b, i) => b.u64(i))
      .u8(0xff),
    {},
  ],
  [
    { name: 'GIM', version: 1, cpuCount: 2 },
    Gim,
    hvDebug(hyperV(4))
      .u16(50000, 50001)
      .times(34, (b, i) => b.u64(i))
      .u8(0xff),
    {},
  ],
  [{ name: 'GCM', version: 1 }, Gcm, bytes().u32(5), { fixers: 5 }],

  [
    { name: 'pdmblkcache', version: 1 },
    PdmBlkCache,
    bytes().u32(2, 2).strz('d0').u32(1).u64(512).u32(4).varied(4).u32(2).strz('d1').u32(0, END),
    {},
  ],
  ...['CSAM', 'PATM', 'rem', 'selm'].map(
    (name): Row => [{ name, version: 15 }, Skipped, bytes().u8(1, 2, 3), { data: Uint8Array.of(1, 2, 3) }],
  ),
];

describe('units of the virtual machine monitor', () => {
  for (const [unit, target, data, check] of rows) {
    const pass = unit.pass === undefined ? '' : ' in a live pass';
    it(`${unit.name} version ${unit.version}${pass}, ${data.length} bytes`, () => {
      expect(read(unit, target, data)).to.deep.include(check);
    });
  }

  it('em of the last CPU, as of the others', () => {
    const { cpus } = read({ name: 'em', version: 5 }, Em, em4(1).u8(...em4(7).data()));
    expect(cpus.map((cpu) => cpu.previousState)).to.deep.equal([EmState.None, EmState.WaitSipi]);
    expect(cpus[1]).to.include({ mwait: 5, mwaitRax: 1n, monitorRdx: 5n });
  });

  it('devices of pdm by name and instance', () => {
    const { devices } = read(
      { name: 'pdm', version: 5, ...LIVE },
      PdmLive,
      device(device(bytes(), 0, 'pci'), 1, 'vga').u32(END),
    );
    expect(devices.map(({ name, instance }) => [name, instance])).to.deep.equal([
      ['pci', 0],
      ['vga', 3],
    ]);
  });

  it('what raw mode has left in trpm', () => {
    const { rest, cpus } = read({ name: 'trpm', version: 8 }, Trpm9, bytes().u32(13, 0).u64(1, 2).u8(7, 8, 9));
    expect([...rest]).to.deep.equal([7, 8, 9]);
    expect(cpus[0]).to.include({ vector: 13, errorCode: 1n, cr2: 2n });
  });

  it('a guest with AMD-V in HWACCM, where only the length shows it', () => {
    const { svmCaches } = read(
      { name: 'HWACCM', version: 6, cpuCount: 2 },
      Hwaccm,
      noPatches(bytes().times(2, svmCache)),
    );
    expect(svmCaches).to.have.length(2);
    expect(svmCaches[1]).to.include({
      valid: true,
      interceptXcpt: 7,
      tscOffset: 9n,
      virtIntrMasking: true,
      lbrVirt: true,
    });
  });

  it('the only source of Hyper-V of sub-version 2', () => {
    const { hyperV: hv } = read({ name: 'GIM', version: 1 }, Gim, hvDebug(hyperV(2)).u64(1, 2).u8(0xff));
    expect(hv?.cpus[0]?.sintMsrs).to.deep.equal(BigUint64Array.of(2n));
    expect(hv?.tscPage.address).to.equal(0x1000n);
  });
});

describe('units of the virtual machine monitor that are wrong', () => {
  const wrong: readonly (readonly [what: string, unit: TestUnit, data: Bytes, reason: RegExp])[] = [
    ['a version that is not known', { name: 'em', version: 6 }, em4(1), /version 6 is not known, only 2, 3, 4, 5/],
    ['a live pass that is not there', { name: 'em', version: 5, pass: 0 }, em4(1), /its live passes/],
    ['half a CPU', { name: 'em', version: 5 }, em4(1).u8(0), /the count 'cpuCount' is 1\.02/],
    [
      'more than there can be',
      { name: 'vmm', version: 4 },
      bytes().mem(64, 1).u32(END),
      /64 elements where at most 63/,
    ],
    ['a missing end', { name: 'vmm', version: 4 }, bytes().u32(0), /marker 0xffffffff must be/],
    ['one byte too many', { name: 'GCM', version: 1 }, bytes().u32(5).u8(0), /ends 1 bytes before the unit does/],
    ['one byte too few', { name: 'GCM', version: 1 }, bytes().u16(5).u8(0), /layout of its version/],
    ['a provider that nobody knows', { name: 'GIM', version: 1 }, bytes().u32(4, 0), /4 is none of 0, 1, 2, 3/],
    ['a pending interrupt that is neither', { name: 'pdm', version: 3 }, bytes().u32(2, 0, 0, END), /2 is outside …1/],
  ];
  for (const [what, unit, data, reason] of wrong) {
    it(`${what} is raw data with the reason`, () => expect(reasonOf(unit, data)).to.match(reason));
  }

  it('failures name class and field', () => {
    const result = decode({ name: 'pdm', version: 3 }, bytes().u32(0, 7, 0, END));
    expect(result.kind === 'raw' && result.error?.where.field).to.equal('Pdm.cpus[0].pic');
  });
});

describe('classes of the virtual machine monitor', () => {
  for (const target of [Ssm, Mm, Tm, Vmm, Em, Trpm, Pdm, Gim, Hwaccm]) {
    it(`${target.name} survives saving and loading`, () => checkRoundTrip(target, { numRuns: 2 }));
  }
});
