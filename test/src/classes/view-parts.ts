import { Bool, HCPtrNI, S32, S64, SsmStream, SsmStruct, Struct, U8, U16, U32, U64, U128 } from '@ssmkit/schema';
import { Gauge } from '#parts';

/** A part whose array lies unaligned. */
@SsmStruct({ packed: true, view: true })
export class Kink {
  @U8() a = 0;
  @U64({ count: 2 }) b = new BigUint64Array(2);
  @Bool({ count: 2 }) c = [false, false];
}

/** A part that derives from another one. */
@SsmStruct({ packed: true, view: true })
export class SharpKink extends Kink {
  @U16({ count: 2 }) d = new Uint16Array(2);
}

/** A structure with a part of which there are derived ones. */
@SsmStruct()
export class KinkHolder {
  @Struct(Kink, { flatten: true }) entries = new Kink();
  @Struct(Kink) image = new Kink();
  @Struct(Kink, { flatten: true, count: 2 }) list = [new Kink(), new Kink()];
}

/** Arrays of every sort, all unaligned in a view: what it hands out are copies. */
@SsmStruct({ packed: true, view: true })
export class Crooked {
  @U8() lead = 0;
  @U16({ count: 3 }) u16s = new Uint16Array(3);
  @S32({ count: 40 }) s32s = new Int32Array(40);
  @U64({ count: 2 }) u64s = new BigUint64Array(2);
  @S64({ count: 40 }) s64s = new BigInt64Array(40);
  @U32({ count: 200 }) long = new Uint32Array(200);
  @U64({ count: 2, each: { max: 9n } }) digits = new BigUint64Array(2);
  @U64({ hi: 'tscHi' }) tsc = 0;
  tscHi = 0;
  @Bool({ count: 3 }) bools = [false, false, false];
  @U128({ count: 2 }) wides = [0n, 0n];
  @HCPtrNI({ count: 2 }) pointers = [false, false];
  @HCPtrNI({ count: 2, as: 'bigint' }) handles = [0n, 0n];
  @Struct(Kink, { flatten: true }) kink = new Kink();
  @Struct(Kink) image = new Kink();
  @Struct(Kink, { flatten: true, count: 2 }) kinks = [new Kink(), new Kink()];
  @Struct(Kink, { count: 2 }) images = [new Kink(), new Kink()];
  @U16({ count: 2, since: 2 }) newer = new Uint16Array(2);
}

/** A structure without views of its own that holds such parts in every way. */
@SsmStruct()
export class CrookedStruct {
  @U8() first = 0;
  @Struct(Crooked, { flatten: true }) entries = new Crooked();
  @Struct(Crooked) image = new Crooked();
  @Struct(Crooked, { flatten: true, count: 2 }) list = [new Crooked(), new Crooked()];
  @Struct(Crooked, { count: 2 }) images = [new Crooked(), new Crooked()];
  @Struct(Gauge, { flatten: true }) far = new Gauge();
  @Struct(Gauge, { flatten: true, count: 2 }) others = [new Gauge(), new Gauge()];
  @U8() last = 0;
}

/** A stream that holds such parts in every way. */
@SsmStream()
export class CrookedStream {
  @U8() first = 0;
  @Struct(Crooked) part = new Crooked();
  @Struct(Crooked, { count: 2 }) list = [new Crooked(), new Crooked()];
  @Struct(Crooked, { count: { stream: 'u8' }, max: 3 }) open: Crooked[] = [];
  @Struct(Gauge) far = new Gauge();
  @U8() last = 0;
}
