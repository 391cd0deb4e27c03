import {
  Bool,
  GCPtr,
  GCUInt,
  GCUIntPtr,
  Marker,
  Mem,
  Nested,
  RCPtr,
  SsmStream,
  Transient,
  U8,
  U32,
  UInt,
} from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';
import { CPUS_MAX } from '../per-cpu.js';

// Who runs, who waits, and what is pending.

/** `vmm`: which CPUs have been started (`VirtualBox 7.2 VMMR3.cpp, vmmR3Save`). */
@SsmStream()
export class Vmm {
  @Transient() stackBytes = 8192;
  @Transient() otherCpus = 0;
  /** Raw mode's. */
  @RCPtr({ until: 3 }) stackBottom = 0;
  @RCPtr({ until: 3 }) stackPointer = 0;
  @Mem({ until: 3, count: 'stackBytes', max: 16384 }) stack = new Uint8Array(8192);
  /** For each CPU but the first, which always runs. */
  @Bool({ count: 'otherCpus', max: CPUS_MAX - 1 }) started: boolean[] = [];
  @Marker('u32', TERMINATOR) declare end: never;
}

/** What a CPU did (`VirtualBox 7.2 include/VBox/vmm/em.h, EMSTATE`), as far as 7.2 saves it. */
export enum EmState {
  None = 1,
  Halted = 6,
  WaitSipi = 7,
}

/** Bits of {@link EmCpu.mwait}. */
export const MWait = { ACTIVE: 1, BREAK_IRQ_IF_0: 2, MONITOR_ACTIVE: 4 } as const;

/** A CPU of `em`. */
@SsmStream()
export class EmCpu {
  /** Always false: raw mode is gone. */
  @Bool() forceRaw = false;
  /** {@link EmState}; 2 to 5 in versions that had more ways to execute. */
  @U32({ since: 3 }) previousState: number = EmState.None;
  /** {@link MWait} */
  @U32({ since: 4 }) mwait = 0;
  @GCPtr({ since: 4 }) mwaitRax = 0n;
  @GCPtr({ since: 4 }) mwaitRcx = 0n;
  @GCPtr({ since: 4 }) monitorRax = 0n;
  @GCPtr({ since: 4 }) monitorRcx = 0n;
  @GCPtr({ since: 4 }) monitorRdx = 0n;
}

/** `em`: what each CPU did (`VirtualBox 7.2 EMR3.cpp, emR3Save`). */
@SsmStream()
export class Em {
  @Transient() cpuCount = 1;
  @Nested(EmCpu, { count: 'cpuCount', max: CPUS_MAX }) cpus = [new EmCpu()];
}

/** What is pending, as of {@link TrpmCpu.type} (`VirtualBox 7.2 include/VBox/types.h, TRPMEVENT`). */
export enum TrapType {
  Trap = 0,
  HardwareInt = 1,
  SoftwareInt = 2,
  /** Since version 11; before, vector 2 as a trap. */
  Nmi = 3,
}

/** Vector of a CPU that has nothing pending. */
export const NO_VECTOR = 0xffffffff;

/** A CPU of `trpm`, versions 10 and 11. */
@SsmStream()
export class TrpmCpu {
  @U32() vector = NO_VECTOR;
  /** {@link TrapType} */
  @U32() type: number = TrapType.Trap;
  @U32() errorCode = 0;
  @GCUIntPtr() cr2 = 0n;
  /** Length of the instruction. */
  @U8() instructionBytes = 0;
  /** It is an INT1. */
  @Bool() icebp = false;
}

/** `trpm` versions 10 and 11: pending traps and interrupts (`VirtualBox 7.2 TRPMR3.cpp, trpmR3Save`). */
@SsmStream()
export class Trpm {
  @Transient() cpuCount = 1;
  @Nested(TrpmCpu, { count: 'cpuCount', max: CPUS_MAX }) cpus = [new TrpmCpu()];
}

/** A CPU of `trpm`, versions 8 and 9. */
@SsmStream()
export class Trpm9Cpu {
  @U32() vector = NO_VECTOR;
  /** {@link TrapType} */
  @U32() type: number = TrapType.Trap;
  @GCUInt() errorCode = 0n;
  @GCUIntPtr() cr2 = 0n;
  @GCUInt({ since: 9 }) savedVector = 0n;
  @UInt({ since: 9 }) savedType = 0;
  @GCUInt({ since: 9 }) savedErrorCode = 0n;
  @GCUIntPtr({ since: 9 }) savedCr2 = 0n;
  @GCUInt({ since: 9 }) previousVector = 0n;
}

/** `trpm` versions 8 (of one CPU) and 9 (`VirtualBox 7.2 TRPMR3.cpp, trpmR3Load`). */
@SsmStream()
export class Trpm9 {
  @Transient() cpuCount = 1;
  @Transient() unitBytes: number | undefined = undefined;
  @Nested(Trpm9Cpu, { count: 'cpuCount', max: CPUS_MAX }) cpus = [new Trpm9Cpu()];
  /** Raw mode's interrupt descriptors, which loaders skip. */
  @Mem({ count: 'restBytes', max: 65536 }) rest = new Uint8Array(0);

  restBytes(stream: { offset: number }): number {
    return this.unitBytes === undefined ? this.rest.length : this.unitBytes - stream.offset;
  }
}
