import { Mem, SsmStream, Transient } from '@ssmkit/schema';

/**
 * A unit of raw mode or of the recompiler that was. Loaders skip it whatever is in it (`VirtualBox 7.2 VMMR3.cpp` and
 * others, SSMR3RegisterStub), and so it is kept as it is.
 */
@SsmStream()
export class Skipped {
  @Transient() unitBytes: number | undefined = undefined;
  @Mem({ count: 'dataBytes', max: 1 << 30 }) data = new Uint8Array(0);

  get dataBytes(): number {
    return this.unitBytes ?? this.data.length;
  }
}
