import { Marker, Mem, SsmStream, Transient, U16, U32, U64 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

/** `iommu-intel` version 1. */
@SsmStream()
export class IommuIntel {
  @U32() versionRegister = 0;
  @U64() capabilities = 0n;
  @U64() extendedCapabilities = 0n;
  /** Groups of registers; each of the two that follow has a size of its own. */
  @U32() groups = 2;
  @Mem({ count: { stream: 'u32' }, max: 0x10000 }) group0 = new Uint8Array(0);
  @Mem({ count: { stream: 'u32' }, max: 0x10000 }) group1 = new Uint8Array(0);
  /** What they say is not known. */
  @U16({ count: 3 }) unnamed = new Uint16Array(3);
  /** Address of the interrupt remapping table. */
  @U64() interruptRemapTable = 0n;
  /** Address of the root table. */
  @U64() rootTable = 0n;
  @Marker('u32', TERMINATOR) declare terminator: never;
}

/** `iommu-amd` version 1: its registers. */
@SsmStream()
export class IommuAmd {
  /** Bytes of the unit that is read, which tell how many registers there are. */
  @Transient() unitBytes: number | undefined = undefined;
  @U64({ count: 'registerCount', max: 4096 }) registers = new BigUint64Array(0);
  @Marker('u32', TERMINATOR) declare terminator: never;

  get registerCount(): number {
    return this.unitBytes === undefined ? this.registers.length : Math.max(0, Math.floor((this.unitBytes - 4) / 8));
  }
}
