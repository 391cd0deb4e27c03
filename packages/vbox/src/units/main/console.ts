import { Bool, Marker, Mem, Nested, SsmStream, StrZ, Transient, U32, U64 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

/** A shared folder. Sizes in front of strings count their bytes and one more. */
@SsmStream()
export class SharedFolder {
  /** Whether automatic mounting was known when it was saved: {@link ConsoleData} tells. */
  @Transient() hasAutoMount = true;
  @U32() nameSize = 1;
  @StrZ({ max: 4096 }) name = '';
  @U32() hostPathSize = 1;
  @StrZ({ max: 65536 }) hostPath = '';
  @Bool({ since: 0x10001 }) writable = true;
  @Bool({ since: 0x10001, when: 'hasAutoMount' }) autoMount = false;
  @U32({ since: 0x10002 }) autoMountPointSize = 1;
  @StrZ({ since: 0x10002, max: 65536 }) autoMountPoint = '';
}

/** Since this revision of VirtualBox version 0x10001 of `ConsoleData` knows automatic mounting. */
export const AUTO_MOUNT_REVISION = 63916;

/** `ConsoleData`: the console's own, transient shared folders (`VirtualBox 7.2 ConsoleImpl.cpp, Console::i_saveStateFileExec`). */
@SsmStream()
export class ConsoleData {
  @Transient() hasAutoMount = true;
  @Nested(SharedFolder, { count: { stream: 'u32' }, max: 4096, with: ['hasAutoMount'] }) folders: SharedFolder[] = [];
}

/** A variable that the firmware, or a device, keeps. */
@SsmStream()
export class NvramEntry {
  @StrZ({ max: 4096 }) name = '';
  @U64({ as: 'number', max: (1 << 20) - 1 }) size = 0;
  @Mem({ count: 'size', max: (1 << 20) - 1 }) contents = new Uint8Array(0);
}

/** `NvramStore` version 1: contents of firmware and TPM, ascending by name (`VirtualBox 7.2 NvramStoreImpl.cpp, NvramStore::i_SsmSaveExecInner`). */
@SsmStream()
export class NvramStore {
  @Nested(NvramEntry, { count: { stream: 'u32' }, max: 31 }) entries: NvramEntry[] = [];
  @Marker('u32', TERMINATOR) declare end: never;
}
