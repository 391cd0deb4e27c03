import { type HostProfile, pointerBytes } from '../host.js';
import type { Kind, Transformer } from './kind.js';
import { primitives } from './primitives.js';

const none = () => 0;
const byte = () => 1;

function row(
  kind: Partial<Kind> & Pick<Kind, 'name' | 'decorator' | 'family' | 'summary'> & { entry: Transformer },
): Kind {
  return {
    shapes: ['struct'],
    cType: '',
    size: none,
    align: byte,
    transformer: kind.entry,
    simple: false,
    heedsDontIgnore: false,
    ...kind,
    entry: kind.entry === 'NO_TRANSFORMATION' ? '' : kind.entry,
  };
}

const pointer = { cType: 'RTHCPTR', size: pointerBytes, align: pointerBytes, savedWidth: 'pointer' } as const;

/** Kinds of a member that is saved as zeros, and only with the flag DONT_IGNORE. */
function ignored(name: string, decorator: string, entry: Transformer, like: Partial<Kind>, summary: string): Kind {
  const { cType = '', size = none, align = byte, savedWidth } = like;
  return row({
    name,
    decorator,
    family: 'ignore',
    entry,
    cType,
    size,
    align,
    heedsDontIgnore: true,
    ...(savedWidth && { savedWidth }),
    summary,
  });
}

/** Kinds of a member that is gone: zeros are always saved, and skipped. */
function old(name: string, decorator: string, entry: Transformer, like: Partial<Kind>, summary: string): Kind {
  const { savedWidth } = like;
  return row({
    name,
    decorator,
    family: 'old',
    entry,
    shapes: ['struct', 'stream'],
    ...(savedWidth && { savedWidth }),
    summary,
  });
}

function pad(name: string, decorator: string, entry: Transformer, summary: string): Kind {
  return row({ name, decorator, family: 'pad', entry, cType: 'uint8_t', heedsDontIgnore: true, summary });
}

const { gcphys, gcptr, rcptr, u64 } = primitives;

/** Every SSMFIELD entry that is not a primitive (`VirtualBox 7.2 include/VBox/vmm/ssm.h`), and what C needs no entry for. */
export const entries = {
  hcptr_ni: row({
    name: 'hcptr_ni',
    decorator: 'HCPtrNI',
    family: 'pointer',
    entry: 'HCPTR_NI',
    arrayTransformer: 'HCPTR_NI_ARRAY',
    ...pointer,
    heedsDontIgnore: true,
    value: { js: 'boolean', bits: 64, signed: false },
    summary: '1 byte: whether the pointer is not NULL; with DONT_IGNORE the whole pointer. Loads as 0 or 1',
  }),
  hcptr_hack_u32: row({
    name: 'hcptr_hack_u32',
    decorator: 'HCPtrHackU32',
    family: 'pointer',
    entry: 'HCPTR_HACK_U32',
    ...pointer,
    heedsDontIgnore: true,
    value: { js: 'number', bits: 32, signed: false },
    summary: '4 bytes of a pointer that holds a 32-bit value; with DONT_IGNORE as wide as the pointer',
  }),
  u32_zx_u64: row({
    name: 'u32_zx_u64',
    decorator: 'U32ZxU64',
    family: 'scalar',
    entry: 'U32_ZX_U64',
    cType: u64.cType,
    size: u64.size,
    align: u64.align,
    value: { js: 'bigint', bits: 64, signed: false },
    summary: '4 bytes, read into a 64-bit member; loading only',
  }),
  ignore: ignored('ignore', 'Ignore', 'IGNORE', {}, 'nothing; with DONT_IGNORE as many zeros as the member has bytes'),
  ign_gcphys: ignored('ign_gcphys', 'IgnGCPhys', 'IGN_GCPHYS', gcphys, 'nothing; with DONT_IGNORE a zero RTGCPHYS'),
  ign_gcptr: ignored('ign_gcptr', 'IgnGCPtr', 'IGN_GCPTR', gcptr, 'nothing; with DONT_IGNORE a zero RTGCPTR'),
  ign_rcptr: ignored(
    'ign_rcptr',
    'IgnRCPtr',
    'IGN_RCPTR',
    { cType: rcptr.cType, size: rcptr.size, align: rcptr.align },
    'nothing; with DONT_IGNORE a zero RTRCPTR',
  ),
  ign_hcptr: ignored('ign_hcptr', 'IgnHCPtr', 'IGN_HCPTR', pointer, 'nothing; with DONT_IGNORE a zero host pointer'),
  old: old('old', 'Old', 'OLD', {}, 'zeros, always'),
  old_gcphys: old('old_gcphys', 'OldGCPhys', 'OLD_GCPHYS', gcphys, 'a zero RTGCPHYS, always'),
  old_gcptr: old('old_gcptr', 'OldGCPtr', 'OLD_GCPTR', gcptr, 'a zero RTGCPTR, always'),
  old_rcptr: old('old_rcptr', 'OldRCPtr', 'OLD_RCPTR', {}, 'a zero RTRCPTR, always'),
  old_hcptr: old('old_hcptr', 'OldHCPtr', 'OLD_HCPTR', pointer, 'a zero host pointer, always'),
  old_pad_hc: old(
    'old_pad_hc',
    'OldPadHC',
    'OLD_PAD_HC',
    pointer,
    'zeros, always: one size on 32-bit hosts, another on 64-bit ones',
  ),
  old_pad_msc32: old(
    'old_pad_msc32',
    'OldPadMsc32',
    'OLD_PAD_MSC32',
    pointer,
    'zeros, always, but only on a 32-bit MSC host',
  ),
  pad_hc: pad('pad_hc', 'PadHC', 'PAD_HC', 'a padding member with one size on 32-bit hosts and another on 64-bit ones'),
  pad_hc32: pad('pad_hc32', 'PadHC32', 'PAD_HC32', 'a padding member of 32-bit hosts'),
  pad_hc64: pad('pad_hc64', 'PadHC64', 'PAD_HC64', 'a padding member of 64-bit hosts'),
  pad_hc_auto: pad(
    'pad_hc_auto',
    'PadHCAuto',
    'PAD_HC_AUTO',
    "the compiler's own padding: sizes on 32-bit and on 64-bit hosts",
  ),
  pad_msc32_auto: pad(
    'pad_msc32_auto',
    'PadMsc32Auto',
    'PAD_MSC32_AUTO',
    "the compiler's own padding on 32-bit MSC hosts only",
  ),
  callback: row({
    name: 'callback',
    decorator: 'Callback',
    family: 'callback',
    entry: 'NO_TRANSFORMATION',
    summary: "whatever the class's own methods put and get",
  }),
  struct: row({
    name: 'struct',
    decorator: 'Struct',
    family: 'class',
    entry: 'NO_TRANSFORMATION',
    shapes: ['struct', 'stream'],
    simple: true,
    summary:
      'in a structure the bytes of the nested C structure (or, flattened, its entries); in a stream a structure with its markers',
  }),
  nested: row({
    name: 'nested',
    decorator: 'Nested',
    family: 'class',
    entry: 'NO_TRANSFORMATION',
    shapes: ['stream'],
    summary: 'the values of another stream class',
  }),
  marker: row({
    name: 'marker',
    decorator: 'Marker',
    family: 'marker',
    entry: 'NO_TRANSFORMATION',
    shapes: ['stream'],
    summary: 'a constant that must be there when loading',
  }),
  noentry: row({
    name: 'noentry',
    decorator: 'NoEntry',
    family: 'noentry',
    entry: 'NO_TRANSFORMATION',
    summary: 'nothing: a C member that the SSMFIELD table leaves out',
  }),
} as const satisfies Record<string, Kind>;

export type EntryName = keyof typeof entries;

/** Whether the sizes of a host-dependent padding are those of 64-bit hosts (`VirtualBox 7.2 SSMR3.cpp`, padding kinds). */
export function usesSize64(kind: string, host: Pick<HostProfile, 'bits' | 'msc32'>): boolean {
  return host.bits === 64 || (kind === 'pad_msc32_auto' && !host.msc32);
}
