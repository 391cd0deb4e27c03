import type { VgaRegisters } from '../units/graphics/vga.js';
import { VbeRegister } from '../units/graphics/vga.js';
import type { Colour } from './picture.js';

// From pixels to colours: attribute controller and DAC.

/** Bit of {@link VbeRegister.Enable}: the DAC takes colours of eight bits. */
const DAC_8_BITS = 0x20;

/** The 256 colours of the DAC. */
export function dacColours({ palette, vbe }: VgaRegisters): Uint32Array {
  const wide = ((vbe[VbeRegister.Enable] ?? 0) & DAC_8_BITS) !== 0;
  const component = (at: number) => {
    const value = palette[at] as number;
    return wide ? value : widened(value & 0x3f);
  };
  return Uint32Array.from(
    { length: 256 },
    (_, i) => (component(3 * i) << 16) | (component(3 * i + 1) << 8) | component(3 * i + 2),
  );
}

/** Six bits as eight, the lowest of them repeated (as VirtualBox shows them: 0x2A is 0xA8, 0x3F is 0xFF). */
function widened(value: number): number {
  const low = value & 1;
  return (value << 2) | (low << 1) | low;
}

/** The 16 colours that the attribute controller picks from the DAC's. */
export function attributeColours(registers: VgaRegisters): readonly Colour[] {
  const { ar } = registers;
  const dac = dacColours(registers);
  const select = ar[0x14] as number;
  const fromSelect = ((ar[0x10] as number) & 0x80) !== 0;
  return Array.from({ length: 16 }, (_, i) => {
    const entry = ar[i] as number;
    const index = fromSelect ? ((select & 0x0f) << 4) | (entry & 0x0f) : ((select & 0x0c) << 4) | (entry & 0x3f);
    return dac[index] as Colour;
  });
}
