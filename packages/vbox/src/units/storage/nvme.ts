import { Bool, GCPhys, Marker, Nested, S32, SsmStream, StrZ, Transient, U8, U16, U32, U64 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

// `nvme`: the NVMe controller (`VirtualBox 7.2 DevNVMe.cpp`).

const QUEUES_MAX = 0xffff;
const NAMESPACES_MAX = 1024;

/** A namespace as it is configured. */
@SsmStream()
export class NvmeNamespaceConfig {
  @Bool() present = false;
  /** In bytes. */
  @U64() blockSize = 0n;
  @U64() blocks = 0n;
}

/** What the controller can do and what is attached: alone in pass 0, and in front of the state (`nvmeR3LiveExec`). */
@SsmStream()
export class NvmeConfig {
  @U16() submissionQueues = 0;
  @U16() completionQueues = 0;
  @U16() queueEntries = 0;
  @U8() timeoutMax = 0;
  @U32({ max: NAMESPACES_MAX }) namespaceCount = 0;
  @U32() asyncEventRequestsMax = 0;
  @StrZ({ max: 1024 }) serialNumber = '';
  @StrZ({ max: 1024 }) modelNumber = '';
  @StrZ({ max: 1024 }) firmwareRevision = '';
  @U64({ since: 2 }) memoryBufferBytes = 0n;
  @U32({ since: 2 }) memoryBufferSizeRegister = 0;
  @Nested(NvmeNamespaceConfig, { count: 'namespaceCount', max: NAMESPACES_MAX })
  namespaces: NvmeNamespaceConfig[] = [];
}

/** What both kinds of queues begin with. */
@SsmStream()
export class NvmeQueue {
  @U16() id = 0;
  @U16() entries = 0;
  @U32() state = 0;
  @U64() entryBytes = 0n;
  @GCPhys() base = 0n;
  @U32() head = 0;
  @U32() tail = 0;
  /** Whether the queue is one piece of memory. */
  @Bool() contiguous = false;
  @U32() type = 0;
}

@SsmStream()
export class NvmeSubmissionQueue {
  @Nested(NvmeQueue) queue = new NvmeQueue();
  @U16() completionQueue = 0;
  @U32() priority = 0;
  /** The command that deletes the queue. */
  @U16() deleteCommand = 0;
}

/** A completion that waits for room in its queue; most of the values are not named. */
@SsmStream()
export class NvmeWaiter {
  @U16() unnamed0 = 0;
  @U16() unnamed1 = 0;
  @U8() unnamed2 = 0;
  @U8() unnamed3 = 0;
  @U32() unnamed4 = 0;
  @Bool() unnamed5 = false;
  @Bool() unnamed6 = false;
}

@SsmStream()
export class NvmeCompletionQueue {
  @Nested(NvmeQueue) queue = new NvmeQueue();
  @Bool() interruptEnabled = false;
  @Bool() overloaded = false;
  @U32() vector = 0;
  /** Submission queues that complete here. */
  @U32() references = 0;
  @Nested(NvmeWaiter, { count: { stream: 'u32' }, max: 0x10000 }) waiters: NvmeWaiter[] = [];
}

/** A namespace. What suspended requests are followed by is not known: a state that has any is not understood. */
@SsmStream()
export class NvmeNamespace {
  @Transient() namespaceConfigs: readonly NvmeNamespaceConfig[] = [];
  /** From 1. */
  @U32() id = 1;
  @Marker('u32', 0, { when: 'hasDisk' }) declare suspended: never;

  get hasDisk(): boolean {
    return this.namespaceConfigs[this.id - 1]?.present === true;
  }
}

/** `nvme` versions 1 to 3 (`nvmeR3SaveExec`). */
@SsmStream()
export class Nvme {
  @Nested(NvmeConfig) config = new NvmeConfig();
  @U32() state = 0;
  @U32() interruptMask = 0;
  @S32({ count: 32 }) interruptWaits = new Int32Array(32);
  /** Logarithms of the entries' sizes. */
  @U32() completionEntrySize = 0;
  @U32() submissionEntrySize = 0;
  @U8() shutdownNotifier = 0;
  @U8() arbitration = 0;
  @U8() memoryPageSize = 0;
  @U8() commandSet = 0;
  /** The register that the index/data pair shows. */
  @U32() registerIndex = 0;
  /** In bytes. */
  @U32() pageSize = 4096;
  @Nested(NvmeSubmissionQueue, { count: 'submissionCount', max: QUEUES_MAX })
  submissionQueues: NvmeSubmissionQueue[] = [];
  @Nested(NvmeCompletionQueue, { count: 'completionCount', max: QUEUES_MAX })
  completionQueues: NvmeCompletionQueue[] = [];
  /** Identifiers of the commands that wait for events. */
  @U16({ count: { stream: 'u32' }, max: 0x10000 }) asyncEventCommands = new Uint16Array(0);
  @Nested(NvmeNamespace, { count: 'namespaceCount', max: NAMESPACES_MAX, with: ['namespaceConfigs'] })
  namespaces: NvmeNamespace[] = [];
  @Marker('u32', TERMINATOR) declare terminator: never;

  get submissionCount(): number {
    return this.config.submissionQueues;
  }

  get completionCount(): number {
    return this.config.completionQueues;
  }

  get namespaceCount(): number {
    return this.config.namespaceCount;
  }

  get namespaceConfigs(): readonly NvmeNamespaceConfig[] {
    return this.config.namespaces;
  }
}
