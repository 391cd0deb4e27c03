import { Bool, Marker, Mem, Nested, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { listOf } from '../common.js';

// What all virtio devices have (`VirtualBox 7.2 VirtioCore.cpp, virtioCoreR3SaveExec`).

/** Queues that are saved, used or not. */
const QUEUES = 24;

/** A queue. */
@SsmStream()
export class VirtioQueue {
  /** Addresses of the descriptor table and the two rings. */
  @U64() descriptors = 0n;
  @U64() available = 0n;
  @U64() used = 0n;
  @U16() notifyOffset = 0;
  @U16() msixVector = 0xffff;
  @U16() enable = 0;
  @U16() size = 0;
  /** How far the device is in the rings. */
  @U16() availableIndex = 0;
  @U16() usedIndex = 0;
  /** Ends with a zero byte. */
  @Mem({ count: 32 }) name = new Uint8Array(32);
}

/** The device as the virtio standard sees it. */
@SsmStream()
export class VirtioCore {
  @Marker('u64', 0x1133557799bbddffn) declare marker: never;
  @U32() version = 1;
  /** Whether the driver is one for the older standard. */
  @U32() legacyDriver = 0;
  @Bool() generationUpdatePending = false;
  @U8() deviceStatus = 0;
  @U8() configGeneration = 0;
  /** Where the capability with access to the configuration space lies. */
  @U8() pciConfigOffset = 0;
  @U8() isr = 0;
  @U16() queueSelect = 0;
  @U32() deviceFeaturesSelect = 0;
  @U32() driverFeaturesSelect = 0;
  @U64() driverFeatures = 0n;
  @Nested(VirtioQueue, { count: QUEUES }) queues = listOf(QUEUES, VirtioQueue);
}
