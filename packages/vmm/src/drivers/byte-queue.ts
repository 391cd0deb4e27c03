/** Bytes in order, at one end put in, at the other taken out. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#length += bytes.length;
  }

  take(max = this.#length): Uint8Array {
    const bytes = new Uint8Array(Math.min(max, this.#length));
    let at = 0;
    while (at < bytes.length) {
      const first = this.#chunks[0]!;
      const piece = first.subarray(0, bytes.length - at);
      bytes.set(piece, at);
      at += piece.length;
      if (piece.length === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(piece.length);
    }
    this.#length -= bytes.length;
    return bytes;
  }

  /** The oldest bytes, as they came in one piece; they stay. */
  get first(): Uint8Array {
    return this.#chunks[0] ?? new Uint8Array(0);
  }
}
