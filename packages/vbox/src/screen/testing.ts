import { describeSave, MemorySink, type PutStream, V2Writer } from '@ssmkit/runtime';
import { putPgmHeader } from '../pgm/header-parts.js';
import { PageWriter } from '../pgm/put-pages.js';
import { PAGE_SIZE, PGM } from '../pgm/records.js';
import { testHeader } from '../testing.js';
import { Vga } from '../units/graphics/vga.js';

/** Registers of machines in tests, as the BIOS of a VGA sets them. */
const modes = {
  /** The screen is off. */
  blank: {},
  /** 80 × 25 characters of 9 × 16 pixels. */
  text: {
    cr: { 1: 79, 7: 0x1f, 9: 0x4f, 10: 0x0d, 11: 0x0e, 18: 0x8f, 19: 0x28, 20: 0x1f, 23: 0xa3 },
  },
  /** 320 × 200 pixels in 256 colours. */
  graphics: {
    cr: { 1: 79, 7: 0x1f, 9: 0x41, 18: 0x8f, 19: 0x28, 20: 0x40, 23: 0xa3, 24: 0xff },
    gr: { 5: 0x40, 6: 5 },
    sr: { 1: 1, 4: 0x0e },
  },
} as const;

const VRAM_BYTES = 0x40000;

/**
 * A saved state of a machine with a screen.
 *
 * @param mode of the screen; `none` for a machine without a graphics adapter.
 * @param draw sets bytes of video memory.
 */
export async function screenState(
  mode: keyof typeof modes | 'none',
  draw: (vram: Uint8Array) => void,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  const { header } = describeSave({}, mode === 'none' ? 1 : 2, false);
  const writer = new V2Writer(sink, header);
  const unit = (name: string, instance: number, version: number, put: (stream: PutStream) => void) => {
    put(writer.beginUnit({ name, instance, version }));
    writer.endUnit();
  };
  const vram = new Uint8Array(VRAM_BYTES);
  draw(vram);
  unit(PGM.name, PGM.instance, 14, (stream) => {
    const mmio2 = [{ device: 'vga', region: 0, description: 'VRam', size: BigInt(VRAM_BYTES) }];
    const { global, cpus, ramConfig, ranges } = testHeader({ mmio2 });
    putPgmHeader(stream, { global, cpus, ramConfig, ranges });
    const pages = new PageWriter(stream);
    for (let page = 0; page < VRAM_BYTES / PAGE_SIZE; page++) {
      pages.putMmio2(1, page, vram.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
    }
    pages.end();
  });
  if (mode !== 'none') unit('vga', 0, 34, (stream) => stream.put(machine(modes[mode])));
  writer.writeEnd();
  writer.writeDirectory();
  writer.writeFooter();
  await writer.close(false);
  return sink.bytes();
}

function machine(set: Partial<Record<'cr' | 'gr' | 'sr', Readonly<Record<number, number>>>>): Vga {
  const vga = new Vga();
  const { registers } = vga;
  registers.arIndex = set.cr === undefined ? 0 : 0x20;
  for (let i = 0; i < 16; i++) registers.ar[i] = i;
  registers.palette = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3) & 0x3f);
  for (const file of ['cr', 'gr', 'sr'] as const) {
    for (const [index, value] of Object.entries(set[file] ?? {})) registers[file][Number(index)] = value;
  }
  return vga;
}
