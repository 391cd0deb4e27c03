import type { Catalog, UnitContext } from '../catalog.js';
import { Cpum, CpumLive } from './cpum/cpum.js';
import { Cpum14, CpumImages } from './cpum/cpum-old.js';
import { CPUS_MAX } from './per-cpu.js';
import './cpum/context.ssm.js';
import './cpum/cpuid.ssm.js';
import './cpum/cpum-old.ssm.js';
import './cpum/cpum.ssm.js';
import './cpum/svm.ssm.js';
import './cpum/vmcs.ssm.js';
import './cpum/vmx.ssm.js';
import './cpum/xstate.ssm.js';

const NAME = 'cpum';

/** Nested virtualization, where the unit does not tell: none, AMD-V, VT-x. */
const nesting = [
  { svm: false, vmx: false },
  { svm: true, vmx: false },
  { svm: false, vmx: true },
].map((has) => (cpum: Cpum) => {
  Object.assign(cpum, has);
});

/** Any number of CPUs, where nothing tells how many there were. */
const anyCount = Array.from({ length: CPUS_MAX }, (_, i) => (cpum: { hypervisorCount: number }) => {
  cpum.hypervisorCount = i + 1;
});

function prepareOld(
  cpum: { hypervisorCount: number; readonly hypervisors: readonly object[] },
  { cpuCount, size }: UnitContext,
): void {
  if (size === undefined) cpum.hypervisorCount = cpum.hypervisors.length;
  else if (cpuCount !== undefined) cpum.hypervisorCount = cpuCount;
}

/** The registers of the guest's CPUs. */
export function cpuUnits(catalog: Catalog): void {
  catalog
    .define({ name: NAME, versions: [24], pass: 'final', target: Cpum })
    .define({ name: NAME, versions: [17, 18, 19, 20, 21, 22, 23], pass: 'final', target: Cpum, forms: nesting })
    .define({
      name: NAME,
      versions: [14, 15, 16],
      pass: 'final',
      target: Cpum14,
      forms: anyCount,
      prepare: prepareOld,
    })
    .define({
      name: NAME,
      versions: [9, 10, 11, 12, 13],
      pass: 'final',
      target: CpumImages,
      forms: anyCount,
      prepare: prepareOld,
    })
    .define({ name: NAME, versions: [8], pass: 'final', target: CpumImages })
    .define({ name: NAME, versions: range(11, 24), pass: 'live', target: CpumLive })
    .explain(NAME, [1, 2, 3, 4], 'CPUs of ARM, of whose registers not all are described')
    .explain(NAME, [6], 'of VirtualBox 1.6, with registers of 32 bits, is not described')
    .explain(NAME, [7], 'no release had it');
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
