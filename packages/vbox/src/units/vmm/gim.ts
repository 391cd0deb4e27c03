import { Bool, GCPhys, Marker, Nested, SsmStream, StrZ, Transient, U8, U16, U32, U64 } from '@ssmkit/schema';
import { CPUS_MAX } from '../per-cpu.js';

/** Which hypervisor the guest sees: {@link Gim.provider}. */
export enum GimProvider {
  None = 0,
  Minimal = 1,
  HyperV = 2,
  Kvm = 3,
}

/** A CPU as KVM's guests see it. */
@SsmStream()
export class GimKvmCpu {
  @U64() systemTimeMsr = 0n;
  @U64() tsc = 0n;
  /** Nanoseconds of virtual time at {@link tsc}. */
  @U64() virtualTime = 0n;
  /** Of the structure that the guest reads time from. */
  @GCPhys() systemTimeAddress = 0n;
  @U32() systemTimeVersion = 0;
  @U8() systemTimeFlags = 0;
}

/** KVM's interface (`VirtualBox 7.2 GIMR3Kvm.cpp, gimR3KvmSave`). */
@SsmStream()
export class GimKvm {
  @Transient() cpuCount = 1;
  @Marker('u32', 1) declare version: never;
  @Nested(GimKvmCpu, { count: 'cpuCount', max: CPUS_MAX }) cpus = [new GimKvmCpu()];
  @U64() wallClockMsr = 0n;
  @U32() baseFeatures = 0;
}

/** A page that Hyper-V shares with the guest. */
@SsmStream()
export class GimHvRegion {
  @U8() region = 0;
  @Bool() rcMapping = false;
  @U32() bytes = 4096;
  @GCPhys() address = 0n;
  @StrZ({ max: 63 }) description = '';
}

/** A CPU's synthetic interrupt controller. */
@SsmStream()
export class GimHvCpu {
  @Transient() subVersion = 4;
  /** Message page. */
  @U64() simpMsr = 0n;
  /** Sources; sub-version 2 has but one. */
  @U64({ count: 'sourceCount', max: 16 }) sintMsrs = new BigUint64Array(16);

  get sourceCount(): number {
    return this.subVersion === 2 ? 1 : 16;
  }
}

/** Hyper-V's interface (`VirtualBox 7.2 GIMR3Hv.cpp, gimR3HvSave`). */
@SsmStream()
export class GimHyperV {
  @Transient() cpuCount = 1;
  @U32({ min: 1, max: 4 }) subVersion = 4;
  @U64() guestOsIdMsr = 0n;
  @U64() hypercallMsr = 0n;
  @U64() tscPageMsr = 0n;
  @U32() baseFeatures = 0;
  @U32() partitionFlags = 0;
  @U32() powerFeatures = 0;
  @U32() miscFeatures = 0;
  @U32() hints = 0;
  @U32() capabilities = 0;
  @Nested(GimHvRegion) hypercallPage = new GimHvRegion();
  @Nested(GimHvRegion) tscPage = new GimHvRegion();
  @U32() tscSequence = 0;
  @U64({ when: { field: 'subVersion', min: 2 } }) debugPendingMsr = 0n;
  @U64({ when: { field: 'subVersion', min: 2 } }) debugSendMsr = 0n;
  @U64({ when: { field: 'subVersion', min: 2 } }) debugReceiveMsr = 0n;
  @U64({ when: { field: 'subVersion', min: 2 } }) debugStatusMsr = 0n;
  @U32({ when: { field: 'subVersion', min: 2 } }) debugReply = 0;
  /** Transaction of BOOTP, and the address that it gave the guest's debugger. */
  @U32({ when: { field: 'subVersion', min: 2 } }) bootpXid = 0;
  @U32({ when: { field: 'subVersion', min: 2 } }) guestIp4 = 0;
  @U16({ when: { field: 'subVersion', min: 4 } }) udpDestinationPort = 0;
  @U16({ when: { field: 'subVersion', min: 4 } }) udpSourcePort = 0;
  @Nested(GimHvCpu, {
    when: { field: 'subVersion', min: 2 },
    count: 'cpuCount',
    max: CPUS_MAX,
    with: ['subVersion'],
  })
  cpus = [new GimHvCpu()];
  @Marker('u8', 0xff, { when: { field: 'subVersion', min: 2 } }) declare end: never;
}

/** `GIM` version 1: the hypervisor that the guest sees (`VirtualBox 7.2 GIMR3.cpp, gimR3Save`). */
@SsmStream()
export class Gim {
  @Transient() cpuCount = 1;
  @U32({ values: GimProvider }) provider: number = GimProvider.None;
  /** The provider's own. */
  @U32() version = 0;
  @Nested(GimHyperV, { when: { field: 'provider', is: GimProvider.HyperV }, with: ['cpuCount'] })
  hyperV: GimHyperV | undefined = undefined;
  @Nested(GimKvm, { when: { field: 'provider', is: GimProvider.Kvm }, with: ['cpuCount'] })
  kvm: GimKvm | undefined = undefined;
}

/** `GCM` version 1: what is done for guests that fail on fast or new machines (`VirtualBox 7.2 GCMR3.cpp, gcmR3Save`). */
@SsmStream()
export class Gcm {
  /** One bit for each remedy. */
  @U32() fixers = 0;
}
