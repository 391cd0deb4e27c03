/** What a {@link TimerHeap} knows of its entries. */
export interface HeapEntry {
  expire: bigint;
  /** Which of two of the same time comes first. */
  order: number;
  /** Its place; -1 when it is in no heap. */
  index: number;
}

/** Entries of which the first is to be had at once: a binary heap in which each entry knows its place. */
export class TimerHeap<E extends HeapEntry> {
  readonly #entries: E[] = [];

  get first(): E | undefined {
    return this.#entries[0];
  }

  /** All in order. */
  get sorted(): E[] {
    return [...this.#entries].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  insert(entry: E): void {
    this.#put(entry, this.#entries.length);
    this.#rise(entry);
  }

  remove(entry: E): void {
    const { index } = entry;
    const last = this.#entries.pop()!;
    entry.index = -1;
    if (last === entry) return;
    this.#put(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  #put(entry: E, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }

  #rise(entry: E): void {
    while (entry.index > 0) {
      const parent = this.#entries[(entry.index - 1) >> 1]!;
      if (!isBefore(entry, parent)) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: E): void {
    for (;;) {
      const left = this.#entries[2 * entry.index + 1];
      const right = this.#entries[2 * entry.index + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, entry)) return;
      this.#swap(entry, child);
    }
  }

  #swap(upper: E, lower: E): void {
    const { index } = lower;
    this.#put(lower, upper.index);
    this.#put(upper, index);
  }
}

function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.expire === b.expire ? a.order < b.order : a.expire < b.expire;
}
