import { type ScreenMode, VbeRegister, VbvaModeHint, VbvaView, Vga, type VgaConfig } from '@ssmkit/vbox';
import { setMode3 } from './mode-3.js';

/** What the unit has of modes that the host suggests. */
const MODE_HINTS = 64;
const UNSET = 0xffffffff;
/** As VirtualBox has them when nobody has written: a monitor is there; the oldest VBE. */
const ST00 = 0x70;
const VBE_ID = 0xb0c0;

/** The adapter when the machine is turned on. @param text whether it has a text mode, as after its firmware. */
export function powerOnState(config: VgaConfig, text: boolean): Vga {
  const vga = Object.assign(new Vga(), { config });
  vga.registers.st00 = ST00;
  vga.registers.vbe[VbeRegister.Id] = VBE_ID;
  vga.hgsmi.views = Array.from({ length: config.monitorCount }, (_, index) => Object.assign(new VbvaView(), { index }));
  vga.hgsmi.extra = new Uint8Array(4);
  vga.hgsmi.modeHintCount = MODE_HINTS;
  vga.hgsmi.modeHints = Array.from({ length: MODE_HINTS }, () => Object.assign(new VbvaModeHint(), { magic: UNSET }));
  if (text) setMode3(vga.registers);
  return vga;
}

/** Pixels of a screen. */
export function sizeOf(mode: ScreenMode): { readonly width: number; readonly height: number } {
  switch (mode.kind) {
    case 'blank':
      return { width: 0, height: 0 };
    case 'text':
      return { width: mode.columns * mode.cellWidth, height: mode.rows * mode.cellHeight };
    default:
      return mode;
  }
}
