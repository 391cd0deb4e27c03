import { SsmStream, U8, U32, U64 } from '@ssmkit/schema';

/** Inputs of the I/O APIC. */
const INPUTS = 24;

/** `ioapic` versions 1 to 3 (`VirtualBox 7.2 DevIoApic.cpp, ioapicR3SaveExec`). */
@SsmStream()
export class IoApic {
  /** Bit n: input n is requested. */
  @U32({ since: 2 }) irr = 0;
  @U8() id = 0;
  /** The register that the window shows. */
  @U8() index = 0;
  /** Redirection table. Bit 16 of an entry masks its input. */
  @U64({ count: INPUTS }) redirection = new BigUint64Array(INPUTS).fill(1n << 16n);
  /** Inputs that flip and flop, as a bitmap. */
  @U64({ since: 3 }) flipFlop = 0n;
}
