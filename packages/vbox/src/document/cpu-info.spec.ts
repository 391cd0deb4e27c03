import { expect } from 'chai';
import { Cpuid, CpuidLeaf, CpuidRegisters } from '../units/cpum/cpuid.js';
import { cpuInfo } from './cpu-info.js';

const registers = (eax: number, ebx: number, ecx: number, edx: number) =>
  Object.assign(new CpuidRegisters(), { eax, ebx, ecx, edx });

/** "GenuineIntel" in the order of the registers; family 6, model 0x9e, stepping 10. */
const standard = [registers(7, 0x756e6547, 0x6c65746e, 0x49656e69), registers(0x000906ea, 0, 0x80000201, 0x06000011)];
/** "Old CPU" in the first of the leaves with the name; long mode. */
const extended = [registers(4, 0, 0, 0), registers(0, 0, 0, 1 << 29), registers(0x20646c4f, 0x00555043, 0, 0)];

const expected = {
  vendor: 'GenuineIntel',
  name: 'Old CPU',
  family: 6,
  model: 0x9e,
  stepping: 10,
  features: ['fpu', 'tsc', 'sse', 'sse2', 'sse3', 'ssse3', 'hypervisor', 'long-mode'],
};

describe('cpuInfo', () => {
  it('of old states, which have leaves by their place', () => {
    expect(cpuInfo(Object.assign(new Cpuid(), { standard, extended }))).to.deep.equal(expected);
  });

  it('of new states, which have leaves by their number, with sub-leaves between', () => {
    const leaf = (number: number, values: CpuidRegisters, subLeaf = 0) =>
      Object.assign(new CpuidLeaf(), { leaf: number, subLeaf, ...values });
    const leaves = [
      ...standard.map((values, i) => leaf(i, values)),
      leaf(1, registers(0, 0, 0xffffffff, 0xffffffff), 1),
      ...extended.map((values, i) => leaf(0x80000000 + i, values)),
    ];
    expect(cpuInfo(Object.assign(new Cpuid(), { leaves }))).to.deep.equal(expected);
  });

  it('of CPUs of AMD, whose families have two digits', () => {
    const amd = Object.assign(new Cpuid(), { standard: [registers(1, 0, 0, 0), registers(0x00b00f21, 0, 0, 0)] });
    expect(cpuInfo(amd)).to.deep.include({ family: 26, model: 2, stepping: 1, features: [], name: '' });
  });

  it('of nothing', () => {
    expect(cpuInfo(new Cpuid())).to.deep.include({ vendor: '', family: 0, features: [] });
  });
});
