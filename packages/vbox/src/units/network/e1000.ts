import { Bool, Mem, Nested, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { listOf, MAC_BYTES } from '../common.js';
import { E1000Phy, E1000Registers } from './e1000-registers.js';

// `e1000`: the Intel network adapters (`VirtualBox 7.2 DevE1000.cpp`).

/** Which adapter it is. */
export enum E1000Chip {
  I82540EM = 0,
  I82543GC = 1,
  I82545EM = 2,
  I82583V = 3,
}

/** How the adapter is configured: alone in pass 0, and in front of the state since version 2 (`e1kR3SaveConfig`). */
@SsmStream()
export class E1000Config {
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
  @U32({ values: E1000Chip }) chip: number = E1000Chip.I82540EM;
}

/** The EEPROM and the wires to it (`DevEEPROM.cpp`). */
@SsmStream()
export class E1000Eeprom {
  @U8() version = 1;
  @U8() state = 0;
  /** The command in progress. */
  @U8() operation = 0;
  @Bool() writeEnabled = false;
  @U32() wires = 0;
  @U16() word = 0;
  @U16() mask = 0;
  @U16() address = 0;
  @U16({ count: 64 }) data = new Uint16Array(64);
}

/** A MAC address that is received. */
@SsmStream()
export class E1000ReceiveAddress {
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
  /** Bit 15: valid. */
  @U16() control = 0;
}

/** A descriptor. */
@SsmStream()
export class E1000Descriptor {
  @Mem({ count: 16 }) bytes = new Uint8Array(16);
}

/** `e1000` versions 1 to 6 (`e1kR3SaveExec`, `e1kR3LoadExec`). */
@SsmStream()
export class E1000 {
  @Nested(E1000Config, { since: 2 }) config = new E1000Config();
  @Nested(E1000Eeprom, { since: 2 }) eeprom = new E1000Eeprom();
  @Nested(E1000Registers) registers = new E1000Registers();
  @Bool() intRaised = false;
  @Nested(E1000Phy) phy = new E1000Phy();
  /** The register that I/O ports access. */
  @U32() selectedRegister = 0;
  /** The multicast filter. */
  @U32({ count: 128 }) mta = new Uint32Array(128);
  @Nested(E1000ReceiveAddress, { count: 16 }) receiveAddresses = listOf(16, E1000ReceiveAddress);
  /** The VLAN filter. */
  @U32({ count: 128 }) vfta = new Uint32Array(128);
  /** When the last interrupt was acknowledged, in nanoseconds. */
  @U64() ackedAt = 0n;
  @U16() receiveBufferBytes = 2048;
  /** What has been gathered of the packet to be sent. */
  @Mem({ count: { stream: 'u16' }, max: 0xffff }) txPacket = new Uint8Array(0);
  @Bool() ipChecksum = false;
  @Bool() tcpChecksum = false;
  /** The descriptors of the context for segmentation and of that for checksums. */
  @Nested(E1000Descriptor) contextTse = new E1000Descriptor();
  @Nested(E1000Descriptor) contextNormal = new E1000Descriptor();
  @Bool({ since: 3 }) vlanTag = false;
  @U16({ since: 3 }) vlanTagTci = 0;
  /** Descriptors that were fetched and not yet worked off; none in practice. */
  @Nested(E1000Descriptor, { count: { stream: 'u8' }, max: 255, since: 4 }) txFetched: E1000Descriptor[] = [];
}
