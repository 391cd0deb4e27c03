import type { Vga, VgaRegisters } from '../units/graphics/vga.js';

/*
 * What the registers say is on the screen
 *
 * Video memory has the four planes of a VGA next to each other: byte p of plane n is byte 4 * p + n. All offsets here are
 * offsets in that memory.
 */

/** Nothing: the screen is off, or no mode was set. */
export interface BlankMode {
  readonly kind: 'blank';
}

/** Characters. */
export interface TextMode {
  readonly kind: 'text';
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a character: 8 or 9, twice as many where the clock is halved. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** The character in the upper left corner, and characters from one row to the next. */
  readonly start: number;
  readonly pitch: number;
}

/** Pixels of a VGA. */
export interface VgaMode {
  readonly kind: 'graphics';
  /** 16: a bit of each plane. 4: pairs of bits, as a CGA has them. 256: bytes. */
  readonly colours: 4 | 16 | 256;
  /** As the monitor shows them, doubled pixels and lines counted twice. */
  readonly width: number;
  readonly height: number;
  /** How wide a pixel is, and how often a line is shown. */
  readonly scaleX: 1 | 2 | 4;
  readonly scaleY: 1 | 2;
  /** Lines of a character cell: they show the same, or memory at addresses of their own ({@link control}). */
  readonly cellLines: number;
  readonly start: number;
  readonly lineBytes: number;
  /** Bytes of video memory for eight pixels, of modes with less than 256 colours. */
  readonly stepBytes: 4 | 8;
  /** The line behind which the screen shows video memory from its start on. */
  readonly split: number;
  /** CR17. Bits 0 and 1 clear: the line in a cell goes into the address, as with a CGA. */
  readonly control: number;
}

/** Pixels in a row, as VBE and other adapters have them. */
export interface LinearMode {
  readonly kind: 'linear';
  readonly bitsPerPixel: number;
  readonly width: number;
  readonly height: number;
  readonly start: number;
  readonly lineBytes: number;
}

export type ScreenMode = BlankMode | TextMode | VgaMode | LinearMode;

/** Bits of registers. */
const AR_SCREEN_ON = 0x20;
const SR1_8_DOTS = 0x01;
const SR1_HALF_CLOCK = 0x08;
const SR1_SCREEN_OFF = 0x20;
const GR6_GRAPHICS = 0x01;
const CR14_DOUBLE_WORD = 0x40;
const CR17_BYTE = 0x40;
const VBE_ENABLED = 0x01;
/** What VMSVGA's sizes are before a guest has set them. */
const UNSET = 0xffffffff;

/** Bytes of video memory for a character: a word of each plane pair. */
export const CHARACTER_BYTES = 8;

/** Mode of a monitor; `undefined` where there is no such monitor. */
export function screenMode(vga: Vga, monitor: number): ScreenMode | undefined {
  const own = monitorMode(vga, monitor);
  if (own !== undefined || monitor > 0) return own;
  const { registers } = vga;
  const [, width = 0, height = 0, bitsPerPixel = 0, enable = 0] = registers.vbe;
  if ((enable & VBE_ENABLED) !== 0 && width > 0 && height > 0) {
    const { vbeStart, vbeLineBytes: lineBytes } = registers;
    return { kind: 'linear', bitsPerPixel: bitsPerPixel || 8, width, height, start: vbeStart * 4, lineBytes };
  }
  return vgaMode(registers);
}

/** What adapters beyond VGA show on a monitor. */
function monitorMode({ svga, hgsmi, config }: Vga, monitor: number): ScreenMode | undefined {
  if (svga !== undefined && svga.registers.enabled !== 0) {
    const screen = svga.screens.find(({ id, defined }) => id === monitor && defined);
    if (screen !== undefined) return linear(screen, screen.offset);
    const { registers } = svga;
    if (monitor === 0 && registers.width !== UNSET && registers.height !== UNSET) {
      return linear(registers, registers.screenOffset);
    }
  }
  if (monitor === 0 || monitor >= config.monitorCount) return undefined;
  const view = hgsmi.views.find(({ index }) => index === monitor);
  if (view === undefined || view.width === 0 || view.height === 0) return { kind: 'blank' };
  return linear(view, view.offset + view.startOffset);
}

function linear(
  { bitsPerPixel, width, height, lineBytes }: Pick<LinearMode, 'bitsPerPixel' | 'width' | 'height' | 'lineBytes'>,
  start: number,
): LinearMode {
  // Where VMSVGA's guest has not said how many bits a pixel has, there are 32.
  return { kind: 'linear', bitsPerPixel: bitsPerPixel === UNSET ? 32 : bitsPerPixel, width, height, start, lineBytes };
}

function vgaMode({ arIndex, sr, gr, cr }: VgaRegisters): ScreenMode {
  const register = (file: Uint8Array, index: number) => file[index] as number;
  const sr1 = register(sr, 1);
  if ((arIndex & AR_SCREEN_ON) === 0 || (sr1 & SR1_SCREEN_OFF) !== 0) return { kind: 'blank' };
  const overflow = register(cr, 0x07);
  const maxScan = register(cr, 0x09);
  const columns = register(cr, 0x01) + 1;
  const lines = (register(cr, 0x12) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const doubled = maxScan >> 7 === 1;
  const cellLines = (maxScan & 0x1f) + 1;
  const start = (register(cr, 0x0c) << 8) | register(cr, 0x0d);
  const offset = register(cr, 0x13);
  const halfClock = (sr1 & SR1_HALF_CLOCK) !== 0;
  if ((register(gr, 6) & GR6_GRAPHICS) === 0) {
    return {
      kind: 'text',
      columns,
      rows: Math.floor(lines / (doubled ? 2 * cellLines : cellLines)),
      cellWidth: ((sr1 & SR1_8_DOTS) !== 0 ? 8 : 9) * (halfClock ? 2 : 1),
      cellHeight: doubled ? 2 * cellLines : cellLines,
      start,
      pitch: offset * 2,
    };
  }
  const shift = (register(gr, 5) >> 5) & 3;
  const control = register(cr, 0x17);
  const isWord = (control & CR17_BYTE) === 0 && (register(cr, 0x14) & CR14_DOUBLE_WORD) === 0;
  const stepBytes = isWord ? 8 : 4;
  const halved = halfClock ? 2 : 1;
  return {
    kind: 'graphics',
    colours: shift === 0 ? 16 : shift === 1 ? 4 : 256,
    width: columns * 8 * halved,
    height: lines,
    scaleX: ((shift >= 2 ? 2 : 1) * halved) as VgaMode['scaleX'],
    scaleY: doubled ? 2 : 1,
    cellLines,
    start: start * stepBytes,
    lineBytes: offset * 2 * stepBytes,
    stepBytes,
    split: register(cr, 0x18) | ((overflow & 0x10) << 4) | ((maxScan & 0x40) << 3),
    control,
  };
}
