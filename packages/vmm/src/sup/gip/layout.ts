import { HCPtrNI, Mem, SsmStruct, Struct, U16, U32, U64 } from '@ssmkit/schema';

/*
 * The memory layout of the global information page and of what else of the support library is a C structure. Offsets and
 * sizes: sup.h (GIP version 3). How many CPUs a set has is not in it, but the table of CPUs begins at a multiple of 256 there,
 * which it does for sets of 256 bits and for no smaller ones.
 */

/** SUPGLOBALINFOPAGE_MAGIC. */
export const GIP_MAGIC = 0x19590106;
/** SUPGLOBALINFOPAGE_VERSION; the high word says who can read it. */
export const GIP_VERSION = 0x0003_0000;
/** RTCPUSET_MAX_CPUS: see above. */
export const CPU_SET_BITS = 256;
/** Entry of the CPU tables for CPUs that there are not. */
export const NO_CPU = 0xffff;

/** SUPGIPMODE. */
export const gipModes = { INVALID: 0, SYNC_TSC: 1, ASYNC_TSC: 2 } as const;
export type GipMode = Exclude<keyof typeof gipModes, 'INVALID'>;

/** SUPGIPCPUSTATE. */
export const gipCpuStates = { INVALID: 0, ABSENT: 1, OFFLINE: 2, ONLINE: 3 } as const;
export type GipCpuState = Exclude<keyof typeof gipCpuStates, 'INVALID'>;

/** SUPGIPCPU: what the page says of one CPU. */
@SsmStruct()
export class SupGipCpu {
  /** Odd while it is being updated. */
  @U32() transactionId = 0;
  /** TSC ticks between two updates, with a little slack. */
  @U32() updateIntervalTsc = 0;
  @U64() nanoTs = 0n;
  /** The TSC at `nanoTs`. */
  @U64() tsc = 0n;
  @U64() cpuHz = 0n;
  @U32() errors = 0;
  @U32() tscHistoryHead = 0;
  @U32({ count: 8 }) tscHistory = new Uint32Array(8);
  /** Nanoseconds between the last two updates. */
  @U32() prevUpdateIntervalNs = 0;
  @U32({ count: 10 }) reserved = new Uint32Array(10);
  @U32({ values: gipCpuStates }) state: number = gipCpuStates.INVALID;
  @U32() cpuId = 0;
  @U16() cpuSetIndex = 0;
  @U16() apicId = 0;
}

/** SUPGLOBALINFOPAGE: the head of the page, and the first of its CPUs; the others follow. */
@SsmStruct()
export class SupGlobalInfoPage {
  @U32() magic = GIP_MAGIC;
  @U32() version = GIP_VERSION;
  @U32({ values: gipModes }) mode: number = gipModes.INVALID;
  /** Entries of `cpuTable`. */
  @U16() cpus = 0;
  /** Size of all of this, in pages. */
  @U16() pages = 0;
  @U32() updateHz = 0;
  @U32() updateIntervalNs = 0;
  @U64() nanoTsLastUpdateHz = 0n;
  @Mem({ count: 32, align: 8 }) onlineCpuSet = new Uint8Array(CPU_SET_BITS / 8);
  @Mem({ count: 32, align: 8 }) presentCpuSet = new Uint8Array(CPU_SET_BITS / 8);
  @Mem({ count: 32, align: 8 }) possibleCpuSet = new Uint8Array(CPU_SET_BITS / 8);
  @U16() onlineCpus = 0;
  @U16() presentCpus = 0;
  @U16() possibleCpus = 0;
  @U16() padding0 = 0;
  @U32() cpuIdMax = 0;
  @U32({ count: 29 }) padding1 = new Uint32Array(29);
  /** Index in `cpuTable` by APIC ID. */
  @U16({ count: 256 }) cpuFromApicId = new Uint16Array(256).fill(NO_CPU);
  /** Index in `cpuTable` by index in CPU sets. */
  @U16({ count: 256 }) cpuFromCpuSetIndex = new Uint16Array(CPU_SET_BITS).fill(NO_CPU);
  /** All of the CPUs that a page has, where it was read from one. In the C structure the first one stands for them. */
  @Struct(() => SupGipCpu, { count: 1 }) cpuTable: SupGipCpu[] = [new SupGipCpu()];
}

/** SUPPAGE. */
@SsmStruct()
export class SupPageRecord {
  // C packs it to 4 bytes.
  @U64({ align: 4 }) physical = 0n;
  @HCPtrNI({ align: 4, as: 'bigint' }) reserved = 0n;
}

/** SUPVMMR0REQHDR and SUPR0SERVICEREQHDR: what every request begins with. */
@SsmStruct()
export class SupRequestHeader {
  @U32() magic = 0;
  /** Bytes of the request, this header included. */
  @U32() size = 0;
}
