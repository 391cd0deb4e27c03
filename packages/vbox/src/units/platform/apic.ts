import { Bool, Marker, Nested, SsmStream, Transient, U8, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END, Timer } from '../common.js';

// `apic`: the local APICs of all CPUs (`VirtualBox 7.2 APICR3-x86.cpp`, tables in `APICAllCommon-x86.cpp.h`).

/** The mode that the machine's APICs may be switched to. */
export enum ApicMode {
  None = 1,
  Apic = 2,
  X2Apic = 3,
}

/** Bits of {@link ApicCpu.baseMsr}. */
export const ApicBase = { X2APIC: 1n << 10n, ENABLED: 1n << 11n } as const;

/** The registers that both modes have behind the interrupt bits. */
@SsmStream()
export class ApicRegisters {
  @U32() esr = 0;
  @U32() icrLow = 0;
  @U32() icrHigh = 0;
  @U32() lvtTimer = 0x10000;
  @U32() lvtThermal = 0x10000;
  @U32() lvtPerf = 0x10000;
  @U32() lvtLint0 = 0x10000;
  @U32() lvtLint1 = 0x10000;
  @U32() lvtError = 0x10000;
  @U32() timerInitialCount = 0;
  @U32() timerCurrentCount = 0;
  @U32() timerDivide = 0;
}

/** The registers' page in APIC mode. */
@SsmStream()
export class XApicPage {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U8() id = 0;
  @U32() version = 0;
  @U8() tpr = 0;
  @U8() apr = 0;
  @U8() ppr = 0;
  @U32() ldr = 0;
  @U32() dfr = 0xffffffff;
  @U32() svr = 0xff;
  /** Vector n is bit n % 32 of element n / 32: in service, level-triggered, requested. */
  @U32({ count: 8 }) isr = new Uint32Array(8);
  @U32({ count: 8 }) tmr = new Uint32Array(8);
  @U32({ count: 8 }) irr = new Uint32Array(8);
  @Nested(ApicRegisters) registers = new ApicRegisters();
  @Marker('u32', STRUCT_END) declare end: never;
}

/** The registers' page in x2APIC mode. */
@SsmStream()
export class X2ApicPage {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U32() id = 0;
  @U32() version = 0;
  @U8() tpr = 0;
  @U8() ppr = 0;
  @U32() ldr = 0;
  @U32() svr = 0xff;
  @U32({ count: 8 }) isr = new Uint32Array(8);
  @U32({ count: 8 }) tmr = new Uint32Array(8);
  @U32({ count: 8 }) irr = new Uint32Array(8);
  @Nested(ApicRegisters) registers = new ApicRegisters();
  @Marker('u32', STRUCT_END) declare end: never;
}

/** The APIC of a CPU. */
@SsmStream()
export class ApicCpu {
  /** {@link ApicBase}, and the address of the page. */
  @U64() baseMsr = 0xfee00800n;
  @U32() internalEsr = 0;
  @Nested(X2ApicPage, { when: 'isX2Apic' }) x2ApicPage = new X2ApicPage();
  @Nested(XApicPage, { when: 'isXApic' }) page = new XApicPage();
  /** When the timer was armed. */
  @U64() timerInitial = 0n;
  @Nested(Timer) timer = new Timer();
  @Bool({ since: 5 }) activeLint0 = false;
  @Bool({ since: 5 }) activeLint1 = false;

  get isX2Apic(): boolean {
    const both = ApicBase.ENABLED | ApicBase.X2APIC;
    return (this.baseMsr & both) === both;
  }

  get isXApic(): boolean {
    return !this.isX2Apic;
  }
}

/** `apic` versions 4 and 5 (`apicR3SaveExec`). */
@SsmStream()
export class Apic {
  @U32({ max: 1024 }) cpuCount = 1;
  @Bool() ioApicPresent = true;
  @U32({ values: ApicMode }) maxMode: number = ApicMode.Apic;
  @Nested(ApicCpu, { count: 'cpuCount', max: 1024 }) cpus: ApicCpu[] = [new ApicCpu()];
}

/** Bits of eight of the 256 vectors' words, as old states have them. */
@SsmStream()
export class ApicOldVectors {
  @U32() isr = 0;
  @U32() tmr = 0;
  @U32() irr = 0;
}

/** The APIC of a CPU up to version 3 (`apicR3LoadExec`). */
@SsmStream()
export class ApicOldCpu {
  @U32() base = 0xfee00800;
  @U32({ since: 2 }) id = 0;
  @U32({ since: 2 }) physId = 0;
  @U32({ since: 2 }) arbId = 0;
  @U8({ until: 1 }) id8 = 0;
  @U8({ until: 1 }) physId8 = 0;
  @U32() tpr = 0;
  @U32() svr = 0xff;
  @U8() logicalId = 0;
  /** The model, in the high nibble. */
  @U8() dfr = 0xf0;
  @Nested(ApicOldVectors, { count: 8 }) vectors = Array.from({ length: 8 }, () => new ApicOldVectors());
  @U32() lvtTimer = 0x10000;
  @U32() lvtThermal = 0x10000;
  @U32() lvtPerf = 0x10000;
  @U32() lvtLint0 = 0x10000;
  @U32() lvtLint1 = 0x10000;
  @U32() lvtError = 0x10000;
  @U32() esr = 0;
  @U32() icrLow = 0;
  @U32() icrHigh = 0;
  @U32() divide = 0;
  @U32() timerShift = 0;
  @U32() initialCount = 0;
  @U64() initialTime = 0n;
  @U64() nextTime = 0n;
  @Nested(Timer) timer = new Timer();
}

/** How the APICs are set up, in front of the state of version 3. */
@SsmStream()
export class ApicConfig {
  @U32({ max: 1024 }) cpuCount = 1;
  @Bool() ioApicPresent = true;
  @U32() maxMode: number = ApicMode.Apic;
}

/** `apic` versions 1 to 3; up to version 2 the number of CPUs stands elsewhere. */
@SsmStream()
export class ApicOld {
  /** CPUs of the machine, for versions 1 and 2. */
  @Transient() machineCpus = 1;
  @Nested(ApicConfig, { since: 3 }) config = new ApicConfig();
  @Nested(ApicOldCpu, { count: 'cpuCount', max: 1024 }) cpus: ApicOldCpu[] = [new ApicOldCpu()];

  cpuCount({ version }: { version: number }): number {
    return version >= 3 ? this.config.cpuCount : this.machineCpus;
  }
}
