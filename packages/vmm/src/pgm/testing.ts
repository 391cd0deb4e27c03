import { liveSave, loadState, MemorySink, MemorySource, openState, Registry, saveState } from '@ssmkit/runtime';
import { GuestMemory as SavedMemory } from '@ssmkit/vbox';
import { ManualTimers } from '../emt/index.js';
import { GuestMemory, type GuestMemoryOptions } from './guest-memory.js';
import type { Mmio2Range } from './mmio2.js';
import type { RomRange } from './rom.js';
import { type PgmUnit, pgmUnit } from './unit.js';

/** Guest memory in a test, with a ROM, one that is shadowed, and memory of a device. */
export class TestMemory {
  readonly memory: GuestMemory;
  readonly bios: RomRange;
  readonly shadowed: RomRange;
  readonly vram: Mmio2Range;
  readonly unit: PgmUnit;
  readonly timers = new ManualTimers();
  readonly #registry = new Registry();

  constructor(options: Partial<GuestMemoryOptions> = {}) {
    this.memory = new GuestMemory({ size: 2 ** 21, ...options });
    const bytes = Uint8Array.from({ length: 0x2000 }, (_, i) => (i * 7) & 0xff);
    this.bios = this.memory.registerRom({ description: 'PC BIOS - 0xfffff', address: 0xfe000, bytes });
    this.shadowed = this.memory.registerRom({ description: 'Net Boot ROM', address: 0xe2000, bytes, shadowed: true });
    this.vram = this.memory.createMmio2({ device: 'vga', description: 'VRam', size: 0x4000 });
    this.unit = pgmUnit(this.memory, this.timers);
    this.#registry.register(this.unit);
  }

  /** Saves the memory of a machine that is suspended. */
  async save(): Promise<Uint8Array> {
    const sink = new MemorySink();
    await saveState(this.#registry, sink);
    return sink.bytes();
  }

  /**
   * Saves the memory of a machine that runs.
   *
   * @param betweenPasses what the guest does after each pass. @param atEnd what it does before it is suspended.
   */
  async saveLive(betweenPasses: (pass: number) => void = () => {}, atEnd: () => void = () => {}): Promise<Uint8Array> {
    const sink = new MemorySink();
    const vote = { name: 'guest', version: 1, liveVote: (pass: number) => betweenPasses(pass) };
    this.#registry.register(vote);
    const live = await liveSave(this.#registry, sink);
    try {
      await live.step1();
      atEnd();
      await live.step2();
    } finally {
      await live.done();
      this.#registry.deregister({ type: 'internal', name: 'guest' });
    }
    return sink.bytes();
  }

  async load(state: Uint8Array, after: 'RESUME' | 'DEBUG_IT' = 'RESUME'): Promise<void> {
    await loadState(this.#registry, new MemorySource(state), { after });
  }

  /** Everything that a guest and its devices can see of the memory. */
  contents(): unknown {
    const { memory } = this;
    return {
      ram: memory.ram.ranges.map(({ address, size }) => hash(memory.read(address, size))),
      roms: memory.roms.map((rom) => ({
        virgin: hash(rom.virgin),
        shadow: rom.shadow && hash(rom.shadow),
        protections: Array.from({ length: rom.pageCount }, (_, page) => rom.protectionOf(page)),
        seen: hash(memory.read(rom.address, rom.size)),
      })),
      mmio2: memory.mmio2.map(({ bytes }) => hash(bytes)),
      cpus: memory.cpus.map(({ a20Enabled, guestMode }) => ({ a20Enabled, guestMode })),
    };
  }
}

/** FNV-1a, and the length. */
export function hash(bytes: Uint8Array): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return `${bytes.length} bytes, ${(sum >>> 0).toString(16)}`;
}

/** The memory in a saved state, as the reader of `packages/vbox` has it. */
export async function savedMemory(state: Uint8Array): Promise<SavedMemory> {
  return SavedMemory.open(await openState(new MemorySource(state)));
}
