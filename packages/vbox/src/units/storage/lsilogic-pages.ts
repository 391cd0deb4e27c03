import { Mem, Nested, SsmStream, U32 } from '@ssmkit/schema';
import { listOf } from '../common.js';

/*
 * Configuration pages of the LSI Logic controllers, as the bytes that the guest reads and writes (Fusion-MPT; sizes by
 * `VirtualBox 7.2 DevLsiLogicSCSI.h`). Each begins with its header.
 */

/** The pages of every controller. */
@SsmStream()
export class LsiLogicPages {
  @Mem({ count: 76 }) manufacturing0 = new Uint8Array(76);
  @Mem({ count: 260 }) manufacturing1 = new Uint8Array(260);
  @Mem({ count: 8 }) manufacturing2 = new Uint8Array(8);
  @Mem({ count: 8 }) manufacturing3 = new Uint8Array(8);
  @Mem({ count: 84 }) manufacturing4 = new Uint8Array(84);
  @Mem({ count: 88 }) manufacturing5 = new Uint8Array(88);
  @Mem({ count: 4 }) manufacturing6 = new Uint8Array(4);
  @Mem({ count: 4 }) manufacturing8 = new Uint8Array(4);
  @Mem({ count: 4 }) manufacturing9 = new Uint8Array(4);
  @Mem({ count: 4 }) manufacturing10 = new Uint8Array(4);
  @Mem({ count: 12 }) ioUnit0 = new Uint8Array(12);
  @Mem({ count: 8 }) ioUnit1 = new Uint8Array(8);
  @Mem({ count: 28 }) ioUnit2 = new Uint8Array(28);
  @Mem({ count: 8 }) ioUnit3 = new Uint8Array(8);
  @Mem({ count: 20 }) ioUnit4 = new Uint8Array(20);
  @Mem({ count: 28 }) ioc0 = new Uint8Array(28);
  @Mem({ count: 16 }) ioc1 = new Uint8Array(16);
  @Mem({ count: 12 }) ioc2 = new Uint8Array(12);
  @Mem({ count: 8 }) ioc3 = new Uint8Array(8);
  @Mem({ count: 8 }) ioc4 = new Uint8Array(8);
  @Mem({ count: 60 }) ioc6 = new Uint8Array(60);
  @Mem({ count: 48 }) bios1 = new Uint8Array(48);
  @Mem({ count: 384 }) bios2 = new Uint8Array(384);
  @Mem({ count: 12 }) bios4 = new Uint8Array(12);
}

/** The pages of a SCSI device. */
@SsmStream()
export class LsiLogicSpiDevicePages {
  @Mem({ count: 12 }) page0 = new Uint8Array(12);
  @Mem({ count: 16 }) page1 = new Uint8Array(16);
  @Mem({ count: 16 }) page2 = new Uint8Array(16);
  @Mem({ count: 12 }) page3 = new Uint8Array(12);
}

/** The pages of the SPI controller: its port, and 16 devices. */
@SsmStream()
export class LsiLogicSpiPages {
  @Mem({ count: 12 }) port0 = new Uint8Array(12);
  @Mem({ count: 12 }) port1 = new Uint8Array(12);
  @Mem({ count: 76 }) port2 = new Uint8Array(76);
  @Nested(LsiLogicSpiDevicePages, { count: 16 }) devices = listOf(16, LsiLogicSpiDevicePages);
}

/** The pages of a PHY. */
@SsmStream()
export class LsiLogicPhyPages {
  @Mem({ count: 36 }) page0 = new Uint8Array(36);
  @Mem({ count: 28 }) page1 = new Uint8Array(28);
}

/** The pages of a SAS device. */
@SsmStream()
export class LsiLogicSasDevicePages {
  @Mem({ count: 36 }) page0 = new Uint8Array(36);
  @Mem({ count: 48 }) page1 = new Uint8Array(48);
  @Mem({ count: 20 }) page2 = new Uint8Array(20);
}

/** The pages of the SAS controller, three of which are as long as it has PHYs. */
@SsmStream()
export class LsiLogicSasPages {
  @U32({ max: 0x10000 }) manufacturing7Bytes = 0;
  @U32({ max: 0x10000 }) unit0Bytes = 0;
  @U32({ max: 0x10000 }) unit1Bytes = 0;
  @Mem({ count: 'manufacturing7Bytes', max: 0x10000 }) manufacturing7 = new Uint8Array(0);
  @Mem({ count: 'unit0Bytes', max: 0x10000 }) unit0 = new Uint8Array(0);
  @Mem({ count: 'unit1Bytes', max: 0x10000 }) unit1 = new Uint8Array(0);
  @Mem({ count: 20 }) unit2 = new Uint8Array(20);
  @Mem({ count: 44 }) unit3 = new Uint8Array(44);
  @Nested(LsiLogicPhyPages, { count: { stream: 'u32' }, max: 256 }) phys: LsiLogicPhyPages[] = [];
  @Nested(LsiLogicSasDevicePages, { count: { stream: 'u32' }, max: 4096 }) devices: LsiLogicSasDevicePages[] = [];
}
