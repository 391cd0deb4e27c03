import { Bool, Marker, Mem, Nested, SsmStream, StrZ, Transient, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

/*
 * `HGCM`: clients of host services (`VirtualBox 7.2 HGCM.cpp, HGCMHostSaveState`)
 *
 * The services' own data has no length in front: where one is not described, the unit is not understood from there on.
 */

/** Services that save something of their clients. All others save nothing. */
export const HgcmServiceName = {
  SHARED_FOLDERS: 'VBoxSharedFolders',
  SHARED_CLIPBOARD: 'VBoxSharedClipboard',
  GUEST_CONTROL: 'VBoxGuestControlSvc',
} as const;

/** A folder that a client of the shared folders has mapped. */
@SsmStream()
export class SharedFolderMapping {
  /** Version of the service's data: {@link SharedFoldersClient} knows. */
  @Transient() version = 5;
  /** How often it is mapped. */
  @U32() mappings = 0;
  @Bool() valid = false;
  @U32({ when: 'valid' }) hostPathBytes = 0;
  /** UTF-16 in version 2. */
  @Mem({ when: 'hasUtf16Path', count: 'hostPathBytes', max: 65536 }) hostPathUtf16 = new Uint8Array(0);
  @StrZ({ when: 'hasPath', max: 65536 }) hostPath = '';
  /** Sizes of buffer and text as u16 each, and the text in UTF-16. */
  @Mem({ when: 'valid', count: { stream: 'u32' }, max: 65536 }) name = new Uint8Array(0);
  @Bool({ when: 'valid' }) hostCaseSensitive = false;
  @Bool({ when: 'valid' }) guestCaseSensitive = false;
  /** As {@link name}. */
  @Mem({ when: 'hasAutoMountPoint', count: { stream: 'u32' }, max: 65536 }) autoMountPoint = new Uint8Array(0);

  get hasUtf16Path(): boolean {
    return this.valid && this.version === 2;
  }

  get hasPath(): boolean {
    return this.valid && this.version !== 2;
  }

  get hasAutoMountPoint(): boolean {
    return this.valid && this.version >= 4;
  }
}

/** A client of the shared folders (`VirtualBox 7.2 VBoxSharedFoldersSvc.cpp, svcSaveState`). */
@SsmStream()
export class SharedFoldersClient {
  @U32({ min: 2, max: 5 }) version = 5;
  @Marker('u32', 64) declare mappingCount: never;
  /** The client as it is in memory. */
  @Mem({ count: { stream: 'u32' }, max: 65536 }) client = new Uint8Array(0);
  @Nested(SharedFolderMapping, { count: 64, with: ['version'] }) mappings = Array.from(
    { length: 64 },
    () => new SharedFolderMapping(),
  );
}

/** A client of the shared clipboard (`VirtualBox 7.2 VBoxSharedClipboardSvc.cpp, svcSaveState`), without messages on their way. */
@SsmStream()
export class SharedClipboardClient {
  @Marker('u32', 0x80000005) declare version: never;
  @Marker('u32', STRUCT_BEGIN) declare stateBegin: never;
  @U64() guestFeatures0 = 0n;
  @U64() guestFeatures1 = 0n;
  @U32() chunkSize = 0;
  @U32() source = 0;
  @U32() flags = 0;
  @Marker('u32', STRUCT_END) declare stateEnd: never;
  @Marker('u32', STRUCT_BEGIN) declare legacyBegin: never;
  @U32() direction = 0;
  @U32() format = 0;
  @U64() totalToTransfer = 0n;
  @U64() transferred = 0n;
  /** In milliseconds. */
  @U64() timestamp = 0n;
  @Marker('u32', STRUCT_END) declare legacyEnd: never;
  @Marker('u32', STRUCT_BEGIN) declare transferBegin: never;
  @U32() transferDirection = 0;
  @Marker('u32', STRUCT_END) declare transferEnd: never;
  /** What messages look like is not known. */
  @U64({ max: 0 }) messages = 0n;
  /** Nor is what these look like. */
  @U64({ max: 0 }) legacyContexts = 0n;
}

/** A client of guest control. */
@SsmStream()
export class GuestControlClient {
  @Marker('u32', 1) declare version: never;
  @Bool() legacyMode = false;
  @Bool() isMaster = false;
}

/** A client of a host service. */
@SsmStream()
export class HgcmClient {
  /** The service: {@link HgcmService} knows. */
  @Transient() name = '';
  @U32() id = 0;
  @U32({ since: 3 }) requestor = 0;
  /** The service has saved something. */
  @Bool({ since: 3, default: true }) hasState = false;
  @Nested(SharedFoldersClient, { when: 'isSharedFolders' }) sharedFolders: SharedFoldersClient | undefined = undefined;
  @Nested(SharedClipboardClient, { when: 'isSharedClipboard' }) sharedClipboard: SharedClipboardClient | undefined =
    undefined;
  @Nested(GuestControlClient, { when: 'isGuestControl' }) guestControl: GuestControlClient | undefined = undefined;

  get isSharedFolders(): boolean {
    return this.hasState && this.name === HgcmServiceName.SHARED_FOLDERS;
  }

  get isSharedClipboard(): boolean {
    return this.hasState && this.name === HgcmServiceName.SHARED_CLIPBOARD;
  }

  get isGuestControl(): boolean {
    return this.hasState && this.name === HgcmServiceName.GUEST_CONTROL;
  }
}

/** A host service. */
@SsmStream()
export class HgcmService {
  /** Bytes of the name and one more. */
  @U32() nameSize = 1;
  @StrZ({ max: 1024 }) name = '';
  @Nested(HgcmClient, { count: { stream: 'u32' }, max: 65536, with: ['name'] }) clients: HgcmClient[] = [];
}

/** `HGCM` versions 2 and 3. */
@SsmStream()
export class Hgcm {
  /** Number of the next client. */
  @U32() nextHandle = 0;
  @Nested(HgcmService, { count: { stream: 'u32' }, max: 256 }) services: HgcmService[] = [];
}
