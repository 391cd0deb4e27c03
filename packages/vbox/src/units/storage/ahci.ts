import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, StrZ, Transient, U8, U32, U64 } from '@ssmkit/schema';
import { listOf, TERMINATOR } from '../common.js';

// `ahci`: the SATA controller (`VirtualBox 7.2 DevAHCI.cpp`).

/** Ports that a unit has records of, however many the controller implements. */
const PORTS = 30;

/** What is attached to a port. */
@SsmStream()
export class AhciDevice {
  @Bool() present = false;
  @Bool({ since: 7 }) hotPluggable = false;
  @StrZ({ max: 1024 }) serialNumber = '';
  @StrZ({ max: 1024 }) firmwareRevision = '';
  @StrZ({ max: 1024 }) modelNumber = '';
}

/** What is attached: alone in pass 0, and in front of the state since version 3 (`ahciR3LiveExec`). */
@SsmStream()
export class AhciConfig {
  @U32() portsImplemented = PORTS;
  @Nested(AhciDevice, { count: PORTS }) devices = listOf(PORTS, AhciDevice);
  /** Ports that were the masters and slaves of the emulated IDE controllers. */
  @U32({ count: 4 }) idePorts = new Uint32Array([0, 1, 2, 3]);
}

/** The registers of a port, and its disk. */
@SsmStream()
export class AhciPort {
  @U32() clb = 0;
  @U32() clbu = 0;
  @U32() fb = 0;
  @U32() fbu = 0;
  /** Address of the command list. */
  @GCPhys() clbAddress = 0n;
  /** Address of the received FISes. */
  @GCPhys() fbAddress = 0n;
  @U32() is = 0;
  @U32() ie = 0;
  @U32() cmd = 0;
  @U32() tfd = 0;
  @U32() sig = 0;
  @U32() ssts = 0;
  @U32() sctl = 0;
  @U32() serr = 0;
  @U32() sact = 0;
  @U32() ci = 0;
  @U32() cylinders = 0;
  @U32() heads = 0;
  @U32() sectors = 0;
  @U64() totalSectors = 0n;
  /** Sectors of one transfer of READ MULTIPLE. */
  @U32() multipleSectors = 0;
  @U8() ataTransferMode = 0;
  @Bool() resetDevice = false;
  @Mem({ count: 32, until: 2 }) unnamed2 = new Uint8Array(32);
  @Mem({ count: 2, until: 4 }) unnamed4 = new Uint8Array(2);
  @Bool() poweredOn = false;
  @Bool() spunUp = false;
  /** Bit n: the command in slot n is done. */
  @U32() tasksFinished = 0;
  @U32() queuedTasksFinished = 0;
  @U32({ since: 5 }) currentCommandSlot = 0;
  @Bool({ since: 4 }) atapi = false;
  @Mem({ count: 64, since: 4 }) atapiSense = new Uint8Array(64);
  @U8({ since: 4, until: 8 }) notifiedMediaChange = 0;
  @U32({ since: 4, until: 8 }) mediaEventStatus = 0;
}

/** A drive as the emulated IDE controllers saw it, of which only the lengths are known. */
@SsmStream()
export class AhciIdeDrive {
  /** Version of the block around it. */
  @Transient() blockVersion = 3;
  @Mem({ count: 93 }) registers = new Uint8Array(93);
  @Mem({ count: 'senseBytes', max: 64 }) atapiSense = new Uint8Array(64);
  @U8() unnamed = 0;
  @U32({ when: { field: 'blockVersion', min: 3 } }) unnamed3 = 0;
  @Mem({ count: 12 }) led = new Uint8Array(12);
  @Mem({ count: { stream: 'u32' }, max: 0x100000 }) buffer = new Uint8Array(0);

  get senseBytes(): number {
    return this.blockVersion > 1 ? 64 : 2;
  }
}

/** An emulated IDE controller (`ahciR3LoadLegacyEmulationState`). */
@SsmStream()
export class AhciIdeController {
  @U32({ min: 1, max: 3 }) blockVersion = 3;
  @Mem({ count: 32 }) registers = new Uint8Array(32);
  @Nested(AhciIdeDrive, { count: 2, with: ['blockVersion'] }) drives = listOf(2, AhciIdeDrive);
  @Marker('u32', TERMINATOR) declare terminator: never;
}

/** `ahci` versions 2 to 9 (`ahciR3SaveExec`, `ahciR3LoadExec`). */
@SsmStream()
export class Ahci {
  /** Whether the product is one of those that wrote version 6 and called it 5. */
  @Transient() isReally6 = false;
  @Nested(AhciConfig, { since: 3 }) config = new AhciConfig();
  @U32() hbaCap = 0;
  @U32() hbaControl = 0x80000000;
  @U32() hbaIs = 0;
  @U32() hbaPi = 0;
  @U32() hbaVersion = 0x00010100;
  @U32() cccControl = 0;
  @U32() cccPorts = 0;
  @U8() cccPortNumber = 0;
  /** In milliseconds. */
  @U64() cccTimeout = 0n;
  @U32() cccCompletions = 0;
  @U32() cccCurrent = 0;
  /** Bit n: port n interrupts. */
  @U32() portsInterrupted = 0;
  @Bool() reset = false;
  @Bool() is64BitAddress = true;
  @Bool() r0Enabled = true;
  @Bool() rcEnabled = true;
  @Bool({ since: 8 }) legacyPortResetMethod = false;
  @Nested(AhciPort, { count: PORTS }) ports = listOf(PORTS, AhciPort);
  @Nested(AhciIdeController, { count: 2, when: 'hasIde' }) ide = listOf(2, AhciIdeController);
  @Marker('u32', TERMINATOR) declare terminator: never;

  hasIde({ version }: { version: number }): boolean {
    return version < 5 || (version === 5 && !this.isReally6);
  }
}
