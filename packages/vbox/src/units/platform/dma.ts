import { Mem, Nested, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { listOf } from '../common.js';

// `8237A`: the two DMA controllers (`VirtualBox 7.2 DevDMA.cpp, dmaR3SaveController`).

/** A channel. Addresses and counts are in words on the 16-bit controller. */
@SsmStream()
export class DmaChannel {
  /** Where the block began: bits 0…15 of the address, the page has the rest. */
  @U16() currentAddress = 0;
  /** Transfers of the block that are done. */
  @U16() currentCount = 0;
  @U16() baseAddress = 0;
  /** Transfers of a block, less one. */
  @U16() baseCount = 0;
  @U8() mode = 0;
}

/** A controller. */
@SsmStream()
export class DmaController {
  @U8() command = 0;
  /** Bit n: channel n is masked. */
  @U8() mask = 0x0f;
  /** Whether the next byte of an address or count is the high one. */
  @U8() highByte = 0;
  /** 1: the controller of channels 4 to 7. */
  @U32({ min: 0, max: 1 }) is16Bit = 0;
  @U8() status = 0;
  @U8() temporary = 0;
  @U8() modeCounter = 0;
  /** Page registers in the order of their ports: bits 16…23 of addresses. Channels 0 to 3 have 7, 3, 1 and 2. */
  @Mem({ count: 8 }) page = new Uint8Array(8);
  /** Bits 24…31. */
  @Mem({ count: 8 }) pageHigh = new Uint8Array(8);
  @Nested(DmaChannel, { count: 4 }) channels = listOf(4, DmaChannel);
}

/** `8237A` version 2. */
@SsmStream()
export class Dma {
  @Nested(DmaController, { count: 2 }) controllers = listOf(2, DmaController);
}

/** A channel up to version 1. */
@SsmStream()
export class DmaChannelV1 {
  @U32() currentAddress = 0;
  @U32() currentCount = 0;
  @U16() baseAddress = 0;
  @U16() baseCount = 0;
  @U8() mode = 0;
  @U8() page = 0;
  @U8() pageHigh = 0;
  @U8() acknowledge = 0;
  @U8() endOfProcess = 0;
}

/** A controller up to version 1. */
@SsmStream()
export class DmaControllerV1 {
  @U8() command = 0;
  @U8() mask = 0x0f;
  @U8() highByte = 0;
  @U32({ min: 0, max: 1 }) is16Bit = 0;
  @Nested(DmaChannelV1, { count: 4 }) channels = listOf(4, DmaChannelV1);
}

/** `8237A` version 1. */
@SsmStream()
export class DmaV1 {
  @Nested(DmaControllerV1, { count: 2 }) controllers = listOf(2, DmaControllerV1);
}
