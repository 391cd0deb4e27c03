import { Bool, Marker, Mem, Nested, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { MAC_BYTES } from '../common.js';
import { VirtioCore } from './core.js';

// `virtio-net`: the virtio network adapter (`VirtualBox 7.2 DevVirtioNet.cpp`, and 6.1).

/** Bytes of the filter for VLANs: a bit for each. */
const VLAN_BYTES = 4096;
const MACS_MAX = 0x10000;

/** A MAC address that is let through. */
@SsmStream()
export class VirtioNetMac {
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
}

/** `virtio-net` version 1 of releases 7.x (`virtioNetR3ModernSaveExec`). */
@SsmStream()
export class VirtioNet {
  /** No MAC address: tells this layout from the older ones. */
  @Marker('u32', 0xffffffff) declare marker: never;
  @Marker('u16', 0xffff) declare markerEnd: never;
  @U64() negotiatedFeatures = 0n;
  @U16({ max: 1024 }) queueCount = 3;
  @U16() workers = 2;
  @Bool({ count: 'queueCount', max: 1024 }) queueAttached = [false, false, false];
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
  /** Bit 0: link is up. */
  @U16() status = 0;
  @U16() maxQueuePairs = 0;
  @Bool() cableConnected = true;
  @U8() promiscuous = 1;
  @U8() allMulticast = 0;
  @U8() allUnicast = 0;
  @U8() noMulticast = 0;
  @U8() noUnicast = 0;
  @U8() noBroadcast = 0;
  @Nested(VirtioNetMac, { count: { stream: 'u32' }, max: MACS_MAX }) multicast: VirtioNetMac[] = [];
  @Nested(VirtioNetMac, { count: { stream: 'u32' }, max: MACS_MAX }) unicast: VirtioNetMac[] = [];
  @Mem({ count: VLAN_BYTES }) vlanFilter = new Uint8Array(VLAN_BYTES);
  @Nested(VirtioCore) core = new VirtioCore();
}

/** The configured MAC address, alone in pass 0 of releases up to 6.1. */
@SsmStream()
export class VirtioNetLegacyConfig {
  @Mem({ count: MAC_BYTES }) configuredMac = new Uint8Array(MAC_BYTES);
}

/** A queue as releases up to 6.1 save it. */
@SsmStream()
export class VirtioLegacyQueue {
  @U16() size = 0;
  /** Address of its memory, in pages of 4 KiB. */
  @U32() page = 0;
  @U16() nextAvailable = 0;
  @U16() nextUsed = 0;
}

/** Queues before their number was saved. */
const OLD_QUEUES = 3;

/** `virtio-net` version 2 of releases up to 6.1, and version 1 of 3.1 (`vnetR3SaveExec`, `vpciR3SaveExec`). */
@SsmStream()
export class VirtioNetLegacy {
  @Nested(VirtioNetLegacyConfig) config = new VirtioNetLegacyConfig();
  @U32() guestFeatures = 0;
  @U16() queueSelect = 0;
  @U8() status = 0;
  @U8() isr = 0;
  @U32({ since: 2, max: 1024 }) queueCount = OLD_QUEUES;
  @Nested(VirtioLegacyQueue, { count: 'queuesSaved', max: 1024 })
  queues = [new VirtioLegacyQueue(), new VirtioLegacyQueue(), new VirtioLegacyQueue()];
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
  @Bool({ since: 2 }) promiscuous = true;
  @Bool({ since: 2 }) allMulticast = false;
  @Nested(VirtioNetMac, { count: { stream: 'u32' }, max: MACS_MAX, since: 2 }) macFilter: VirtioNetMac[] = [];
  @Mem({ count: VLAN_BYTES, since: 2 }) vlanFilter = new Uint8Array(VLAN_BYTES);

  queuesSaved({ version }: { version: number }): number {
    return version >= 2 ? this.queueCount : OLD_QUEUES;
  }
}
