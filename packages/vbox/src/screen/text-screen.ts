import type { VgaRegisters } from '../units/graphics/vga.js';
import { characterOf } from './code-page-437.js';
import { CHARACTER_BYTES, type TextMode } from './mode.js';
import { attributeColours } from './palette.js';
import { newPicture, type Picture, setPixel } from './picture.js';

// Screens of characters: plane 0 has the characters, plane 1 their attributes, plane 2 the pictures of the characters.

/** A character on the screen. */
export interface TextCell {
  /** Its number in the font. */
  readonly code: number;
  /** Bits 0…3: foreground; 4…7: background, of which bit 7 may mean that it blinks. */
  readonly attribute: number;
}

/** Where the cursor is. */
export interface TextCursor {
  readonly column: number;
  readonly row: number;
}

/** Bytes of a font in plane 2, and of a character in it. */
const FONT_BYTES = 8192;
const GLYPH_BYTES = 32;
/** Bits of AR10: line graphics get a ninth column, and bit 7 of an attribute blinks. */
const LINE_GRAPHICS = 0x04;
const BLINK = 0x08;
/** Characters that the ninth column repeats the eighth of. */
const LINES = { first: 0xc0, last: 0xdf };
const CURSOR_OFF = 0x20;

/** The character at a place; outside of video memory a space. */
export function textCell(vram: Uint8Array, { start, pitch }: TextMode, column: number, row: number): TextCell {
  const at = (start + row * pitch + column) * CHARACTER_BYTES;
  return { code: vram[at] ?? 0x20, attribute: vram[at + 1] ?? 0 };
}

/** The rows of a screen as text, without the spaces at their ends. Characters are those of code page 437. */
export function textRows(vram: Uint8Array, mode: TextMode): string[] {
  return Array.from({ length: mode.rows }, (_, row) =>
    Array.from({ length: mode.columns }, (_, column) => characterOf(textCell(vram, mode, column, row).code))
      .join('')
      .trimEnd(),
  );
}

/** Where the cursor is; `undefined` where none is shown. */
export function textCursor({ cr }: VgaRegisters, { start, pitch, columns, rows }: TextMode): TextCursor | undefined {
  const [first, last] = cursorLines(cr);
  const position = (((cr[0x0e] as number) << 8) | (cr[0x0f] as number)) - start;
  if (((cr[0x0a] as number) & CURSOR_OFF) !== 0 || first > last || position < 0 || pitch === 0) return undefined;
  const row = Math.floor(position / pitch);
  const column = position % pitch;
  return row < rows && column < columns ? { column, row } : undefined;
}

function cursorLines(cr: Uint8Array): [first: number, last: number] {
  return [(cr[0x0a] as number) & 0x1f, (cr[0x0b] as number) & 0x1f];
}

/** Where the two fonts begin in plane 2: for attributes without and with bit 3. */
function fonts({ sr }: VgaRegisters): readonly [number, number] {
  const select = sr[3] as number;
  const font = (high: number, low: number) => ((high & 1) | ((low & 3) << 1)) * FONT_BYTES;
  return [font(select >> 4, select), font(select >> 5, select >> 2)];
}

/** The screen as the monitor shows it, in the guest's own font; what blinks is shown. */
export function textPicture(vram: Uint8Array, mode: TextMode, registers: VgaRegisters, withCursor: boolean): Picture {
  const { columns, rows, cellWidth, cellHeight } = mode;
  const picture = newPicture(columns * cellWidth, rows * cellHeight);
  const colours = attributeColours(registers);
  const { ar, cr } = registers;
  const control = ar[0x10] as number;
  const scale = cellWidth >= 16 ? 2 : 1;
  const dots = cellWidth / scale;
  const stretch = (cr[9] as number) >> 7 === 1 ? 2 : 1;
  const bases = fonts(registers);
  const underline = (cr[0x14] as number) & 0x1f;
  const cursor = withCursor ? textCursor(registers, mode) : undefined;
  const [cursorFirst, cursorLast] = cursorLines(cr);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const { code, attribute } = textCell(vram, mode, column, row);
      const glyph = bases[(attribute >> 3) & 1 ? 1 : 0] + code * GLYPH_BYTES;
      const background = (attribute >> 4) & ((control & BLINK) !== 0 ? 0x07 : 0x0f);
      const repeats = (control & LINE_GRAPHICS) !== 0 && code >= LINES.first && code <= LINES.last;
      const isCursor = cursor?.row === row && cursor.column === column;
      for (let y = 0; y < cellHeight; y++) {
        const line = Math.floor(y / stretch);
        const bits = vram[(glyph + line) * 4 + 2] ?? 0;
        const filled =
          (isCursor && line >= cursorFirst && line <= cursorLast) || (line === underline && (attribute & 7) === 1);
        for (let x = 0; x < cellWidth; x++) {
          const dot = Math.floor(x / scale);
          const isSet = filled || (dot < 8 ? (bits >> (7 - dot)) & 1 : repeats && dot < dots && bits & 1);
          const colour = colours[isSet ? attribute & 0x0f : background] as number;
          setPixel(picture, column * cellWidth + x, row * cellHeight + y, colour);
        }
      }
    }
  }
  return picture;
}
