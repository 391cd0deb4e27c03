import type { InfoOutput } from '../../dbgf/index.js';
import { hex, words } from '../info-text.js';
import type { Chip } from './chip.js';

const describe = ({ state, pending }: Chip) => ({
  irr: state.irr,
  isr: state.isr,
  imr: state.imr,
  inputs: state.lastIrr,
  elcr: state.elcr,
  irqBase: state.irqBase,
  /** The input that comes first. */
  first: state.priorityAdd,
  ...(pending !== undefined && { pending }),
  initialising: state.initState !== 0,
  autoEoi: state.autoEoi !== 0,
  rotatesOnAutoEoi: state.rotateOnAutoEoi !== 0,
  specialMask: state.specialMask !== 0,
  specialFullyNested: state.specialFullyNestedMode !== 0,
  polled: state.poll !== 0,
  reads: state.readRegSelect !== 0 ? 'isr' : 'irr',
});

/** The info item `pic`. */
export function showPic(master: Chip, slave: Chip, output: InfoOutput): void {
  const chips = { master: describe(master), slave: describe(slave) };
  for (const [name, chip] of Object.entries(chips)) {
    const registers = (['irr', 'isr', 'imr', 'elcr', 'inputs'] as const).map((key) => `${key}=${hex(chip[key])}`);
    output.line(`${name}: ${registers.join(' ')}, vectors from ${hex(chip.irqBase)}, input ${chip.first} first`);
    const modes = words({
      initialising: chip.initialising,
      'automatic EOI': chip.autoEoi,
      'rotates on automatic EOI': chip.rotatesOnAutoEoi,
      'special mask': chip.specialMask,
      'special fully nested': chip.specialFullyNested,
      polled: chip.polled,
    });
    output.line(`  reads ${chip.reads}; modes: ${modes}; asks for: ${chip.pending ?? 'nothing'}`);
  }
  output.data({ ...chips, intr: chips.master.pending !== undefined });
}
