import '@ssmkit/runtime';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import { CpuContext, FpuContext, SegmentAttr } from './cpum/context.js';
import { Cpuid, CpuidLeafFlags } from './cpum/cpuid.js';
import { Cpum, CpumLive } from './cpum/cpum.js';
import { Cpum14, CpumImage, CpumImages } from './cpum/cpum-old.js';
import { guestMsrs } from './cpum/msrs.js';
import { SvmState } from './cpum/svm.js';
import { Vmcs } from './cpum/vmcs.js';
import { VmxState } from './cpum/vmx.js';
import { XState } from './cpum/xstate.js';
import { type Bytes, bytes, read, reasonOf } from './testing.js';

/*
 * Sizes of the parts, as the spec has them
 *
 *     registers 500 (524 since 17), FPU 416 (420 since 17), FXSAVE image and registers of old 1024
 *
 * Bytes that differ from their neighbours stand for all values; single fields are looked at on their own.
 */

/** Registers with a mask of XSAVE parts. */
const context = (b: Bytes, version: number, xstateMask = 0) => {
  b.varied(500);
  return version >= 17 ? b.u64(7, 0, xstateMask) : b;
};
const fpu = (b: Bytes, version: number) => b.varied(version >= 17 ? 420 : 416);

const leaf = (b: Bytes, number: number) => b.u32(number, 0, 0, 1, 2, 3, 4, CpuidLeafFlags.CONTAINS_APIC);
const registers = (b: Bytes, count: number) => b.u32(count).varied(16 * count);
const cpuid = (b: Bytes, version: number) => {
  if (version >= 15) b.u32(32, 2).times(2, leaf);
  else registers(registers(registers(b, 2), 1), 0);
  b.varied(16);
  return version >= 11 ? registers(registers(b, 16), 32) : b.varied(32);
};

const xstate: readonly (readonly [part: number, put: (b: Bytes) => Bytes])[] = [
  [XState.YMM, (b) => b.struct((s) => s.varied(256))],
  [XState.BND_REGS, (b) => b.struct((s) => s.varied(64))],
  [XState.BND_CSR, (b) => b.struct((s) => s.varied(16))],
  [XState.ZMM_HIGH, (b) => b.struct((s) => s.varied(512))],
  [XState.ZMM_UPPER, (b) => b.struct((s) => s.varied(1024))],
];

const vmcsBytes = (version: number) => (version >= 23 ? 1055 : version >= 22 ? 1051 : version >= 20 ? 1025 : 945);
const vmxMsrs = (version: number) => 18 + (version >= 20 ? 1 : 0) + (version >= 22 ? 1 : 0);

const svm = (b: Bytes) =>
  b
    .u64(1, 2, 3)
    .u16(4, 5)
    .u8(1)
    .struct((s) => s.varied(172))
    .varied(4096 + 8192 + 12288)
    .u32(1 << 25)
    .u8(1);
const vmx = (b: Bytes, version: number) =>
  b
    .u64(1, 2, 3)
    .u8(1, 0, 1, 0)
    .times(2, (each) => each.struct((s) => s.varied(vmcsBytes(version))))
    .varied(2 * 4096 + 3 * 8192 + 4096 + 8192)
    .u64(1, 2, 3)
    .u16(4)
    .u8(1)
    .u64(5)
    .varied(8 * vmxMsrs(version));

interface Options {
  cpus?: number;
  xstateMask?: number;
  svm?: boolean;
  vmx?: boolean;
  msrs?: number;
}

/** `cpum` from version 17 on. */
function cpum(version: number, options: Options = {}): Bytes {
  const { cpus = 1, xstateMask = 0, msrs = 50 } = options;
  const b = bytes();
  if (version >= 24) b.u8(options.svm ? 1 : 0, options.vmx ? 1 : 0);
  b.u32(cpus, msrs * 8).times(cpus, () => {
    b.struct((s) => context(s, version)).struct((s) => context(s, version, xstateMask));
    b.struct((s) => fpu(s, version));
    if (xstateMask !== 0) b.struct((s) => s.u64(xstateMask));
    for (const [part, put] of xstate) if ((xstateMask & part) !== 0) put(b);
    if (version >= 21) b.u64(1, 2, 3, 4);
    if (options.svm) svm(b);
    if (options.vmx) vmx(b, version);
    return b.u32(1, 2).varied(8 * msrs);
  });
  return cpuid(b, version);
}

/** `cpum` versions 14 to 16. */
function combined(version: number, cpus: number, msrs = 17): Bytes {
  const both = (b: Bytes) => b.struct((s) => context(fpu(s, version), version));
  return cpuid(
    bytes()
      .times(cpus, both)
      .u32(cpus, msrs * 8)
      .times(cpus, (b) =>
        both(b)
          .u32(1, 2)
          .varied(8 * msrs),
      ),
    version,
  );
}

/** `cpum` up to version 13. */
function images(version: number, cpus: number): Bytes {
  const image = (b: Bytes) => b.varied(1024);
  const b = bytes().times(cpus, image);
  if (version >= 9) b.u32(cpus);
  if (version >= 13) b.u32(136);
  b.times(cpus, () => {
    image(b).u32(1, 2);
    return version >= 13 ? b.varied(136) : version >= 10 ? b.varied(512) : b;
  });
  return cpuid(b, version);
}

describe('cpum from version 17 on', () => {
  for (const version of [17, 18, 19, 20, 21, 22, 23, 24]) {
    for (const [what, options] of [
      ['one CPU', {}],
      ['three CPUs', { cpus: 3 }],
      ['few MSRs', { msrs: 17 }],
      ['all parts of XSAVE', { xstateMask: 0xff }],
      ['AVX only', { xstateMask: 7, cpus: 2 }],
      ...(version >= 18 ? ([['AMD-V', { svm: true, cpus: 2 }]] as const) : []),
      ...(version >= 19 ? ([['VT-x', { vmx: true, cpus: 2, xstateMask: 7 }]] as const) : []),
    ] as readonly (readonly [string, Options])[]) {
      it(`version ${version}, ${what}`, () => {
        const unit = read({ name: 'cpum', version }, Cpum, cpum(version, options));
        expect(unit.cpus).to.have.length(options.cpus ?? 1);
        expect(unit).to.include({ svm: options.svm === true, vmx: options.vmx === true });
        for (const cpu of unit.cpus) {
          expect(cpu.svmState instanceof SvmState).to.equal(options.svm === true);
          expect(cpu.vmxState instanceof VmxState).to.equal(options.vmx === true);
          expect(cpu.ymmHigh !== undefined).to.equal(((options.xstateMask ?? 0) & XState.YMM) !== 0);
        }
      });
    }
  }

  it('has 1932 bytes a CPU in version 24, and the registers of CPU i at 10 + 1932 i + 532', () => {
    expect(cpum(24, { cpus: 2 }).length - cpum(24).length).to.equal(1932);
    const data = cpum(24, { cpus: 2 }).data();
    const unit = read({ name: 'cpum', version: 24 }, Cpum, data);
    for (const [i, { context: found }] of unit.cpus.entries()) {
      const at = 10 + 1932 * i + 532 + 4;
      const view = new DataView(data.buffer, at);
      expect(found.rdi).to.equal(view.getBigUint64(0, true));
      expect(found.rip).to.equal(view.getBigUint64(72, true));
      expect(found.es.sel).to.equal(view.getUint16(144, true));
      expect(found.cs.attr).to.equal(view.getUint32(144 + 22 + 18, true));
      expect(found.cr0).to.equal(view.getBigUint64(276, true));
      expect(found.gdtrBase).to.equal(view.getBigUint64(276 + 80 + 2, true));
      expect(found.efer).to.equal(view.getBigUint64(276 + 80 + 20 + 24, true));
      expect(found.tr.sel).to.equal(view.getUint16(478, true));
      expect(found.xcr0).to.equal(7n);
    }
  });

  for (const [version, fromEnd] of [
    [19, { guestRip: 40, guestRFlags: 32, guestSysenterEip: 8 }],
    [22, { guestRip: 64, guestRFlags: 56, guestSysenterEip: 32, guestIntrSspTableAddrMsr: 8 }],
    [24, { guestRip: 64, guestSsp: 16, guestIntrSspTableAddrMsr: 8 }],
  ] as const) {
    it(`has the guest's state at the end of a VMCS of version ${version}`, () => {
      const data = cpum(version, { vmx: true }).data();
      const { vmcs } = read({ name: 'cpum', version }, Cpum, data).cpus[0]!.vmxState!;
      // From the markers of the VMCS, the only ones so far apart.
      const view = new DataView(data.buffer);
      const size = vmcsBytes(version);
      let begin = 0;
      while (view.getUint32(begin, true) !== 0x19200102 || view.getUint32(begin + 4 + size, true) !== 0x19920406)
        begin++;
      for (const [name, distance] of Object.entries(fromEnd)) {
        const expected = view.getBigUint64(begin + 4 + size - distance, true);
        expect(vmcs[name as 'guestRip'], name).to.equal(expected);
      }
      expect(vmcs.vmcsRevId).to.equal(view.getUint32(begin + 4, true));
    });
  }

  it('has the same CPUID in live passes', () => {
    const unit = read({ name: 'cpum', version: 24, pass: 0 }, CpumLive, cpuid(bytes().u8(0, 1), 24));
    expect(unit).to.include({ svm: false, vmx: true });
    expect(unit.cpuid.leaves.map((each) => each.leaf)).to.deep.equal([0, 1]);
    read({ name: 'cpum', version: 14, pass: 0 }, CpumLive, cpuid(bytes(), 14));
  });

  it('names every MSR that VirtualBox 7.2 saves', () => {
    expect(guestMsrs).to.have.length(50);
    expect(guestMsrs[16]).to.deep.equal({ name: 'ARCH_CAPABILITIES', number: 0x10a });
    expect(guestMsrs[49]).to.deep.equal({ name: 'MTRR_PHYSMASK[15]', number: 0x21f });
  });
});

describe('cpum before version 17', () => {
  for (const version of [14, 15, 16]) {
    for (const [cpus, cpuCount] of [
      [1, 1],
      [3, 3],
      [3, undefined],
    ] as const) {
      const told = cpuCount === undefined ? ', of which nothing tells' : '';
      it(`version ${version}, CPUs: ${cpus}${told}`, () => {
        const unit = read({ name: 'cpum', version, cpuCount }, Cpum14, combined(version, cpus));
        expect(unit.hypervisors).to.have.length(cpus);
        expect(unit.cpus).to.have.length(cpus);
        expect(unit.cpus[0]?.msrs).to.have.length(17);
      });
    }
  }

  for (const version of [8, 9, 10, 11, 12, 13]) {
    for (const cpus of version === 8 ? [1] : [1, 2]) {
      it(`version ${version}, CPUs: ${cpus}`, () => {
        const unit = read({ name: 'cpum', version, cpuCount: cpus }, CpumImages, images(version, cpus));
        expect(unit.cpus).to.have.length(cpus);
        read({ name: 'cpum', version, cpuCount: undefined }, CpumImages, images(version, cpus));
      });
    }
  }

  it('an image has its registers where C had them', () => {
    const data = images(13, 1).data();
    const view = new DataView(data.buffer, 1024 + 8 + 512);
    const { registers: found } = read({ name: 'cpum', version: 13 }, CpumImages, data).cpus[0]!;
    expect(found.rsp).to.equal(view.getBigUint64(56, true));
    expect(found.cs.sel).to.equal(view.getUint16(88, true));
    expect(found.rflags).to.equal(view.getBigUint64(96, true));
    expect(found.csHidden.base).to.equal(view.getBigUint64(192, true));
    expect(found.dr[7]).to.equal(view.getBigUint64(360, true));
    expect(found.efer).to.equal(view.getBigUint64(424, true));
    expect(found.trHidden.attr).to.equal(view.getUint32(508, true));
  });
});

describe('cpum that is wrong', () => {
  for (const [what, version, data, reason] of [
    ['an ARM guest', 4, bytes().u32(1), /version 4 is not known: CPUs of ARM/],
    ['VirtualBox 1.6', 6, bytes(), /version 6 is not known: of VirtualBox 1\.6/],
    ['a missing marker', 24, bytes().u8(0, 0).u32(1, 400, 0), /marker 0x19200102/],
    ['MSRs that are no whole number', 24, cpum(24, { msrs: 1.5 }), /the count 'msrCount' is 1\.5/],
    ['more MSRs than there can be', 24, bytes().u8(0, 0).u32(1, 520), /520 is outside …512/],
    ['more CPUs than there can be', 24, bytes().u8(0, 0).u32(65, 400), /65 is outside …64/],
    ['leaves of another size', 24, bytes().u8(0, 0).u32(0, 400, 40), /marker 0x20/],
    ['neither AMD-V nor VT-x where there is something', 22, cpum(22).u32(0), /ends 4 bytes before/],
  ] as const) {
    it(`${what} is raw data with the reason`, () => {
      expect(reasonOf({ name: 'cpum', version }, data)).to.match(reason);
    });
  }
});

describe('parts of cpum', () => {
  it('a segment is present, or cannot be used', () => {
    expect(0x9b & SegmentAttr.PRESENT).to.not.equal(0);
    expect(0x10000 & SegmentAttr.UNUSABLE).to.not.equal(0);
  });

  for (const target of [CpuContext, FpuContext, CpumImage, Vmcs]) {
    it(`${target.name} survives saving and loading`, () => checkRoundTrip(target, { numRuns: 1 }));
  }
  it('Cpuid survives saving and loading', () => checkRoundTrip(Cpuid, { numRuns: 1, maxLength: 2 }));
});
