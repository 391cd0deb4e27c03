/*
 * MM, the memory manager
 *
 * In VirtualBox MM has three things: the configuration of RAM, heaps in which every allocation belongs to a part of the
 * VMM, so that it can be freed with its VM and counted, and the hypervisor's own memory in raw mode. Of these only the
 * first has a meaning here: objects are garbage collected, and there is no raw mode.
 *
 *     RamSize, RamHoleSize ──MM──▶ vm.ramConfig ──PGM──▶ vm.pgm, the memory itself
 *                                                            └──▶ unit mm: pages of RAM and ROM, bytes of RAM
 *
 * MM comes before PGM, so its unit does, too: a state of a machine with another amount of RAM is refused before a page of
 * it is read.
 */
export { type RamConfig, readRamConfig } from './config.js';
export { mm } from './subsystem.js';
export { MM_UNIT, MM_UNIT_VERSION, mmUnit } from './unit.js';
