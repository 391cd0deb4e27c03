import type { StateWriter } from '../containers/state.js';
import { PASS_FINAL, SsmError } from '../error.js';
import { abandon } from '../io/abandon.js';
import type { Sink } from '../io/sink-source.js';
import type { SsmStatus } from '../status.js';
import type { PutStream } from '../streams/put-stream.js';
import type { CodecPool } from '../workers/pool.js';
import { callUnit, failed, hasFailed, toSsmError } from './call-unit.js';
import type { SaveHandle } from './handle.js';
import { openWriter, type WriterOptions } from './open-writer.js';
import { Operation, type OperationOptions } from './operation.js';
import type { ProgressSplit } from './progress.js';
import type { Registry } from './registry.js';
import { liveControlUnit, putLivePercent } from './self-units.js';
import type { Unit } from './unit.js';

/** What a save amounts to. */
export interface SaveResult {
  /** Size of the saved state in bytes. */
  readonly bytes: number;
}

/** What a run needs beside what is saved. */
export interface SaveRunOptions extends WriterOptions, OperationOptions {
  split: ProgressSplit;
  /** Write the unit "SSMLiveControl" in a live save. */
  liveControl: boolean;
  /** Most milliseconds the save may take. */
  wallTime: number;
}

/** The unit "SSMLiveControl", which is written between the registered ones. */
const liveControl: Unit = {
  ...liveControlUnit,
  instance: 0,
  guess: 0,
  type: 'internal',
  owner: undefined,
  lock: undefined,
};

/** The runs over the units that saves are made of, live ones and others. */
export class SaveRun {
  readonly units: readonly Unit[];
  readonly handle: SaveHandle;
  readonly writer: StateWriter;
  readonly operation: Operation;
  readonly #liveControl: boolean;
  /** Units of which a callback other than saveDone has been called. */
  readonly #called = new Set<Unit>();
  /** The done run comes before the end of the file. */
  readonly #doneFirst: boolean;
  readonly #stopClock: () => void;
  readonly #pool: CodecPool | undefined;
  #doneRan = false;
  /** The percentage last told to the other side. */
  #livePercent = 0;

  private constructor(registry: Registry, handle: SaveHandle, writer: StateWriter, options: SaveRunOptions) {
    this.units = [...registry.units];
    this.handle = handle;
    this.writer = writer;
    this.operation = new Operation(registry, handle, options.split, options);
    this.#pool = options.pool;
    this.#liveControl = options.liveControl && handle.live;
    this.#doneFirst = options.format === '1.2';
    handle.interrupt.onInterrupt((failure) => writer.stream.fail(failure));
    const { progress } = this.operation;
    // Of a live save nobody knows how many bytes there will be.
    writer.stream.onPut = (bytes) => (handle.live ? progress.count(bytes) : progress.advance(bytes));
    const { wallTime } = options;
    this.#stopClock = handle.interrupt.endAfter(
      wallTime,
      () => new SsmError('VERR_TIMEOUT', `not saved within ${wallTime} ms`),
    );
    this.operation.start();
  }

  /** Writes the file header. On failure the sink is closed as aborted. */
  static async begin(registry: Registry, sink: Sink, handle: SaveHandle, options: SaveRunOptions): Promise<SaveRun> {
    let writer: StateWriter;
    try {
      writer = openWriter(sink, handle.header, options);
    } catch (error) {
      const failure = toSsmError('the file header', error);
      await abandon(sink, failure);
      throw failure;
    }
    const run = new SaveRun(registry, handle, writer, options);
    const guessed = run.units.reduce((sum, { guess }) => sum + guess, 0);
    // Whoever interrupts this is told by the first callback that is not called.
    if (options.pool !== undefined) await handle.interrupt.race(options.pool.startFor(guessed)).catch(() => {});
    return run;
  }

  get ok(): boolean {
    return this.handle.failure === undefined;
  }

  #failed(what: string, unit: Unit, error: SsmError): void {
    this.handle.fail(failed(what, error, unit));
  }

  /** Runs a callback of a unit. @returns its status; `undefined` when the save has failed. */
  async call(
    name: keyof Unit & string,
    what: string,
    unit: Unit,
    call: () => ReturnType<NonNullable<Unit['saveDone']>>,
  ): Promise<SsmStatus | undefined> {
    const before = this.handle.failure;
    const outcome = await callUnit(name, unit, call);
    this.#called.add(unit);
    const error = hasFailed(outcome) ? outcome : this.handle.failure;
    if (error !== undefined && error !== before) this.#failed(what, unit, error);
    return this.ok && !hasFailed(outcome) ? outcome : undefined;
  }

  /** savePrep of every unit, to the first failure. */
  async prep(): Promise<void> {
    const { handle } = this;
    const { progress } = this.operation;
    handle.state = 'SAVE_PREP';
    let total = 0;
    for (const unit of this.units) {
      if (!this.ok) return;
      total += unit.guess;
      if (unit.savePrep === undefined) continue;
      await this.call('savePrep', 'Prepare save failed', unit, () => unit.savePrep?.(handle));
    }
    if (!this.ok) return;
    progress.report(progress.split.prepare + progress.split.live - 1);
    this.#livePercent = progress.split.prepare + progress.split.live;
    progress.follow(total);
  }

  /** Writes a unit with what `exec` puts. @returns its status; `undefined` when the save has failed. */
  async write(
    unit: Unit,
    pass: number,
    exec: (stream: PutStream) => ReturnType<NonNullable<Unit['saveExec']>>,
  ): Promise<SsmStatus | undefined> {
    const { name, instance, version } = unit;
    const { writer } = this;
    let error: SsmError;
    try {
      await writer.settle();
      if (!this.ok) return undefined;
      const stream = writer.beginUnit({ name, instance, version, pass });
      this.operation.progress.unit({ name, instance, pass });
      const outcome = await callUnit(pass === PASS_FINAL ? 'saveExec' : 'liveExec', unit, () => exec(stream));
      this.#called.add(unit);
      if (hasFailed(outcome)) error = outcome;
      else if (this.handle.failure !== undefined) error = this.handle.failure;
      else {
        const settling = writer.settleUnit?.();
        if (settling !== undefined) await settling;
        writer.endUnit();
        return outcome;
      }
    } catch (thrown) {
      error = thrown as SsmError;
    } finally {
      // Also of a unit that failed nothing can be put any more.
      writer.stream.end();
    }
    this.#failed('Execute save failed', unit, error.at({ pass, offset: writer.position }));
    return undefined;
  }

  /** saveExec of every unit, to the first failure. */
  async exec(): Promise<void> {
    const { handle, units } = this;
    const { progress } = this.operation;
    handle.state = 'SAVE_EXEC';
    for (const [i, unit] of units.entries()) {
      await this.#byUnit(i);
      progress.beginPart(unit.guess);
      if (unit.saveExec === undefined) this.#called.add(unit);
      else await this.write(unit, PASS_FINAL, (stream) => unit.saveExec?.(stream, handle));
      if (!this.ok) return;
      if (!handle.live) progress.endPart();
    }
    await this.#byUnit(units.length);
  }

  /** The progress of the final pass of a live save, which goes by units (`SSMR3.cpp, ssmR3ProgressByUnit`). */
  async #byUnit(index: number): Promise<void> {
    if (!this.handle.live) return;
    const { prepare, live, done } = this.operation.progress.split;
    const share = Math.floor((index * 100) / this.units.length) / 100;
    await this.tellLive(share * (100 - prepare - live - done) + prepare + live, PASS_FINAL);
  }

  /**
   * Tells the other side of a live save, and the listener, how far it is, when that is a percent more or less than
   * before.
   */
  async tellLive(percent: number, pass: number): Promise<void> {
    if (Math.trunc(percent) === this.#livePercent) return;
    this.#livePercent = Math.trunc(percent);
    if (this.#liveControl) {
      if ((await this.write(liveControl, pass, (stream) => putLivePercent(stream, percent))) === undefined) return;
    }
    this.operation.progress.report(this.#livePercent);
  }

  /** The end of the prep run of a live save. */
  livePrepared(): void {
    const { progress } = this.operation;
    this.#livePercent = progress.split.prepare;
    progress.report(this.#livePercent);
  }

  /** The end of the file, and the done run, in the order of the format. */
  async finish(): Promise<void> {
    if (this.#doneFirst) await this.done();
    if (this.ok) {
      try {
        // Units that never write have no directory entry, "SSMLiveControl" among them.
        const writing = this.units.filter(({ saveExec, liveExec }) => saveExec !== undefined || liveExec !== undefined);
        await this.writer.finish(writing);
      } catch (error) {
        this.handle.fail(error as SsmError);
      }
    }
    await this.done();
  }

  /** saveDone of every unit that took part, once. */
  async done(): Promise<void> {
    if (this.#doneRan) return;
    this.#doneRan = true;
    const { handle } = this;
    handle.state = 'SAVE_DONE';
    for (const unit of this.units) {
      const involved = this.#called.has(unit) || (unit.savePrep === undefined && unit.saveExec === undefined);
      if (unit.saveDone !== undefined && involved) {
        await this.call('saveDone', 'Done save failed', unit, () => unit.saveDone?.(handle));
      }
    }
  }

  /** Closes the sink. @throws SsmError the first failure of the save. */
  async close(): Promise<SaveResult> {
    const { handle, writer, operation } = this;
    await this.done();
    // Whatever the sink does, the workers are not needed any more.
    await this.#pool?.end();
    writer.stream.fail(new SsmError('VERR_SSM_INVALID_STATE', 'the save is over: nothing can be put any more'));
    let { failure } = handle;
    try {
      // All of a small state is written only now: who waits for the sink here can be interrupted as before.
      await writer.close(failure !== undefined, failure);
    } catch (error) {
      handle.fail(error as SsmError);
      failure = handle.failure;
    }
    operation.end();
    this.#stopClock();
    // Whoever cancels once the sink has closed a whole state comes too late.
    if (failure !== undefined) throw failure;
    operation.progress.report(100);
    return { bytes: writer.position };
  }
}
