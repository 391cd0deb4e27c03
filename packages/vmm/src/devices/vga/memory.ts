import type { VgaRegisters } from '@ssmkit/vbox';

/*
 * The window on video memory
 *
 * Video memory is four planes of 64 KiB, whose bytes lie next to each other: byte p of plane n is byte 4 * p + n. The window
 * at 0xA0000 has a byte for each address, of all planes at once; which of them a write changes and how, and what a read
 * gives, three registers' groups say (IBM, "PS/2 Hardware Interface Technical Reference", video subsystem).
 */

export const WINDOW = { address: 0xa0000, size: 0x20000 } as const;

/** Where the window is, by bits 2 and 3 of GR6: offsets from 0xA0000. */
const MAPS = [
  { from: 0x00000, size: 0x20000 },
  { from: 0x00000, size: 0x10000 },
  { from: 0x10000, size: 0x08000 },
  { from: 0x18000, size: 0x08000 },
] as const;

const PLANES = [0, 1, 2, 3] as const;
/** Bytes of a plane. */
const PLANE_MASK = 0xffff;

const Sr = { MAP_MASK: 2, MEMORY_MODE: 4 } as const;
/** SR4: every second byte is of another plane, where clear; every fourth, where set. */
const Sr4 = { SEQUENTIAL: 0x04, CHAIN_4: 0x08 } as const;
const Gr = {
  SET_RESET: 0,
  ENABLE_SET_RESET: 1,
  COMPARE: 2,
  FUNCTION: 3,
  READ_MAP: 4,
  MODE: 5,
  MISCELLANEOUS: 6,
  COMPARE_CARE: 7,
  BIT_MASK: 8,
} as const;
const Gr5 = { WRITE_MODE: 0x03, COMPARE: 0x08, ODD_EVEN: 0x10 } as const;

/** The registers that the window goes by. */
export type WindowRegisters = Pick<VgaRegisters, 'sr' | 'gr' | 'latch' | 'bankOffset'>;

/** Offset in the map that is in use; nothing outside of it. */
function mapped({ gr }: WindowRegisters, offset: number): number | undefined {
  const { from, size } = MAPS[((gr[Gr.MISCELLANEOUS]! >> 2) & 3) as 0]!;
  const at = offset - from;
  return at >= 0 && at < size ? at : undefined;
}

/** The guest reads. @param offset from 0xA0000. @returns nothing where there is no memory. */
export function readWindow(vram: Uint8Array, registers: WindowRegisters, offset: number): number | undefined {
  const at = mapped(registers, offset);
  if (at === undefined) return undefined;
  const { sr, gr } = registers;
  if ((sr[Sr.MEMORY_MODE]! & Sr4.CHAIN_4) !== 0) return vram[(at + registers.bankOffset) % vram.length];
  const isOddEven = (gr[Gr.MODE]! & Gr5.ODD_EVEN) !== 0;
  const byte = 4 * ((isOddEven ? at & ~1 : at) & PLANE_MASK);
  registers.latch = (vram[byte]! | (vram[byte + 1]! << 8) | (vram[byte + 2]! << 16) | (vram[byte + 3]! << 24)) >>> 0;
  if ((gr[Gr.MODE]! & Gr5.COMPARE) !== 0) return compare(registers);
  const plane = isOddEven ? (gr[Gr.READ_MAP]! & 2) | (at & 1) : gr[Gr.READ_MAP]! & 3;
  return vram[byte + plane];
}

/** Which of eight pixels have a colour. */
function compare({ gr, latch }: WindowRegisters): number {
  let differ = 0;
  for (const plane of PLANES) {
    if (((gr[Gr.COMPARE_CARE]! >> plane) & 1) === 0) continue;
    differ |= plane8(latch, plane) ^ spread(gr[Gr.COMPARE]!, plane);
  }
  return ~differ & 0xff;
}

/** The guest writes a byte. */
export function writeWindow(vram: Uint8Array, registers: WindowRegisters, offset: number, value: number): void {
  const at = mapped(registers, offset);
  if (at === undefined) return;
  const { sr, gr, latch } = registers;
  const mask = sr[Sr.MAP_MASK]!;
  const mode = sr[Sr.MEMORY_MODE]!;
  if ((mode & Sr4.CHAIN_4) !== 0) {
    if (((mask >> (at & 3)) & 1) !== 0) vram[(at + registers.bankOffset) % vram.length] = value;
    return;
  }
  const isOddEven = (mode & Sr4.SEQUENTIAL) === 0;
  const planes = isOddEven ? mask & ((at & 1) === 0 ? 0b0101 : 0b1010) : mask;
  const byte = 4 * ((isOddEven ? at & ~1 : at) & PLANE_MASK);
  for (const plane of PLANES) {
    if (((planes >> plane) & 1) !== 0) vram[byte + plane] = combine(gr, plane8(latch, plane), plane, value);
  }
}

/** What becomes of a plane's byte. */
function combine(gr: Uint8Array, latch: number, plane: number, value: number): number {
  const rotation = gr[Gr.FUNCTION]! & 7;
  const rotated = ((value >> rotation) | (value << (8 - rotation))) & 0xff;
  const bitMask = gr[Gr.BIT_MASK]!;
  const setReset = spread(gr[Gr.SET_RESET]!, plane);
  switch (gr[Gr.MODE]! & Gr5.WRITE_MODE) {
    case 0: {
      const isSet = ((gr[Gr.ENABLE_SET_RESET]! >> plane) & 1) !== 0;
      return choose(bitMask, operate(gr, isSet ? setReset : rotated, latch), latch);
    }
    case 1:
      return latch;
    case 2:
      return choose(bitMask, operate(gr, spread(value, plane), latch), latch);
    default:
      return choose(bitMask & rotated, setReset, latch);
  }
}

function operate(gr: Uint8Array, value: number, latch: number): number {
  switch ((gr[Gr.FUNCTION]! >> 3) & 3) {
    case 0:
      return value;
    case 1:
      return value & latch;
    case 2:
      return value | latch;
    default:
      return value ^ latch;
  }
}

const choose = (mask: number, value: number, latch: number) => (value & mask) | (latch & ~mask & 0xff);

/** The byte of a plane in the latch. */
const plane8 = (latch: number, plane: number) => (latch >>> (8 * plane)) & 0xff;

/** A plane's bit of a colour, eight times. */
const spread = (colour: number, plane: number) => (((colour >> plane) & 1) !== 0 ? 0xff : 0);
