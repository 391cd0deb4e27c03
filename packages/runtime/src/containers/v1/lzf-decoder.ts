import { lzfDecompress } from '../../codecs/blocks.js';
import type { SsmError } from '../../error.js';
import type { Decoder } from './decoder.js';
import type { UnitBytes } from './unit-bytes.js';
import { BLOCK_DATA_MAX, BLOCK_HEADER_SIZE, BLOCK_LZF_MAX, BLOCK_MAGIC } from './zip.js';

/**
 * LZF: blocks to the end of the unit.
 *
 * A block goes straight to where it is wanted if there is room for all of it. Else it is expanded here, and handed out
 * bit by bit.
 */
export class LzfDecoder implements Decoder {
  readonly cutStatus = 'VERR_SSM_LOADED_TOO_MUCH';
  readonly #unit: UnitBytes;
  /** Data of a block, `[#from, #to)` of which is still to be handed out. */
  #block: Uint8Array | undefined;
  #from = 0;
  #to = 0;
  /** LZF data and expanded size of the block whose header was parsed last. */
  #stored = 0;
  #expanded = 0;

  constructor(unit: UnitBytes) {
    this.#unit = unit;
  }

  get resumable(): boolean {
    return this.#from === this.#to;
  }

  fill(into: Uint8Array, at: number): number {
    if (this.#from === this.#to) {
      if (!this.#parseHeader()) return -1;
      if (this.#expanded <= into.length - at) return this.#expand(into, at);
      this.#block ??= new Uint8Array(BLOCK_DATA_MAX);
      this.#to = this.#expand(this.#block, 0);
      this.#from = 0;
    }
    const block = this.#block as Uint8Array;
    const count = Math.min(this.#to - this.#from, into.length - at);
    into.set(block.subarray(this.#from, this.#from + count), at);
    this.#from += count;
    return count;
  }

  skip(): boolean {
    if (this.#from < this.#to) this.#from = this.#to;
    else if (this.#parseHeader()) this.#consume();
    else return false;
    return true;
  }

  /**
   * Looks at the header of the next block, and sees to it that all of the block is in the window.
   *
   * @returns false at the end of the unit.
   * @throws SsmError VERR_GENERAL_FAILURE, VERR_SSM_LOADED_TOO_MUCH where there is a header and nothing more.
   */
  #parseHeader(): boolean {
    const unit = this.#unit;
    const header = unit.request(BLOCK_HEADER_SIZE);
    if (header === 0) return false;
    if (header < BLOCK_HEADER_SIZE) throw this.#damaged(`${header} bytes where an LZF block should be`);
    const { view, pos } = unit.input;
    const magic = view.getUint16(pos, true);
    const stored = view.getUint16(pos + 2, true);
    // The CRC at pos + 4 is never computed, and never checked.
    const expanded = view.getUint16(pos + 8, true);
    if (magic !== BLOCK_MAGIC) throw this.#damaged(`no LZF block starts with 0x${magic.toString(16)}`);
    if (stored === 0 || stored > BLOCK_LZF_MAX) throw this.#damaged(`an LZF block of ${stored} bytes`);
    if (expanded === 0 || expanded > BLOCK_DATA_MAX) throw this.#damaged(`an LZF block for ${expanded} bytes`);
    const block = unit.request(BLOCK_HEADER_SIZE + stored);
    if (block === BLOCK_HEADER_SIZE) {
      throw unit.fail('VERR_SSM_LOADED_TOO_MUCH', 'the unit ends behind the header of an LZF block');
    }
    if (block < BLOCK_HEADER_SIZE + stored) throw this.#damaged('an LZF block reaches over the end of the unit');
    this.#stored = stored;
    this.#expanded = expanded;
    return true;
  }

  #expand(into: Uint8Array, at: number): number {
    const { bytes, pos } = this.#unit.input;
    const from = pos + BLOCK_HEADER_SIZE;
    const expanded = this.#expanded;
    if (!lzfDecompress(bytes, from, from + this.#stored, into, at, expanded)) {
      throw this.#damaged(`an LZF block does not expand to its ${expanded} bytes`);
    }
    this.#consume();
    return expanded;
  }

  #consume(): void {
    const { input, totals } = this.#unit;
    const size = BLOCK_HEADER_SIZE + this.#stored;
    input.guard.record(size, this.#expanded);
    input.advance(size);
    totals.lzf++;
    totals.data += this.#expanded;
  }

  #damaged(detail: string): SsmError {
    return this.#unit.fail('VERR_GENERAL_FAILURE', detail);
  }
}
