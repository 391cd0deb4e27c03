import { Bool, Mem, Nested, S32, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { MAC_BYTES, Timer } from '../common.js';

// `pcnet`: the AMD network adapters (`VirtualBox 7.2 DevPCNet.cpp`). The version is major × 65536 + minor.

/** Which adapter it is. */
export enum PcnetType {
  /** PCnet-PCI II. */
  Am79C970A = 0,
  /** PCnet-FAST III. */
  Am79C973 = 1,
  /** ISA. */
  Am79C960 = 2,
  /** Racal-Interlan EtherBlaster, ISA. */
  Am79C960Eb = 3,
}

/** How the adapter is configured: alone in pass 0, and behind the state (`pcnetR3SaveConfig`). */
@SsmStream()
export class PcnetConfig {
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
  @U8() type: number = PcnetType.Am79C973;
  /** In kilobits a second. */
  @U32() linkSpeed = 1_000_000;
}

/** `pcnet` versions 0.7 to 0.10 (`pcnetR3SaveExec`). */
@SsmStream()
export class Pcnet {
  @Bool() linkUp = true;
  /** The register that is selected. */
  @U32() rap = 0;
  @S32() interruptState = 0;
  @U32() linkState = 0x40;
  /** What it says is not known. */
  @Bool({ since: 9 }) unnamed = false;
  @Bool({ since: 10 }) signalReceiveMiss = false;
  /** Addresses of the rings for receiving and sending. */
  @U32() receiveRing = 0;
  @U32() transmitRing = 0;
  @Mem({ count: 16 }) prom = new Uint8Array(16);
  @U16({ count: 128 }) csr = new Uint16Array(128);
  @U16({ count: 50 }) bcr = new Uint16Array(50);
  @U16({ count: 32 }) mii = new Uint16Array(32);
  /** CSR0 as the guest read it last. */
  @U16() csr0Seen = 0;
  @U64() lastPoll = 0n;
  @Nested(PcnetConfig) config = new PcnetConfig();
  @Nested(Timer) pollTimer = new Timer();
  /** Of the PCnet-FAST III only. */
  @Nested(Timer, { when: 'hasInterruptTimer' }) interruptTimer = new Timer();

  hasInterruptTimer({ version }: { version: number }): boolean {
    return version >= 8 && this.config.type === PcnetType.Am79C973;
  }
}
