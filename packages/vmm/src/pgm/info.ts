import type { InfoOutput, InfoRegistry } from '../dbgf/index.js';
import type { GuestMemory } from './guest-memory.js';
import { pagesOf } from './page.js';

/** A range of addresses in the info item `phys`. */
export interface PhysRange {
  readonly kind: 'ram' | 'rom' | 'mmio' | 'mmio2';
  /** `undefined` where the guest does not see it. */
  readonly address: number | undefined;
  /** Bytes. */
  readonly size: number;
  readonly description: string;
}

/** All ranges by ascending address; those that are not mapped last. */
export function physRanges({ ram, mappings, mmio, mmio2 }: GuestMemory): PhysRange[] {
  const mapped = [...ram.ranges.map((range) => ({ kind: 'ram' as const, ...range })), ...mappings];
  const ranges = mapped.sort((a, b) => (a.address as number) - (b.address as number));
  const hidden = [...mmio, ...mmio2].filter(({ address }) => address === undefined);
  return [...ranges, ...hidden].map(({ kind, address, size, description }) => ({ kind, address, size, description }));
}

const show = (memory: GuestMemory, output: InfoOutput): void => {
  const ranges = physRanges(memory);
  const column = (address: number | undefined) => address?.toString(16).padStart(16, '0') ?? 'not mapped';
  output.table([
    ['From', 'To', 'Kind', 'Pages', 'What'],
    ...ranges.map(({ kind, address, size, description }) => [
      column(address),
      address === undefined ? '' : column(address + size - 1),
      kind,
      pagesOf(size),
      description,
    ]),
  ]);
  for (const { idCpu, a20Enabled } of memory.cpus) output.line(`CPU ${idCpu}: A20 ${a20Enabled ? 'open' : 'closed'}`);
  const cpus = memory.cpus.map(({ idCpu, a20Enabled, guestMode }) => ({ idCpu, a20Enabled, guestMode }));
  output.data({ ranges, cpus });
};

/** Name of the info item. */
export const PHYS_INFO = 'phys';

/** Registers the info item `phys`. */
export function registerPgmInfo(registry: InfoRegistry, memory: GuestMemory): void {
  const description = 'What is at which guest-physical address.';
  registry.registerInternal({ name: PHYS_INFO, description, handler: (_vm, output) => show(memory, output) });
}
