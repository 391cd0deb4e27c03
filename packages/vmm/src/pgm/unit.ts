import { PASS_FINAL, type UnitRegistration } from '@ssmkit/runtime';
import { PGM, PgmVersion } from '@ssmkit/vbox';
import type { HostTimers } from '../emt/index.js';
import type { GuestMemory } from './guest-memory.js';
import { MemoryLoad } from './load.js';
import { MemorySave } from './save.js';
import { DirtyHistory, livePercent } from './vote.js';

export const PGM_UNIT = PGM.name;
export const PGM_UNIT_VERSION = PgmVersion.pae;

const NS_PER_S = 1e9;

/** How the live save that was last went, or goes. */
export interface LiveSaveNumbers {
  /** Average of the pages left after the last 4 passes, and after all. */
  dirtyPagesShort: number;
  dirtyPagesLong: number;
  pagesPerSecond: number;
  savedPages: number;
}

/** The unit of a guest's memory, with what it says of live saves. */
export interface PgmUnit extends UnitRegistration {
  readonly numbers: LiveSaveNumbers;
}

/** A live save under way. */
interface Live {
  readonly save: MemorySave;
  readonly history: DirtyHistory;
  /** Nanoseconds that passes have taken. */
  spent: bigint;
  dirty: number;
}

/**
 * The saved-state unit of a guest's memory, for a registry.
 *
 * @param timers the host's time, for the rate at which pages are saved; and turns, which others get between pages.
 */
export function pgmUnit(memory: GuestMemory, timers: Pick<HostTimers, 'now' | 'turn'>): PgmUnit {
  const numbers: LiveSaveNumbers = { dirtyPagesShort: 0, dirtyPagesLong: 0, pagesPerSecond: 0, savedPages: 0 };
  let live: Live | undefined;
  let load: MemoryLoad | undefined;
  return {
    numbers,
    name: PGM_UNIT,
    instance: PGM.instance,
    version: PGM_UNIT_VERSION,
    guess: memory.ram.size,
    livePrep: () => {
      live = { save: new MemorySave(memory, timers), history: new DirtyHistory(), spent: 0n, dirty: 0 };
      live.save.watch();
    },
    liveExec: async (stream, pass) => {
      const { save } = live as Live;
      const start = timers.now();
      await save.pass(stream, pass);
      (live as Live).spent += timers.now() - start;
    },
    liveVote: (pass, handle) => {
      const { save, history, spent } = live as Live;
      const dirty = save.countDirty();
      // A pass that took no time to be seen: as many as there are.
      const pagesPerSecond = Math.round((save.savedPages * NS_PER_S) / Math.max(Number(spent), 1));
      const { maxDowntime } = handle;
      const ready = history.vote({ pass, dirty, pagesPerSecond, maxDowntime });
      const { short, long } = history;
      const { savedPages } = save;
      Object.assign(numbers, { dirtyPagesShort: short, dirtyPagesLong: long, pagesPerSecond, savedPages });
      if (ready) return 'VINF_SUCCESS';
      handle.reportLivePercent(livePercent(pass, dirty, save.countPages()));
      return 'VINF_SSM_VOTE_FOR_ANOTHER_PASS';
    },
    saveExec: async (stream) => {
      const save = live?.save ?? new MemorySave(memory, timers);
      await save.last(stream, live !== undefined);
      numbers.savedPages = save.savedPages;
    },
    saveDone: () => {
      live?.save.end();
      live = undefined;
    },
    loadPrep: (handle) => {
      memory.clearRam();
      load = new MemoryLoad(memory, handle, timers);
    },
    loadExec: async (stream, version, pass) => {
      await (load as MemoryLoad).load(stream, version);
      if (pass === PASS_FINAL) for (const range of memory.mmio2) range.markAllDirty();
    },
    loadDone: () => {
      load = undefined;
    },
  };
}
