import type { ScreenMode, Vga } from '@ssmkit/vbox';
import type { InfoOutput } from '../../dbgf/index.js';
import { bytes, hex } from '../info-text.js';
import { sizeOf } from './power-on.js';

/** Registers that a VGA has; the unit has room for more. */
const COUNTS = { sr: 5, gr: 9, ar: 21, cr: 25 } as const;

function modeText(mode: ScreenMode): string {
  const { width, height } = sizeOf(mode);
  switch (mode.kind) {
    case 'blank':
      return 'blank';
    case 'text':
      return `text, ${mode.columns} x ${mode.rows} characters of ${mode.cellWidth} x ${mode.cellHeight} pixels`;
    case 'graphics':
      return `graphics, ${width} x ${height} pixels in ${mode.colours} colours`;
    default:
      return `linear, ${width} x ${height} pixels of ${mode.bitsPerPixel} bits`;
  }
}

/** The info item `vga`. */
export function showVga({ config, registers }: Vga, mode: ScreenMode, output: InfoOutput): void {
  const { vramSize, monitorCount } = config;
  output.line(`mode: ${modeText(mode)}`);
  output.line(`video memory: ${vramSize} bytes, monitors: ${monitorCount}`);
  const files = Object.entries(COUNTS).map(([name, count]) => {
    return [name, [...registers[name as keyof typeof COUNTS].subarray(0, count)]] as const;
  });
  for (const [name, file] of files) output.line(`${name}: ${bytes(file)}`);
  const { srIndex, grIndex, arIndex, crIndex, msr, fcr, st00 } = registers;
  const single = { srIndex, grIndex, arIndex, crIndex, msr, fcr, st00 };
  output.line(
    Object.entries(single)
      .map(([name, value]) => `${name}=${hex(value)}`)
      .join(' '),
  );
  const { dacState, dacReadIndex, dacWriteIndex, latch } = registers;
  output.line(
    `DAC: state ${dacState}, reads ${hex(dacReadIndex)}, writes ${hex(dacWriteIndex)}; latch ${hex(latch, 8)}`,
  );
  output.data({
    ...{ mode: { ...mode, ...sizeOf(mode) }, vramSize, monitorCount },
    registers: { ...Object.fromEntries(files), ...single, dacState, dacReadIndex, dacWriteIndex, latch },
  });
}
