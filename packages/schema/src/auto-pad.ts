import type { Descriptor, Field } from './descriptor.js';
import { DescriptorError } from './descriptor.js';
import { fieldTable, tableProblem } from './field-table.js';
import { type HostProfile, hosts } from './host.js';
import { kinds } from './kinds/index.js';
import { layoutOf } from './layout.js';

/*
 * Padding made explicit
 *
 * With FULL_STRUCT every byte of a structure must be covered, the compiler's gaps included, and their sizes differ
 * between three families of compilers: 64-bit, gcc for i386, and 32-bit MSC. Two entries say all three:
 * PAD_HC_AUTO(i386, 64-bit), and PAD_MSC32_AUTO for what MSC adds to i386's.
 */

const families: readonly HostProfile[] = ['linux.x86', 'win.x86', 'linux.amd64'].map(
  (name) => hosts[name] as HostProfile,
);

/** A descriptor with the entries for the gaps that compilers leave between and after its members. */
export function withAutoPadding(descriptor: Descriptor): Descriptor {
  const [gcc32, msc32, wide] = families.map((host) => gapsByMember(descriptor, host)) as [Gaps, Gaps, Gaps];
  const fields: Field[] = [];
  const pad = (before: string | undefined) => {
    const cb32 = gcc32.get(before) ?? 0;
    const cb64 = wide.get(before) ?? 0;
    const more = (msc32.get(before) ?? 0) - cb32;
    if (more < 0 || Math.max(cb32, cb64) > 0xff) {
      const where = before === undefined ? 'at the end' : `before it`;
      throw new DescriptorError(
        descriptor.name,
        before,
        `the padding ${where} cannot be written as entries; declare a padding member`,
      );
    }
    const at = before === undefined ? 'end' : before;
    if (cb32 + cb64 > 0) fields.push({ name: `<padding before ${at}>`, kind: 'pad_hc_auto', cb32, cb64 });
    if (more > 0) fields.push({ name: `<msc32 padding before ${at}>`, kind: 'pad_msc32_auto', cb: more });
  };
  for (const field of descriptor.fields) {
    if (kinds[field.kind].family === 'noentry') {
      throw new DescriptorError(
        descriptor.name,
        field.name,
        'autoPad cannot cover a member without an entry; use @Ignore',
      );
    }
    pad(field.name);
    fields.push(field);
  }
  pad(undefined);
  const padded = { ...descriptor, fields };
  checkCovered(padded);
  return padded;
}

/** What entries cannot say: members that overlap, gaps inside flattened structures, compilers that differ otherwise. */
function checkCovered(descriptor: Descriptor): void {
  for (const host of [...families, hosts['win.amd64'] as HostProfile]) {
    const table = fieldTable(descriptor, host);
    const problem = tableProblem(table, layoutOf(descriptor, host).size, host, true);
    if (problem === undefined) continue;
    const property = table[problem.index]?.field.name;
    throw new DescriptorError(descriptor.name, property, `autoPad cannot cover ${host.name}: ${problem.problem}`);
  }
}

type Gaps = ReadonlyMap<string | undefined, number>;

/** Size of the gap before each member, and at the end. */
function gapsByMember(descriptor: Descriptor, host: HostProfile): Gaps {
  const gaps = new Map<string | undefined, number>();
  let pending = 0;
  for (const { name, size } of layoutOf(descriptor, host).members) {
    if (name === undefined) pending = size;
    else {
      if (pending > 0) gaps.set(name, pending);
      pending = 0;
    }
  }
  if (pending > 0) gaps.set(undefined, pending);
  return gaps;
}
