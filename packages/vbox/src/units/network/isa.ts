import { Bool, Mem, Nested, SsmStream, U8, U16 } from '@ssmkit/schema';
import { MAC_BYTES } from '../common.js';

// The network adapters of the ISA bus (`VirtualBox 7.2 DevDP8390.cpp, Dev3C501.cpp`).

/** The configured MAC address: alone in pass 0, and behind the state. */
@SsmStream()
export class IsaNicConfig {
  @Mem({ count: MAC_BYTES }) mac = new Uint8Array(MAC_BYTES);
}

/** `3c501` version 1: the 3Com EtherLink (`elnkSaveExec`). */
@SsmStream()
export class EtherLink {
  /** Where in the packet buffer the guest reads and writes, and the adapter receives. */
  @U16() bufferPointer = 0;
  @U16() receivePointer = 0;
  @U8() transmitCommand = 0;
  @U8() transmitStatus = 0;
  @U8() receiveCommand = 0;
  @U8() receiveStatus = 0;
  @U8() auxiliaryCommand = 0;
  @U8() auxiliaryStatus = 0;
  @U8() interruptState = 0;
  @Bool() inReset = false;
  @Bool() linkUp = true;
  @Bool() isr = false;
  @Mem({ count: MAC_BYTES }) stationAddress = new Uint8Array(MAC_BYTES);
  @Nested(IsaNicConfig) config = new IsaNicConfig();
}

/** The gate array beside the chip on 3Com's EtherLink II. */
@SsmStream()
export class Dp8390GateArray {
  @U8() pstr = 0;
  @U8() pspr = 0;
  @U8() dqtr = 0;
  @U8() bcfr = 0;
  @U8() pcfr = 0;
  @U8() gacfr = 0;
  @U8() gacr = 0;
  @U8() streg = 0;
  @U8() idcfr = 0;
  @U8() damsb = 0;
  @U8() dalsb = 0;
  @U8() vptr2 = 0;
  @U8() vptr1 = 0;
  @U8() vptr0 = 0;
  @U16() cdadr = 0;
  @Bool() irq = false;
}

/** `dp8390` version 1: NE1000, NE2000 and others (`dpNicSaveExec`), without the adapter's packet memory. */
@SsmStream()
export class Dp8390 {
  @Bool() linkUp = true;
  @Bool() irqActive = false;
  @U8() cr = 0x21;
  @U8() dcr = 0;
  @U8() isr = 0;
  @U8() imr = 0;
  @U8() rcr = 0;
  @U8() rsr = 0;
  @U8() tcr = 0;
  @U8() tsr = 0;
  @U8() ncr = 0;
  @U8() tpsr = 0;
  @U16() tbcr = 0;
  @U16() clda = 0;
  @U8() pstart = 0;
  @U8() pstop = 0;
  @U8() curr = 0;
  @U8() bnry = 0;
  @U16() rsar = 0;
  @U16() rbcr = 0;
  @U16() crda = 0;
  @U8() localNextTx = 0;
  @U8() remoteNextTx = 0;
  @U8() cntr0 = 0;
  @U8() cntr1 = 0;
  @U8() cntr2 = 0;
  /** The physical address, and the multicast filter. */
  @Mem({ count: MAC_BYTES }) par = new Uint8Array(MAC_BYTES);
  @Mem({ count: 8 }) mar = new Uint8Array(8);
  @U8() fifoRead = 0;
  @U8() fifoWrite = 0;
  @Mem({ count: 16 }) fifo = new Uint8Array(16);
  @U8() ctrl1 = 0;
  @U8() ctrl2 = 0;
  @Nested(Dp8390GateArray) gateArray = new Dp8390GateArray();
  @Nested(IsaNicConfig) config = new IsaNicConfig();
}
