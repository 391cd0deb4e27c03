import { Marker, Mem, Nested, S32, SsmStream, U8, U32 } from '@ssmkit/schema';
import { listOf } from '../common.js';
import { PCI_REGIONS, PciRegion } from './pci.js';

// `ich9pci` and its kin: the buses of the ICH9 chipset and of ARM machines (`VirtualBox 7.2 DevPciIch9.cpp`).

/** Bytes of configuration space, and of MSI-X state, before version 4 told them. */
const OLD_CONFIG_BYTES = 256;
const OLD_MSIX_BYTES = 4096;

/** A function on the bus (`devpciR3CommonSaveExec`). */
@SsmStream()
export class Ich9PciFunction {
  /** Device × 8 + function; ascending. */
  @U32() devFn = 0;
  @U32({ since: 4, max: 4096 }) configBytes = 4096;
  /** Vendor at 0x00, device at 0x02, base address registers from 0x10. */
  @Mem({ count: 'configSize', max: 4096 }) config = new Uint8Array(4096);
  @U32() flags = 0;
  @S32() irqPinState = 0;
  @U8() msiCapOffset = 0;
  @U8() msiCapSize = 0;
  @U8() msixCapOffset = 0;
  @U8() msixCapSize = 0;
  @U32({ since: 4, max: 0x10000 }) msixBytes = 0;
  /** Table and pending bits of MSI-X. */
  @Mem({ count: 'msixSize', max: 0x10000 }) msix = new Uint8Array(0);
  @Nested(PciRegion, { count: PCI_REGIONS, since: 3 }) regions = listOf(PCI_REGIONS, PciRegion);

  configSize({ version }: { version: number }): number {
    return version >= 4 ? this.configBytes : OLD_CONFIG_BYTES;
  }

  msixSize({ version }: { version: number }): number {
    if (version >= 4) return this.msixBytes;
    return this.msixCapOffset === 0 ? 0 : OLD_MSIX_BYTES;
  }
}

/** `ich9pcibridge` versions 2 to 4 (`devpciR3BridgeCommonSaveExec`), and `pci-generic-ecam-bridge` version 4. */
@SsmStream()
export class Ich9PciBridge {
  @Nested(Ich9PciFunction, { end: { devFn: 0xffffffff }, max: 256 }) functions: Ich9PciFunction[] = [];
}

/** `ich9pci` versions 2 to 4 (`ich9pciR3CommonSaveExec`). */
@SsmStream()
export class Ich9PciBus {
  /** Port 0xCF8. */
  @U32() configRegister = 0;
  @U32({ count: 8 }) apicIrqLevels = new Uint32Array(8);
  @Marker('u32', 0xffffffff) declare separator: never;
  @Nested(Ich9PciFunction, { end: { devFn: 0xffffffff }, max: 256 }) functions: Ich9PciFunction[] = [];
}

/** `pci-generic-ecam` version 4: the bus of ARM machines. */
@SsmStream()
export class EcamPciBus {
  @U32() configRegister = 0;
  @U32({ count: 4 }) irqLevels = new Uint32Array(4);
  @Marker('u32', 0xffffffff) declare separator: never;
  @Nested(Ich9PciFunction, { end: { devFn: 0xffffffff }, max: 256 }) functions: Ich9PciFunction[] = [];
}
