import { Bool, GCPhys32, Marker, Mem, Nested, SsmStream, StrZ, Transient, U8, U32, U64 } from '@ssmkit/schema';
import { Led, listOf, TERMINATOR } from '../common.js';

// `piix3ide`: the two IDE controllers with two drives each (`VirtualBox 7.2 DevATA.cpp`).

/** Which chip the controllers are of. */
export enum AtaChipset {
  Piix3 = 0,
  Piix4 = 1,
  Ich6 = 2,
}

/** A drive as it is configured. */
@SsmStream()
export class AtaDriveConfig {
  @Bool() present = false;
  @StrZ({ max: 1024 }) serialNumber = '';
  @StrZ({ max: 1024 }) firmwareRevision = '';
  @StrZ({ max: 1024 }) modelNumber = '';
}

/** A controller as it is configured. */
@SsmStream()
export class AtaControllerConfig {
  @Bool() enabled = true;
  @Nested(AtaDriveConfig, { count: 2 }) drives = listOf(2, AtaDriveConfig);
}

/** What is attached: alone in pass 0, and in front of the state since version 20 (`ataR3LiveExec`). */
@SsmStream()
export class AtaConfig {
  @U8({ values: AtaChipset }) chipset: number = AtaChipset.Piix3;
  @Nested(AtaControllerConfig, { count: 2 }) controllers = listOf(2, AtaControllerConfig);
}

/** A drive with its registers; those named `…High` are of the 48-bit commands. */
@SsmStream()
export class AtaDrive {
  @Transient() longLeds = false;
  @Bool() lba48 = false;
  @Bool() atapi = false;
  @Bool() irqPending = false;
  @U8() multipleSectors = 0;
  @U32() cylinders = 0;
  @U32() heads = 0;
  @U32() sectors = 0;
  @U32() sectorsPerIrq = 1;
  @U64() totalSectors = 0n;
  @U8() feature = 0;
  @U8() featureHigh = 0;
  @U8() error = 0;
  @U8() sectorCount = 1;
  @U8() sectorCountHigh = 0;
  @U8() sector = 1;
  @U8() sectorHigh = 0;
  @U8() lowCylinder = 0;
  @U8() lowCylinderHigh = 0;
  @U8() highCylinder = 0;
  @U8() highCylinderHigh = 0;
  @U8() select = 0;
  @U8() status = 0;
  @U8() command = 0;
  @U8() deviceControl = 0;
  @U8() transferMode = 0;
  /** Direction of the transfer. */
  @U8() txDirection = 0;
  /** Numbers of the functions that begin the transfer, and that bring or take its data. */
  @U8() beginTransfer = 0;
  @U8() sourceSink = 0;
  @Bool() dma = false;
  @Bool() atapiTransfer = false;
  /** Bytes of the whole transfer, and of the part between two interrupts. */
  @U32() totalTransfer = 0;
  @U32() elementaryTransfer = 0;
  @U32() bufferCurrent = 0;
  @U32() bufferEnd = 0;
  @U32() pioDataStart = 0;
  @U32() pioDataEnd = 0;
  @U32({ until: 21 }) currentLba32 = 0;
  @U64({ since: 22 }) currentLba = 0n;
  @U32() atapiSectorBytes = 0;
  @Mem({ count: 12 }) atapiCommand = new Uint8Array(12);
  @U8({ count: 2, until: 16 }) oldAtapiSense = new Uint8Array(2);
  @Mem({ count: 64, since: 17 }) atapiSense = new Uint8Array(64);
  @U8() notifiedMediaChange = 0;
  @U32({ since: 18 }) mediaEventStatus = 0;
  @Nested(Led, { with: ['longLeds'] }) led = new Led();
  @Mem({ count: { stream: 'u32' }, max: 0x100000 }) buffer = new Uint8Array(0);
}

/** The registers of a bus master. */
@SsmStream()
export class AtaBusMaster {
  @U8() command = 0;
  @U8() status = 0;
  @Mem({ count: 2 }) unused = new Uint8Array(2);
  /** Address of the descriptor table. */
  @U32() address = 0;
}

/** A controller. */
@SsmStream()
export class AtaController {
  @Transient() longLeds = false;
  @U8() selected = 0;
  /** The drive with the transfer in progress. */
  @U8() asyncDrive = 0;
  @U8() asyncState = 0;
  @Bool() chainedTransfer = false;
  @Bool() reset = false;
  /** Whether the current operation is to be done again, such as after a disk was full. */
  @Bool() redo = false;
  @Bool() redoIdle = false;
  @Bool() redoDmaLastDescriptor = false;
  @Nested(AtaBusMaster) busMaster = new AtaBusMaster();
  @GCPhys32() firstDmaDescriptor = 0;
  @GCPhys32() lastDmaDescriptor = 0;
  @GCPhys32() redoDmaBuffer = 0;
  @U32() redoDmaBufferBytes = 0;
  @Nested(AtaDrive, { count: 2, with: ['longLeds'] }) drives = listOf(2, AtaDrive);
}

/** `piix3ide` versions 16 to 22 (`ataR3SaveExec`, `ataR3LoadExec`). */
@SsmStream()
export class Ata {
  /** As of {@link Led}. */
  @Transient() longLeds = false;
  @Nested(AtaConfig, { since: 20 }) config = new AtaConfig();
  @Nested(AtaController, { count: 2, with: ['longLeds'] }) controllers = listOf(2, AtaController);
  @U8({ until: 19 }) oldChipset: number = AtaChipset.Piix3;
  @Marker('u32', TERMINATOR) declare terminator: never;
}
