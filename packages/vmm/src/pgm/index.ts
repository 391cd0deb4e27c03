/*
 * PGM, the guest's memory
 *
 * Everything that is at a guest-physical address: RAM, ROM, registers of devices, memory of devices.
 *
 *     RAM      where the size of RAM and the hole below 4 GiB say
 *     ROM      at a fixed address; where it is shadowed there is RAM behind it, and every page has a protection:
 *              which of the two is read, and whether the RAM is written
 *     MMIO     registers: the device does what is read and written; mapped where the guest wants them
 *     MMIO2    memory of a device, which has the bytes at hand; mapped where the guest wants it
 *     nothing  reads as ones
 *
 *     const bios = vm.pgm.registerRom({ owner, description: 'PC BIOS - 0xfffff', address: 0xf0000, bytes });
 *     const vram = vm.pgm.createMmio2({ owner, device: 'vga', description: 'VRam', size: 2 ** 22 });
 *     vram.map(0xe0000000);
 *     vm.pgm.physWrite(0x7c00, sector);                 // DMA
 *     vm.pgm.cpus[0].readByte(0xffff0);                 // a CPU, behind its A20 gate
 *     vm.pgm.removeOwner(owner);
 *
 * No two things are at one address: what would lie over another is refused. The status codes for that are general ones; the
 * specification of VirtualBox's that this was made from has none.
 *
 *     ram.ts            one buffer for all RAM; which stores are noted
 *     rom.ts mmio.ts mmio2.ts mapping.ts     the rest, and where it is
 *     guest-memory.ts   all of it; cpu-memory.ts as a CPU sees it
 *     unit.ts           the unit `pgm` in VirtualBox's format, whose layout packages/vbox has
 *     save.ts watched-mmio2.ts vote.ts       passes, what goes into which, and when it is enough
 *     load.ts load-old.ts                    back, of versions 6 to 14
 *
 * The interpreter reads a byte from a typed array after one look into a table; the table also says which stores are to be
 * noted, so that watching RAM for a live save costs the first store to each page and nothing else (ram.ts). RAM that was
 * never stored to takes no memory of the host, and no time when it is saved.
 *
 * Between passes, and every 256 pages within one, the guest gets its turn. What it writes meanwhile a later pass has: a page
 * is taken from the watch and put in one go.
 */
export { CpuMemory } from './cpu-memory.js';
export { GuestMemory, type GuestMemoryOptions } from './guest-memory.js';
export { type PhysRange, physRanges, registerPgmInfo } from './info.js';
export type { AccessSize, PhysMapping } from './mapping.js';
export { type MmioHandlers, type MmioOptions, MmioRange } from './mmio.js';
export { type Mmio2Options, Mmio2Range } from './mmio2.js';
export { checkRamSizes, Ram, type RamSizes } from './ram.js';
export { type RomOptions, RomRange } from './rom.js';
export { registerPgmSamples, romPages } from './samples.js';
export { type PgmOptions, pgm } from './subsystem.js';
export { type LiveSaveNumbers, PGM_UNIT, PGM_UNIT_VERSION, type PgmUnit, pgmUnit } from './unit.js';
export { DirtyHistory, livePercent, type VoteInput } from './vote.js';
