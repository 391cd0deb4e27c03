import { Bool, Marker, Mem, Nested, S32, SsmStream, U8, U32, U64 } from '@ssmkit/schema';
import { listOf } from '../common.js';

// `pci` and `pcibridge`: the bus of the PIIX3 chipset (`VirtualBox 7.2 DevPCI.cpp`).

/** Where {@link PciRegion}s lie, as in the low bits of a base address register. */
export const PciRegionType = { IO: 1, MEMORY_64: 4, PREFETCHABLE: 8 } as const;

/** Regions of a function: one for each base address register, and the expansion ROM. */
export const PCI_REGIONS = 7;

/** A region of a function. */
@SsmStream()
export class PciRegion {
  /** {@link PciRegionType}; 0: memory. */
  @U8() type = 0;
  /** Bytes; 0: the region is not used. */
  @U64() size = 0n;
}

/** A function on the bus (`pciR3CommonSaveExec`). */
@SsmStream()
export class PciFunction {
  /** Device × 8 + function; ascending. */
  @U32() devFn = 0;
  /** Vendor at 0x00, device at 0x02, base address registers from 0x10. */
  @Mem({ count: 256 }) config = new Uint8Array(256);
  @S32() irqPinState = 0;
  @Nested(PciRegion, { count: PCI_REGIONS, since: 4 }) regions = listOf(PCI_REGIONS, PciRegion);
}

/** `pcibridge` versions 1 to 4 (`pcibridgeR3SaveExec`). */
@SsmStream()
export class PciBridge {
  @Nested(PciFunction, { end: { devFn: 0xffffffff }, max: 256 }) functions: PciFunction[] = [];
}

/** `pci` versions 1 to 4 (`pciR3SaveExec`). */
@SsmStream()
export class PciBus {
  /** Port 0xCF8. */
  @U32() configRegister = 0;
  @Bool({ since: 2 }) useIoApic = true;
  /** Levels of the interrupt lines A to D. */
  @U32({ count: 4, since: 3 }) legacyIrqLevels = new Uint32Array(4);
  @U32({ count: 8, since: 3 }) apicIrqLevels = new Uint32Array(8);
  @U32({ since: 3 }) acpiIrqLevel = 0;
  @S32({ since: 3 }) acpiIrq = 0;
  @Marker('u32', 0xffffffff) declare separator: never;
  @Nested(PciFunction, { end: { devFn: 0xffffffff }, max: 256 }) functions: PciFunction[] = [];
}
