import type { ClassContext } from '../context.js';

/** A name that a function of views has for something, where a statement uses it. */
type Uses = 'b' | 'v' | 'm' | 'bm' | 'vm';

/** Statements of a function, which are printed once it is known what they use. */
export class BodyLines {
  readonly #parts: (string | (() => void))[] = [];
  readonly #used = new Set<string>();

  /** A statement. @param uses the stream's bytes (b), its view (v) and the memory (m), as far as it uses them. */
  line(text: string, uses: Uses | '' = ''): void {
    this.#parts.push(text);
    for (const name of uses) this.#used.add(name);
  }

  /** Statements that another emitter prints. */
  emit(print: () => void): void {
    this.#parts.push(print);
  }

  /** All that others have. */
  add(others: BodyLines): void {
    this.#parts.push(...others.#parts);
    for (const name of others.#used) this.#used.add(name);
  }

  uses(name: 'b' | 'v' | 'm'): boolean {
    return this.#used.has(name);
  }

  print({ out }: ClassContext): void {
    let depth = 0;
    for (const part of this.#parts) {
      if (typeof part !== 'string') {
        part();
        continue;
      }
      if (part.startsWith('}')) depth--;
      out.line('  '.repeat(depth) + part);
      if (part.endsWith('{')) depth++;
    }
  }
}
