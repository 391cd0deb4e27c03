import { Marker, Mem, Nested, SsmStream, StrZ, Transient, U32, U64 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';
import { CPUS_MAX } from '../per-cpu.js';

/** What is pending at a CPU, each 0 or 1. On ARM, in this order: IRQ, FIQ, NMI, SMI. */
@SsmStream()
export class PdmCpu {
  @U32({ max: 1 }) apic = 0;
  @U32({ max: 1 }) pic = 0;
  @U32({ since: 4, max: 1 }) nmi = 0;
  @U32({ since: 4, max: 1 }) smi = 0;
}

/** A device that the machine has. */
@SsmStream()
export class PdmDevice {
  /** 0, 1, 2 … */
  @U32() index = 0;
  @StrZ({ max: 63 }) name = '';
  @U32() instance = 0;
}

/** `pdm` in a live pass: the devices of the machine (`VirtualBox 7.2 PDMR3.cpp, pdmR3LiveExec`). */
@SsmStream()
export class PdmLive {
  @Nested(PdmDevice, { end: { index: TERMINATOR }, max: 4096 }) devices: PdmDevice[] = [];
}

/** `pdm`: pending interrupts and the devices of the machine (`VirtualBox 7.2 PDMR3.cpp, pdmR3SaveExec`). */
@SsmStream()
export class Pdm {
  @Transient() cpuCount = 1;
  @Nested(PdmCpu, { count: 'cpuCount', max: CPUS_MAX }) cpus = [new PdmCpu()];
  /** A DMA transfer is pending: 0 or 1. */
  @U32({ max: 1 }) dma = 0;
  @Nested(PdmDevice, { end: { index: TERMINATOR }, max: 4096 }) devices: PdmDevice[] = [];
}

/** A piece of a disk that waits to be written or was read lately. */
@SsmStream()
export class CacheEntry {
  /** Offset in the image in bytes. */
  @U64() offset = 0n;
  @Mem({ count: { stream: 'u32' }, max: 1 << 24 }) data = new Uint8Array(0);
}

/** A user of the block cache. */
@SsmStream()
export class CacheUser {
  /** Bytes of {@link id}. */
  @U32() idBytes = 0;
  @StrZ({ max: 4096 }) id = '';
  @Nested(CacheEntry, { count: { stream: 'u32' }, max: 1 << 20 }) entries: CacheEntry[] = [];
}

/** `pdmblkcache` version 1: what disks have not yet been given (`VirtualBox 7.2 PDMR3BlkCache.cpp, pdmR3BlkCacheSaveExec`). */
@SsmStream()
export class PdmBlkCache {
  @Nested(CacheUser, { count: { stream: 'u32' }, max: 4096 }) users: CacheUser[] = [];
  @Marker('u32', TERMINATOR) declare end: never;
}
