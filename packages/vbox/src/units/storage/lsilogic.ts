import { Bool, Marker, Mem, Nested, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';
import { LsiLogicPages, LsiLogicSasPages, LsiLogicSpiPages } from './lsilogic-pages.js';
import { VBoxScsi } from './vbox-scsi.js';

// `lsilogicscsi` and `lsilogicsas`: the LSI Logic controllers (`VirtualBox 7.2 DevLsiLogicSCSI.cpp`).

/** Which controller it is. */
export enum LsiLogicType {
  Spi = 0,
  Sas = 1,
}

/** Most devices, and most entries of a queue, that are loaded. */
const DEVICES_MAX = 4096;
const ENTRIES_MAX = 0x10000;

/** What is attached: alone in pass 0, and in front of the state (`lsilogicR3LiveExec`). */
@SsmStream()
export class LsiLogicConfig {
  @U32({ values: LsiLogicType }) type: number = LsiLogicType.Spi;
  @U32({ max: DEVICES_MAX }) deviceCount = 16;
  @U32() portCount = 1;
  @Bool({ count: 'deviceCount', max: DEVICES_MAX }) present: boolean[] = Array(16).fill(false);
}

/** Memory that the guest has downloaded to the controller. */
@SsmStream()
export class LsiLogicMemoryRegion {
  @U32() first = 0;
  /** The last word that belongs to it. */
  @U32() last = 0;
  @U32({ count: 'wordCount', max: 0x100000 }) words = new Uint32Array(1);

  get wordCount(): number {
    return Math.max(0, this.last - this.first + 1);
  }
}

/** `lsilogicscsi` and `lsilogicsas` versions 3 to 6 (`lsilogicR3SaveExec`, `lsilogicR3LoadExec`). */
@SsmStream()
export class LsiLogic {
  @Nested(LsiLogicConfig) config = new LsiLogicConfig();
  @U32({ count: 'deviceCount', max: DEVICES_MAX }) outstandingRequests = new Uint32Array(16);
  @U32() state = 0;
  @U32() whoInit = 0;
  /** Whether the doorbell is in progress, and since version 4 how. */
  @Bool({ until: 3 }) doorbellInProgress = false;
  @U32({ since: 4 }) doorbellState = 0;
  @Bool() diagnosticEnabled = false;
  @Bool() notificationSent = false;
  @Bool() eventNotificationEnabled = false;
  @U32() interruptMask = 0;
  @U32() interruptStatus = 0;
  @U32({ count: 40 }) messages = new Uint32Array(40);
  @U32() messagePosition = 0;
  @U32() messageCount = 0;
  @Mem({ count: 60 }) replyBuffer = new Uint8Array(60);
  @U32() nextReplyEntry = 0;
  @U32() replySize = 0;
  @U16() faultCode = 0;
  @U32() hostMfaHighAddress = 0;
  @U32() senseBufferHighAddress = 0;
  @U8() maxDevices = 16;
  @U8() maxBuses = 1;
  @U16() replyFrameBytes = 0;
  @U32() diagnosticAccess = 0;
  @U32({ max: ENTRIES_MAX }) replyEntries = 257;
  @U32({ max: ENTRIES_MAX }) requestEntries = 257;
  /** Where the next entry of a queue is written and read. */
  @U32() replyFreeNextWrite = 0;
  @U32() replyFreeNextRead = 0;
  @U32() replyPostNextWrite = 0;
  @U32() replyPostNextRead = 0;
  @U32() requestNextWrite = 0;
  @U32() requestNextRead = 0;
  @U32({ count: 'replyEntries', max: ENTRIES_MAX }) replyFreeQueue = new Uint32Array(257);
  @U32({ count: 'replyEntries', max: ENTRIES_MAX }) replyPostQueue = new Uint32Array(257);
  @U32({ count: 'requestEntries', max: ENTRIES_MAX }) requestQueue = new Uint32Array(257);
  @U16() nextHandle = 1;
  @U32({ since: 5 }) diagnosticMemoryAddress = 0;
  @Nested(LsiLogicMemoryRegion, { count: { stream: 'u32' }, max: 4096, since: 5 })
  memoryRegions: LsiLogicMemoryRegion[] = [];
  @Nested(LsiLogicPages) pages = new LsiLogicPages();
  @Nested(LsiLogicSpiPages, { when: 'isSpi' }) spi = new LsiLogicSpiPages();
  @Nested(LsiLogicSasPages, { when: 'isSas' }) sas = new LsiLogicSasPages();
  @Nested(VBoxScsi, { until: 5 }) vboxScsi = new VBoxScsi();
  @Marker('u32', TERMINATOR) declare terminator: never;

  get deviceCount(): number {
    return this.config.deviceCount;
  }

  get isSpi(): boolean {
    return this.config.type === LsiLogicType.Spi;
  }

  get isSas(): boolean {
    return this.config.type === LsiLogicType.Sas;
  }
}
