import { PAGE_SIZE } from '@ssmkit/vbox';
import { type Cell, cellOf, type SampleUnit, type Statistics } from '../stam/index.js';
import type { GuestMemory } from './guest-memory.js';
import { pagesOf } from './page.js';
import type { LiveSaveNumbers } from './unit.js';

/*
 * Samples with the names of VirtualBox (real-vm/vm16.log), as far as there is what they count: no page here is shared with
 * another machine, locked, or part of a large one.
 */

/** Pages of ROM, and of RAM behind it. */
export const romPages = ({ roms }: Pick<GuestMemory, 'roms'>): number =>
  roms.reduce((sum, { pageCount, shadow }) => sum + pageCount * (shadow === undefined ? 1 : 2), 0);

const mmio2Pages = ({ mmio2 }: GuestMemory): number => mmio2.reduce((sum, { pageCount }) => sum + pageCount, 0);

/** Pages that are nothing but registers. */
const mmioPages = ({ mmio }: GuestMemory): number =>
  mmio.reduce((sum, { address, size }) => sum + (address === undefined ? 0 : pagesOf((address % PAGE_SIZE) + size)), 0);

type PageCount = (memory: GuestMemory) => number;

const pageSamples: readonly (readonly [name: string, count: PageCount, description: string])[] = [
  ['cAllPages', (m) => m.ram.pageCount + romPages(m) + mmio2Pages(m) + mmioPages(m), 'All pages.'],
  ['cPrivatePages', (m) => m.ram.touchedPages + romPages(m) + mmio2Pages(m), 'Pages that have memory of the host.'],
  ['cZeroPages', (m) => m.ram.pageCount - m.ram.touchedPages, 'Pages of RAM that were never written.'],
  ['cPureMmioPages', mmioPages, 'Pages of registers.'],
  ['cBalloonedPages', (m) => m.ram.balloonedPages, 'Pages that the guest has given away.'],
  ['cMonitoredPages', (m) => m.ram.countMonitored(), 'Pages whose next write will be noted, for a live save.'],
];

const liveSamples: readonly (readonly [name: string, key: keyof LiveSaveNumbers, description: string])[] = [
  ['cDirtyPagesLong', 'dirtyPagesLong', 'Pages that were left after a pass, on average.'],
  ['cDirtyPagesShort', 'dirtyPagesShort', 'The same of the last passes.'],
  ['cPagesPerSecond', 'pagesPerSecond', 'Pages that were saved in a second.'],
  ['cSavedPages', 'savedPages', 'Pages that were saved.'],
];

/** Registers the samples below `/PGM`. */
export function registerPgmSamples(statistics: Statistics, memory: GuestMemory, numbers: LiveSaveNumbers): void {
  const u32 = (name: string, sample: Cell<number>, unit: SampleUnit, description: string) =>
    statistics.register({ name: `/PGM/${name}`, type: 'u32', sample, unit, description });
  for (const [name, count, description] of pageSamples) {
    const sample = {
      get value() {
        return count(memory);
      },
    } as Cell<number>;
    u32(`Page/${name}`, sample, 'count', description);
  }
  for (const [name, key, description] of liveSamples) {
    u32(`LiveSave/${name}`, cellOf(numbers, key), 'count', description);
  }
  for (const cpu of memory.cpus) {
    const name = `CPU${cpu.idCpu}`;
    u32(`${name}/cA20Changes`, cellOf(cpu, 'a20Changes'), 'occurences', 'How often the A20 gate was opened or closed.');
    u32(`${name}/cGuestModeChanges`, cellOf(cpu, 'guestModeChanges'), 'occurences', 'Changes of the paging mode.');
  }
}
