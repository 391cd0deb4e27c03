import { GCPhys, Mem, Nested, SsmStream, StrZ, U16, U32 } from '@ssmkit/schema';

/** A frame that waits to be received. */
@SsmStream()
export class Frame {
  @U16() length = 0;
  @Mem({ count: 'length', max: 1518 }) data = new Uint8Array(0);
}

/** A network card, saved as values in stream order: version 2 added the link's name. */
@SsmStream()
export class NetworkCard {
  @Mem({ count: 6 }) mac = new Uint8Array(6);
  @U32() control = 0;
  @GCPhys() ring = 0n;
  @Nested(Frame, { count: { stream: 'u16' }, max: 256 }) queue: Frame[] = [];
  @StrZ({ since: 2, max: 32, default: 'unknown' }) link = 'unknown';
}
