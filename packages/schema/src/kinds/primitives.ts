import { type HostProfile, pointerBytes } from '../host.js';
import type { Kind, ValueType } from './kind.js';

const both = ['struct', 'stream'] as const;
const streamOnly = ['stream'] as const;

/** gcc for i386 aligns 64-bit members of structures to 4; 64-bit compilers and MSC32 to 8. */
function align64(host: HostProfile): number {
  return host.bits === 64 || host.msc32 ? 8 : 4;
}

/**
 * uint128_t: gcc's __uint128_t on 64-bit hosts but Windows; elsewhere a structure of two 64-bit members. The
 * union RTUINT128U is packed in newer releases: a member of that type has `align: 1`.
 */
function align128(host: HostProfile): number {
  return host.bits === 64 && !host.name.startsWith('win.') ? 16 : align64(host);
}

const alignments: Readonly<Record<number, (host: HostProfile) => number>> = {
  1: () => 1,
  2: () => 2,
  4: () => 4,
  8: align64,
  16: align128,
};

function unsigned(bytes: number, extra: Partial<ValueType> = {}): ValueType {
  const arrays = { 1: 'Uint8Array', 2: 'Uint16Array', 4: 'Uint32Array', 8: 'BigUint64Array' } as const;
  const array = arrays[bytes as keyof typeof arrays];
  return { js: bytes > 4 ? 'bigint' : 'number', bits: bytes * 8, signed: false, ...(array && { array }), ...extra };
}

function signed(bytes: number): ValueType {
  const arrays = { 1: 'Int8Array', 2: 'Int16Array', 4: 'Int32Array', 8: 'BigInt64Array' } as const;
  const array = arrays[bytes as keyof typeof arrays];
  return { js: bytes > 4 ? 'bigint' : 'number', bits: bytes * 8, signed: true, ...(array && { array }) };
}

/** A primitive of one size everywhere, copied as it is. */
function plain(name: string, decorator: string, cType: string, bytes: number, value: ValueType): Kind {
  return {
    name,
    decorator,
    family: 'scalar',
    shapes: both,
    cType,
    size: () => bytes,
    align: alignments[bytes] as (host: HostProfile) => number,
    entry: '',
    transformer: 'NO_TRANSFORMATION',
    simple: true,
    heedsDontIgnore: false,
    value,
    summary: `${bytes} byte${bytes > 1 ? 's' : ''}, little-endian`,
  };
}

/** An address or integer as wide as the guest addresses of the build. */
function guest(name: string, decorator: string, cType: string, width: 'gcPhys' | 'gcPtr', entry: Partial<Kind>): Kind {
  const size = (host: HostProfile) => (width === 'gcPhys' ? host.gcPhysBytes : host.gcPtrBytes);
  return {
    ...plain(name, decorator, cType, 8, unsigned(8)),
    size,
    align: (host) => (size(host) === 8 ? align64(host) : 4),
    savedWidth: width,
    summary: `as many bytes as the saved ${width === 'gcPhys' ? 'cbGCPhys' : 'cbGCPtr'} says (8 in every V2.0 file)`,
    ...entry,
  };
}

/** The primitives of SSM's API (`VirtualBox 7.2 include/VBox/vmm/ssm.h`, SSMR3Put*). */
export const primitives = {
  bool: {
    ...plain('bool', 'Bool', 'bool', 1, { js: 'boolean', bits: 8, signed: false }),
    summary: '1 byte, 0 or 1; any other value than 0 reads as true',
  },
  u8: plain('u8', 'U8', 'uint8_t', 1, unsigned(1)),
  u16: plain('u16', 'U16', 'uint16_t', 2, unsigned(2)),
  u32: plain('u32', 'U32', 'uint32_t', 4, unsigned(4)),
  u64: plain('u64', 'U64', 'uint64_t', 8, unsigned(8)),
  u128: plain('u128', 'U128', 'uint128_t', 16, unsigned(16)),
  s8: plain('s8', 'S8', 'int8_t', 1, signed(1)),
  s16: plain('s16', 'S16', 'int16_t', 2, signed(2)),
  s32: plain('s32', 'S32', 'int32_t', 4, signed(4)),
  s64: plain('s64', 'S64', 'int64_t', 8, signed(8)),
  s128: plain('s128', 'S128', 'int128_t', 16, signed(16)),
  uint: plain('uint', 'UInt', 'RTUINT', 4, unsigned(4)),
  sint: plain('sint', 'SInt', 'RTINT', 4, signed(4)),
  gcuint: guest('gcuint', 'GCUInt', 'RTGCUINT', 'gcPtr', {}),
  gcuintreg: guest('gcuintreg', 'GCUIntReg', 'RTGCUINTREG', 'gcPtr', {}),
  gcphys32: plain('gcphys32', 'GCPhys32', 'RTGCPHYS32', 4, unsigned(4)),
  gcphys64: plain('gcphys64', 'GCPhys64', 'RTGCPHYS64', 8, unsigned(8)),
  gcphys: guest('gcphys', 'GCPhys', 'RTGCPHYS', 'gcPhys', { entry: 'GCPHYS', transformer: 'GCPHYS' }),
  gcptr: guest('gcptr', 'GCPtr', 'RTGCPTR', 'gcPtr', { entry: 'GCPTR', transformer: 'GCPTR' }),
  gcuintptr: guest('gcuintptr', 'GCUIntPtr', 'RTGCUINTPTR', 'gcPtr', {}),
  rcptr: {
    ...plain('rcptr', 'RCPtr', 'RTRCPTR', 4, unsigned(4)),
    entry: 'RCPTR',
    transformer: 'RCPTR',
    arrayTransformer: 'RCPTR_ARRAY',
  },
  ioport: plain('ioport', 'IOPort', 'RTIOPORT', 2, unsigned(2)),
  sel: plain('sel', 'Sel', 'RTSEL', 2, unsigned(2)),
  mem: {
    ...plain('mem', 'Mem', 'uint8_t', 1, unsigned(1)),
    family: 'mem',
    summary: 'the bytes, without a length',
  },
  strz: {
    ...plain('strz', 'StrZ', 'char *', 0, unsigned(1)),
    family: 'strz',
    shapes: streamOnly,
    align: () => 1,
    summary: 'a u32 length, then that many bytes of UTF-8, no terminator',
  },
} as const satisfies Record<string, Kind>;

export type PrimitiveName = keyof typeof primitives;

/** A host pointer as a C type: what `@Ignore` and `@NoEntry` may name beside the primitives. */
export const hostPointer = {
  cType: 'RTHCPTR',
  size: (host: HostProfile): number => pointerBytes(host),
  align: (host: HostProfile): number => pointerBytes(host),
};
