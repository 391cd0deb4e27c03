import { expect } from 'chai';
import {
  Callback,
  GCPhys,
  HCPtrNI,
  Ignore,
  Marker,
  Mem,
  Nested,
  NoEntry,
  Old,
  OldPadHC32,
  PadHC,
  PadHCAuto,
  RCPtr,
  SsmStream,
  SsmStruct,
  Struct,
  StrZ,
  U8,
  U16,
  U32,
  U64,
} from './decorators.js';
import { describe as describeClass } from './describe.js';
import { hosts } from './host.js';

@SsmStruct()
class Counter {
  @U32() ticks = 0;
  @U8() mode = 0;
}

@SsmStruct()
class PIT {
  @U32() a = 0;
  @PadHCAuto(0, 4) declare pad: never;
  @HCPtrNI({ since: 2 }) pvA = false;
  @HCPtrNI({ count: 2 }) apvB = [false, false];
  @GCPhys() base = 0n;
  @RCPtr({ count: 2 }) aRc = new Uint32Array(2);
  @Ignore('u8', { count: 3 }) declare ign: never;
  @U8({ since: 5 }) z = 0;
  @U16({ offset: { of: 'z', add: 1 } }) bits = 0;
  @Old(4) declare gone: never;
  @OldPadHC32(4) declare goneToo: never;
  @PadHC(2, 4) declare abPadding: never;
  @Struct(Counter, { flatten: true, count: 2 }) counters = [new Counter(), new Counter()];
  @Struct(Counter) last = new Counter();
  @Callback('u64', { put: 'putIt', get: 'getIt' }) custom = 0n;
  @NoEntry('u32') declare unsaved: never;

  putIt(): void {}
  getIt(): void {}
}

const golden = `/* PIT on linux.amd64: 104 bytes, aligned to 8.
   Gaps left by the compiler: 4 at 4, 2 at 58, 4 at 84, 4 at 100. */
static SSMFIELD const g_aPITFields[] =
{
    SSMFIELD_ENTRY(PIT, a),                      /* offset 0, 4 bytes */
    SSMFIELD_ENTRY_PAD_HC_AUTO(0, 4),            /* no member */
    SSMFIELD_ENTRY_HCPTR_NI(PIT, pvA),           /* offset 8, 8 bytes, since version 2 */
    SSMFIELD_ENTRY_HCPTR_NI_ARRAY(PIT, apvB),    /* offset 16, 16 bytes */
    SSMFIELD_ENTRY_GCPHYS(PIT, base),            /* offset 32, 8 bytes */
    SSMFIELD_ENTRY_RCPTR_ARRAY(PIT, aRc),        /* offset 40, 8 bytes */
    SSMFIELD_ENTRY_IGNORE(PIT, ign),             /* offset 48, 3 bytes */
    SSMFIELD_ENTRY_VER(PIT, z, 5),               /* offset 51, 1 byte */
    SSMFIELD_ENTRY_CUSTOM(bits, 52, 2),          /* offset 52, 2 bytes */
    SSMFIELD_ENTRY_OLD(gone, 4),                 /* no member */
    SSMFIELD_ENTRY_OLD_PAD_HC(goneToo, 4, 0),    /* no member */
    SSMFIELD_ENTRY_PAD_HC(PIT, abPadding, 2, 4), /* offset 54, 4 bytes */
    SSMFIELD_ENTRY(PIT, counters[0].ticks),      /* offset 60, 4 bytes */
    SSMFIELD_ENTRY(PIT, counters[0].mode),       /* offset 64, 1 byte */
    SSMFIELD_ENTRY(PIT, counters[1].ticks),      /* offset 68, 4 bytes */
    SSMFIELD_ENTRY(PIT, counters[1].mode),       /* offset 72, 1 byte */
    SSMFIELD_ENTRY(PIT, last),                   /* offset 76, 8 bytes */
    SSMFIELD_ENTRY_CALLBACK(PIT, custom, putIt), /* offset 88, 8 bytes */
    SSMFIELD_ENTRY_TERM()
};
`;
describe('describe', () => {
  it('writes the table that a C programmer would write, with offsets on a host', () => {
    expect(describeClass(PIT)).to.equal(golden);
  });

  it('lays it out for other hosts', () => {
    const text = describeClass(PIT, hosts['win.x86']);
    expect(text).to.include('/* PIT on win.x86: 80 bytes, aligned to 8.\n   Gaps left by the compiler: 4 at 76. */');
    const offsets = [...text.matchAll(/offset (\d+)/g)].map(([, offset]) => Number(offset));
    expect(offsets).to.deep.equal([0, 4, 8, 16, 24, 32, 35, 36, 38, 40, 44, 48, 52, 56, 64]);
  });

  it('says that a structure is packed, and where there are no gaps', () => {
    @SsmStruct({ packed: true })
    class Tight {
      @U8() a = 0;
      @U64() b = 0n;
    }
    expect(describeClass(Tight).split('\n').slice(0, 2)).to.deep.equal([
      '/* Tight on linux.amd64: 9 bytes, aligned to 1, packed.',
      '   Gaps left by the compiler: none. */',
    ]);
  });

  it('lists the values of a stream in their order', () => {
    @SsmStream()
    class Log {
      @U8() n = 0;
      @Mem({ count: 'n', max: 9 }) data = new Uint8Array(0);
      @Nested(Entry, { count: { stream: 'u32' }, max: 4 }) entries: Entry[] = [];
      @U32({ since: 2, until: 4, default: 1 }) mode = 1;
      @U64({ when: { field: 'mode', is: 1 }, max: 5n }) size = 0n;
      @Marker('u16', 0xffff) declare end: never;
    }
    expect(describeClass(Log)).to.equal(`stream Log
{
    u8 n
    mem data (count: "n", limit: 9)
    nested Entry entries (count: {"stream":"u32"}, limit: 4)
    u32 mode (since: 2, until: 4, default: 1)
    u64 size (when: {"field":"mode","is":1}, domain: {"max":"5"})
    marker end (type: "u16", value: 65535)
}
`);
  });
});

@SsmStream()
class Entry {
  @StrZ() name = '';
}
