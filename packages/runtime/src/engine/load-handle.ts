import type { HostProfile } from '@ssmkit/schema';
import type { StateHeader, StateReader, UnitHeader } from '../containers/state.js';
import { SsmError } from '../error.js';
import { GetStream } from '../streams/get-stream.js';
import { NeedMore, RECORD_MAX, type SavedHost } from '../streams/record-source.js';
import type { CodecPool } from '../workers/pool.js';
import { LoadHandle, type SsmAfter } from './handle.js';

/** What is known of the host that saved before the unit "SSM" has told more. */
export function savedHostOf(header: StateHeader, host: HostProfile): SavedHost {
  const { hostBits, gcPhysBytes, gcPtrBytes } = header;
  return { name: '', bits: hostBits ?? host.bits, gcPhysBytes, gcPtrBytes, msc32: host.msc32 };
}

/** The handle of a load, from the side of the engine. */
export class LoadOperationHandle extends LoadHandle {
  unit: UnitHeader | undefined;
  readonly stream: GetStream;
  /** Told what "SSMLiveControl" says. */
  onLiveProgress: ((value: number) => void) | undefined;
  readonly #reader: StateReader;
  #skipped = false;
  #piece: Uint8Array | undefined;

  constructor(reader: StateReader, host: HostProfile, after: SsmAfter, pool?: CodecPool) {
    super(reader.header, savedHostOf(reader.header, host), 'LOAD_PREP', after, reader.guard.interrupt, pool);
    this.#reader = reader;
    this.stream = new GetStream(reader.records, { host, saved: this.saved });
    this.interrupt.onInterrupt((failure) => this.stream.fail(failure));
  }

  begin(unit: UnitHeader): void {
    this.unit = unit;
    this.#skipped = false;
    this.stream.begin(unit.version, unit.pass);
  }

  /** The check of the end of a unit. */
  async finish(): Promise<void> {
    if (this.#skipped) return;
    const { stream } = this;
    const reader = this.#reader;
    for (;;) {
      try {
        reader.records.finish(stream.buffered);
        return;
      } catch (error) {
        if (!(error instanceof NeedMore)) throw error;
        await reader.records.more();
      }
    }
  }

  override async skipToEndOfUnit(): Promise<void> {
    const { input, records } = this.#reader;
    if (records.restIgnored) return;
    this.stream.skip(this.stream.buffered);
    await this.#guard(async () => {
      while (await input.run(() => records.skip()));
    });
    this.#skipped = true;
  }

  override async readToEndOfUnit(take?: (piece: Uint8Array) => void): Promise<number> {
    const { stream } = this;
    const { records } = this.#reader;
    let total = stream.buffered;
    if (total > 0) {
      const rest = stream.getMem(new Uint8Array(total));
      take?.(rest);
    }
    this.#piece ??= new Uint8Array(RECORD_MAX * 16);
    const piece = this.#piece;
    await this.#guard(async () => {
      for (;;) {
        let count: number;
        try {
          count = records.fill(piece, 0);
        } catch (error) {
          if (error instanceof NeedMore) {
            await records.more();
            continue;
          }
          // A reader that knows the length stops in front of an empty record: the end-of-unit check reports that one.
          if (records.empty && (error as SsmError).status.startsWith('VERR_SSM_INTEGRITY_REC')) return;
          throw error;
        }
        if (count < 0) return;
        total += count;
        take?.(piece.subarray(0, count));
      }
    });
    return total;
  }

  override liveProgress(value: number): void {
    this.onLiveProgress?.(value);
  }

  protected override savedChanged(): void {
    this.stream.saved = this.saved;
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    this.stream.check();
    try {
      await step();
    } catch (error) {
      throw error instanceof SsmError ? this.stream.fail(error) : error;
    }
  }
}
