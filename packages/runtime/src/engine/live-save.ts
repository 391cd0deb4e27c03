import { SsmError } from '../error.js';
import type { Sink } from '../io/sink-source.js';
import type { SaveHandle } from './handle.js';
import type { Registry } from './registry.js';
import { beginSave, type SaveOptions } from './save.js';
import type { SaveResult, SaveRun } from './save-run.js';
import type { Unit } from './unit.js';

/*
 * Saving a machine that runs
 *
 * Most of a state is guest memory, and most of that does not change while it is saved. So a live save first saves while
 * the machine runs, and again what has changed since, pass after pass, until so little is left that the machine can be
 * stopped for it:
 *
 *     liveSave   file header, with the live flag
 *     step1      livePrep of every unit                         the machine runs
 *                pass 0, 1, 2 …:
 *                    exec   liveExec of every unit that has it
 *                    vote   liveVote of every unit that has it: all for it → done; one for giving up → failure;
 *                           otherwise another pass
 *     — the caller stops the machine —
 *     step2      what an ordinary save does: savePrep, saveExec, END, directory, footer, saveDone
 *     done       closes the sink; always to be called
 *
 * A loader gets a unit's passes in turn, each with its number, and at last the final one. Between the units of one pass
 * "SSMLiveControl" tells the receiving side how far the sender is. A state that grows and grows is given up: the limit is
 * a multiple of what the units have guessed (`VirtualBox 7.2 SSMR3.cpp, ssmR3DoLiveExecVoteLoop`).
 */

/** Most passes of a live save. */
const PASSES_MAX = 1 << 20;
/** A live save may always become this large, */
const SIZE_LIMIT_MIN = 1n << 30n;
/** and larger by these factors than the units guess. */
const FILE_FACTOR = 10_000n;
const STREAM_FACTOR = 100_000n;
const U64_MAX = (1n << 64n) - 1n;

/** Milliseconds that the machine has to wait at most for its turn while units save. */
const YIELD_INTERVAL = 10;

/** How a machine is saved while it runs. */
export interface LiveSaveOptions extends SaveOptions {
  /** Longest time in milliseconds that the machine may be stopped, for those who vote; default 250. */
  maxDowntime?: number;
  /**
   * Write units "SSMLiveControl", by which the receiving side knows how far the save is; VirtualBox before 4.0 does not
   * know them. Default true.
   */
  liveControl?: boolean;
}

/**
 * Begins to save a machine that runs.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for an `after` other than `'DESTROY'`, `'CONTINUE'` and `'TELEPORT'`,
 * VERR_NOT_SUPPORTED for format 1.2, and what the sink fails with; it has been closed as aborted then.
 */
export async function liveSave(registry: Registry, sink: Sink, options: LiveSaveOptions = {}): Promise<LiveSave> {
  const { maxDowntime = 250, liveControl } = options;
  const after = ['DESTROY', 'CONTINUE', 'TELEPORT'] as const;
  const run = await beginSave(registry, sink, options, { live: true, after, maxDowntime, liveControl });
  run.handle.state = 'LIVE_STEP1';
  return new LiveSave(run, sink.isFile === true);
}

/** A live save, step by step. Made by {@link liveSave}. */
export class LiveSave {
  readonly #run: SaveRun;
  readonly #isFile: boolean;
  /** Units that take no part in further passes and votes. */
  readonly #doneLive = new Set<Unit>();
  /** When others last had their turn. */
  #turn = performance.now();
  /** The step under way; never rejects. */
  #running: Promise<void> | undefined;
  #ended = false;
  #complete = false;
  /** What the units have reported together after the pass before. */
  #reported = 0;

  constructor(run: SaveRun, isFile: boolean) {
    this.#run = run;
    this.#isFile = isFile;
  }

  get handle(): SaveHandle {
    return this.#run.handle;
  }

  /** Cancels the save. @throws SsmError VERR_SSM_NO_PENDING_OPERATION, VERR_SSM_ALREADY_CANCELLED. */
  cancel(): void {
    this.handle.cancel();
  }

  /**
   * Saves pass after pass while the machine runs, until all units are for stopping it.
   *
   * @throws SsmError VERR_INVALID_STATE out of turn; the failure of the save; VERR_SSM_STATE_GREW_TOO_BIG,
   * VERR_SSM_TOO_MANY_PASSES, VERR_OUT_OF_RANGE for guesses that add up to more than there are numbers.
   */
  async step1(): Promise<void> {
    await this.#step('LIVE_STEP1', async () => {
      await this.#prep();
      if (this.#run.ok) await this.#passes();
      if (this.#run.ok) this.handle.state = 'LIVE_STEP2';
    });
  }

  /**
   * Saves the rest; the machine has been stopped.
   *
   * @throws SsmError VERR_INVALID_STATE out of turn; the failure of the save.
   */
  async step2(): Promise<void> {
    await this.#step('LIVE_STEP2', async () => {
      const run = this.#run;
      await run.prep();
      if (run.ok) await run.exec();
      await run.finish();
      this.#complete = true;
    });
  }

  /**
   * Closes the sink: the end of every live save, also of one that has failed or is given up before its second step. A
   * step that is under way ends when the callback that runs has returned.
   *
   * @throws SsmError the failure of the save; VERR_INVALID_STATE when it is not complete, or over already.
   */
  async done(): Promise<SaveResult> {
    if (this.#ended) throw new SsmError('VERR_INVALID_STATE', 'the live save is over');
    this.#ended = true;
    const givenUp = new SsmError('VERR_INVALID_STATE', 'the live save was ended half way');
    if (this.#running !== undefined) {
      this.handle.interrupt.interrupt(givenUp);
      await this.#running;
    }
    if (!this.#complete) this.handle.fail(givenUp);
    return this.#run.close();
  }

  async #step(state: SaveHandle['state'], step: () => Promise<void>): Promise<void> {
    const { handle } = this;
    if (handle.failure !== undefined) throw handle.failure;
    if (this.#ended || handle.state !== state) {
      throw new SsmError('VERR_INVALID_STATE', `a step of a live save out of turn (${handle.state})`);
    }
    const running = step();
    this.#running = running.then(
      () => this.#stepped(),
      () => this.#stepped(),
    );
    await running;
    if (handle.failure !== undefined) throw handle.failure;
  }

  #stepped(): void {
    this.#running = undefined;
  }

  async #prep(): Promise<void> {
    const run = this.#run;
    const { handle } = run;
    handle.state = 'SAVE_PREP';
    for (const unit of run.units) {
      if (!run.ok) return;
      if (unit.livePrep === undefined) continue;
      await run.call('livePrep', 'livePrep failed', unit, () => unit.livePrep?.(handle));
    }
    if (run.ok) run.livePrepared();
  }

  async #passes(): Promise<void> {
    const run = this.#run;
    const { handle, writer } = run;
    const limit = this.#sizeLimit();
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      for (const unit of run.units) {
        if (unit.liveExec === undefined || this.#doneLive.has(unit)) continue;
        handle.state = 'LIVE_EXEC';
        const status = await run.write(unit, pass, (stream) => unit.liveExec?.(stream, pass, handle));
        if (status === undefined) return;
        if (status === 'VINF_SSM_DONT_CALL_AGAIN') this.#doneLive.add(unit);
        await this.#giveWay();
      }
      if (await this.#vote(pass)) return;
      await this.#giveWay();
      if (!run.ok) return;
      if (BigInt(writer.position) > limit) {
        handle.fail(
          new SsmError('VERR_SSM_STATE_GREW_TOO_BIG', `${writer.position} bytes after pass ${pass}, above ${limit}`),
        );
        return;
      }
      try {
        await writer.checkSink();
      } catch (error) {
        handle.fail(error as SsmError);
        return;
      }
    }
    handle.fail(new SsmError('VERR_SSM_TOO_MANY_PASSES', `not done after ${PASSES_MAX} passes`));
  }

  #sizeLimit(): bigint {
    const factor = this.#isFile ? FILE_FACTOR : STREAM_FACTOR;
    const guessed = this.#run.units.reduce((sum, { guess }) => sum + BigInt(guess), 0n) * factor;
    if (guessed > U64_MAX) {
      throw this.#refuse(new SsmError('VERR_OUT_OF_RANGE', `the units guess ${guessed / factor} bytes`));
    }
    return guessed < SIZE_LIMIT_MIN ? SIZE_LIMIT_MIN : guessed;
  }

  #refuse(error: SsmError): SsmError {
    this.handle.fail(error);
    return error;
  }

  /** Asks the units after a pass. @returns whether it was the last one. */
  async #vote(pass: number): Promise<boolean> {
    const run = this.#run;
    const { handle } = run;
    handle.state = 'LIVE_VOTE';
    handle.takeLivePercent();
    let ready = true;
    for (const unit of run.units) {
      if (unit.liveVote === undefined || this.#doneLive.has(unit)) continue;
      if (!run.ok) return false;
      const vote = await run.call('liveVote', 'liveVote failed', unit, () => unit.liveVote?.(pass, handle));
      switch (vote) {
        case undefined:
          return false;
        case 'VINF_SUCCESS':
          break;
        case 'VINF_SSM_VOTE_FOR_ANOTHER_PASS':
          ready = false;
          break;
        case 'VINF_SSM_VOTE_DONE_DONT_CALL_AGAIN':
          this.#doneLive.add(unit);
          break;
        default: {
          const { name, instance } = unit;
          handle.fail(
            new SsmError('VERR_IPE_UNEXPECTED_INFO_STATUS', `liveVote returned ${vote}`, {
              unit: name,
              instance,
              pass,
            }),
          );
          return false;
        }
      }
    }
    if (!ready) {
      const { live } = run.operation.progress.split;
      const reported = handle.takeLivePercent() ?? 0;
      if (reported !== this.#reported) {
        this.#reported = reported;
        await run.tellLive((reported * live) / 100, pass);
      }
    }
    return ready;
  }

  /** Lets the machine, and everything else that waits, have its turn. */
  async #giveWay(): Promise<void> {
    if (performance.now() - this.#turn < YIELD_INTERVAL) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#turn = performance.now();
  }
}
