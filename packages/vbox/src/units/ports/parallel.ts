import { Marker, Nested, S32, SsmStream, U8, U32 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

// `parallel`: the parallel ports (`VirtualBox 7.2 DevParallel.cpp`).

/** How the port is wired: alone in pass 0, and behind the state. */
@SsmStream()
export class ParallelConfig {
  @S32() irq = 7;
  @U32() ioPortBase = 0x378;
  @Marker('u32', TERMINATOR) declare terminator: never;
}

/** `parallel` version 1. */
@SsmStream()
export class Parallel {
  @U8() data = 0;
  @U8() status = 0;
  @U8() control = 0;
  @Nested(ParallelConfig) config = new ParallelConfig();
}
