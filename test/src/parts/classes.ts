import type { GetStream, PutStream } from '@ssmkit/runtime';
import {
  GCPhys,
  HCPtrNI,
  Mem,
  Nested,
  SsmStream,
  SsmStruct,
  Struct,
  StrZ,
  Transient,
  U8,
  U16,
  U32,
  U64,
} from '@ssmkit/schema';

/** A structure that is laid out alike on every host. */
@SsmStruct()
export class Segment {
  @U32() base = 0;
  @U16() selector = 0;
  @U16() access = 0;
}

/** A structure that is laid out differently on each host. */
@SsmStruct()
export class Ring {
  @U8() mode = 0;
  @HCPtrNI() attached = false;
  @U64() deadline = 0n;
  @U16({ since: 2 }) rate = 0;
}

/** A structure that any host copies as it is, inside another. */
@SsmStruct()
export class Corner {
  @U16() x = 0;
  @U16() y = 0;
  @Struct(Segment) segment = new Segment();
}

/** A part of a stream that is wider where guest addresses are. */
@SsmStream()
export class Page {
  @GCPhys() address = 0n;
  @U32({ since: 2 }) use = 0;
}

/** An element of a list that an empty string ends. */
@SsmStream()
export class Entry {
  @StrZ({ max: 127 }) name = '';
  @U32() value = 0;
  @Nested(Page, { count: { stream: 'u8' }, max: 4 }) pages: Page[] = [];
}

/** A part whose layout the object around it knows. */
@SsmStream()
export class Given {
  @Transient() length = 1;
  @U16() key = 0;
  @Mem({ count: 'length', max: 32 }) data = new Uint8Array(1);
}

/** A structure with views, whose arrays lie unaligned there. */
@SsmStruct({ packed: true, view: true })
export class Gauge {
  @U8() unit = 0;
  @U32({ count: 3 }) values = new Uint32Array(3);
  @U64({ count: 2 }) limits = new BigUint64Array(2);
}

/** A base class without state. */
export class Named {
  get isNamed(): boolean {
    return true;
  }

  isLong({ version }: { readonly version: number }): boolean {
    return version >= 2;
  }
}

/** A base class that saves a member of the classes that derive from it. */
export abstract class Marked {
  abstract mark: number;

  putMark(stream: PutStream): void {
    stream.putU32(this.mark);
  }

  getMark(stream: GetStream): void {
    this.mark = stream.getU32();
  }
}

/** A base class with state. */
@SsmStream()
export class Numbered {
  @U32() number = 0;
}

/** A class that is not saved. */
export class Plain {
  value = 0;
}
