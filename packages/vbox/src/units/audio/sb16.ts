import { Marker, Mem, Nested, S32, SsmStream, U8 } from '@ssmkit/schema';

// `sb16`: the Sound Blaster 16 (`VirtualBox 7.2 DevSB16.cpp`).

/** How the card is wired: alone in pass 0, and in front of the state (`sb16LiveExec`). */
@SsmStream()
export class Sb16Config {
  @S32() irq = 5;
  @S32() dma = 1;
  @S32() highDma = 5;
  @S32() port = 0x220;
  /** Of the DSP: major × 256 + minor. */
  @S32() version = 0x0405;
}

/** `sb16` version 2 (`sb16Save`). */
@SsmStream()
export class Sb16 {
  @Nested(Sb16Config) config = new Sb16Config();
  /** The same once more, as the state of older versions began. */
  @Nested(Sb16Config) wiring = new Sb16Config();
  /** Bytes of the command that have come, and of the answer that are to be read. */
  @S32() inCount = 0;
  @S32() outCount = 0;
  @S32() stereo = 0;
  @S32() signed = 0;
  @S32() bits = 8;
  @Marker('u32', 0) declare formerFormat: never;
  @S32() dmaAuto = 0;
  @S32() blockSize = 0;
  @S32() fifo = 0;
  /** In hertz. */
  @S32() frequency = 11025;
  @S32() timeConstant = -1;
  @S32() speaker = 0;
  @S32() neededBytes = 0;
  @S32() command = -1;
  @S32() useHighDma = 0;
  @S32() highSpeed = 0;
  @S32() canWrite = 1;
  @S32() v2x6 = 0;
  @U8() cspParameter = 0;
  @U8() cspValue = 0;
  @U8() cspMode = 0;
  /** The parameter once more. */
  @U8() cspParameterAgain = 0;
  @Mem({ count: 256 }) cspRegisters = new Uint8Array(256);
  @U8() cspIndex = 0;
  @Mem({ count: 4 }) cspRegister83 = new Uint8Array(4);
  @S32() cspRegister83Read = 0;
  @S32() cspRegister83Write = 0;
  @Mem({ count: 10 }) inData = new Uint8Array(10);
  @Mem({ count: 50 }) outData = new Uint8Array(50);
  @U8() testRegister = 0;
  @U8() lastReadByte = 0;
  @S32() zeros = 0;
  @S32() leftOver = 0;
  @S32() dmaRunning = 0;
  @S32() bytesPerSecond = 0;
  @S32() align = 0;
  /** The mixer's register that is selected. */
  @S32() mixerIndex = 0;
  @Mem({ count: 256 }) mixerRegisters = new Uint8Array(256);
}
