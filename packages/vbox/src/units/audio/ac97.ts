import { Mem, Nested, S32, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { listOf } from '../common.js';

// `ichac97`: the AC'97 controller (`VirtualBox 7.2 DevIchAc97.cpp, ichac97R3SaveExec`).

/** Input, output and microphone. */
const STREAMS = 3;

/** The registers of a stream. */
@SsmStream()
export class Ac97Stream {
  /** Address of the list of buffers; the entry in use, and the last one. */
  @U32() bdbar = 0;
  @U8() civ = 0;
  @U8() lvi = 0;
  @U16() sr = 1;
  /** Samples left in the buffer. */
  @U16() picb = 0;
  /** The entry that was fetched ahead. */
  @U8() piv = 0;
  @U8() cr = 0;
  /** Whether the entry below was fetched. */
  @S32() bufferValid = 0;
  @U32() bufferAddress = 0;
  @U32() bufferControl = 0;
}

/** `ichac97` version 1. */
@SsmStream()
export class Ac97 {
  @U32() globalControl = 0;
  @U32() globalStatus = 0;
  @U32() cas = 0;
  @Nested(Ac97Stream, { count: STREAMS }) streams = listOf(STREAMS, Ac97Stream);
  @Mem({ count: 256 }) mixer = new Uint8Array(256);
  /** Which streams run. */
  @Mem({ count: STREAMS }) active = new Uint8Array(STREAMS);
}
