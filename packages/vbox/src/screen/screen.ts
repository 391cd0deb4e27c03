import { type OpenState, SsmError } from '@ssmkit/runtime';
import { contextOf } from '../context.js';
import { GuestMemory } from '../guest-memory.js';
import { readKnownUnit } from '../read-unit.js';
import { salvageUnit } from '../salvage-unit.js';
import { Vga } from '../units/graphics/vga.js';
import { linearPicture, vgaPicture } from './graphics-screen.js';
import { type ScreenMode, screenMode } from './mode.js';
import { newPicture, type Picture } from './picture.js';
import { type TextCursor, textCursor, textPicture, textRows } from './text-screen.js';

/*
 * What the guest has on its screen
 *
 * Made from the registers of the graphics adapter and from its memory, and so there for every state, also for those that
 * were saved without a screenshot.
 */

/** Most bytes of video memory that are read. */
const VRAM_MAX = 2 ** 28;

const ADAPTER = { name: 'vga', instance: 0 } as const;

/** A guest's screen. */
export class Screen {
  readonly mode: ScreenMode;
  /** What is wrong with the units that it is of, where that was asked for. */
  readonly damage: readonly SsmError[];
  readonly #vga: Vga;
  readonly #vram: Uint8Array;

  /**
   * @param vga the unit of the adapter.
   * @param vram its memory, with the planes of a VGA next to each other.
   * @throws SsmError VERR_OUT_OF_RANGE for a monitor that is not there.
   */
  constructor(vga: Vga, vram: Uint8Array, monitor = 0, damage: readonly SsmError[] = []) {
    const mode = screenMode(vga, monitor);
    if (mode === undefined) throw new SsmError('VERR_OUT_OF_RANGE', `there is no monitor ${monitor}`, { unit: 'vga' });
    this.mode = mode;
    this.damage = damage;
    this.#vga = vga;
    this.#vram = vram;
  }

  /** The rows of a text mode, without the spaces at their ends; `undefined` in other modes. */
  text(): string[] | undefined {
    return this.mode.kind === 'text' ? textRows(this.#vram, this.mode) : undefined;
  }

  /** Where the cursor of a text mode is; `undefined` where there is none. */
  cursor(): TextCursor | undefined {
    return this.mode.kind === 'text' ? textCursor(this.#vga.registers, this.mode) : undefined;
  }

  /**
   * The screen as the monitor shows it; of 0 pixels where it shows nothing.
   *
   * @param options.cursor whether the cursor of a text mode is drawn; it is, where not given.
   * @throws SsmError VERR_TOO_MUCH_DATA for a size that no screen has; VERR_NOT_SUPPORTED for pixels that nobody knows.
   */
  picture({ cursor = true }: { readonly cursor?: boolean } = {}): Picture {
    const { registers } = this.#vga;
    switch (this.mode.kind) {
      case 'blank':
        return newPicture(0, 0);
      case 'text':
        return textPicture(this.#vram, this.mode, registers, cursor);
      case 'graphics':
        return vgaPicture(this.#vram, this.mode, registers);
      case 'linear':
        return linearPicture(this.#vram, this.mode, registers);
    }
  }
}

/** How a screen is read. */
export interface ReadScreenOptions {
  /**
   * Of a damaged state, as `openSalvaged` has opened it, take what can be read: pages of video memory that cannot be are zero.
   * What was wrong is in {@link Screen.damage}.
   */
  readonly partial?: boolean;
}

/**
 * Reads what is on a guest's screen.
 *
 * @param state an opened file.
 * @param monitor from 0.
 * @throws SsmError where the machine has no graphics adapter, or none that is understood, with the reason; VERR_OUT_OF_RANGE
 * for a monitor that it does not have; what is wrong with the file.
 */
export async function readScreen(
  state: OpenState,
  monitor = 0,
  { partial = false }: ReadScreenOptions = {},
): Promise<Screen> {
  const context = await contextOf(state);
  const { value, damage } = partial
    ? await salvageUnit(state, ADAPTER, context)
    : { ...(await readKnownUnit(await state.seek(ADAPTER.name, ADAPTER.instance), context)), damage: undefined };
  if (!(value instanceof Vga)) throw new SsmError('VERR_NOT_SUPPORTED', 'is no VGA', { unit: 'vga' });
  const memory = await GuestMemory.open(state, { partial });
  const region = memory.mmio2('vga', 0, 0);
  if (region === undefined) {
    const [failure] = memory.damage;
    throw failure ?? new SsmError('VERR_NO_DATA', 'the video memory is not in the state', { unit: 'vga' });
  }
  const vram = await region.space.read(0, new Uint8Array(Math.min(region.size, VRAM_MAX)));
  return new Screen(value, vram, monitor, [...(damage === undefined ? [] : [damage]), ...memory.damage]);
}
