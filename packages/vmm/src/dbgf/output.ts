import type { Json } from '@ssmkit/schema';

/** Where an info handler writes to. */
export interface InfoOutput {
  /** Text as it comes; a line ends where the text says so. */
  print(text: string): void;
  /** Text and the end of its line. */
  line(text?: string): void;
  /** Rows with their columns aligned: texts to the left, numbers to the right. */
  table(rows: readonly (readonly (string | number | bigint)[])[]): void;
  /** What the text says as data, for programs; it takes the place of data given before. Not part of the text. */
  data(value: Json | object): void;
}

/** An {@link InfoOutput} over a function that takes text. */
export class TextOutput implements InfoOutput {
  readonly #write: (text: string) => void;
  #data: unknown;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  print(text: string): void {
    this.#write(text);
  }

  line(text = ''): void {
    this.print(`${text}\n`);
  }

  table(rows: readonly (readonly (string | number | bigint)[])[]): void {
    const widths: number[] = [];
    for (const row of rows) {
      for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, String(cell).length);
    }
    for (const row of rows) {
      const cells = row.map((cell, i) =>
        typeof cell === 'string' ? cell.padEnd(widths[i]!) : String(cell).padStart(widths[i]!),
      );
      this.line(cells.join('  ').trimEnd());
    }
  }

  data(value: Json | object): void {
    this.#data = value;
  }

  /** What the last handler gave as data; nothing if it gave none. */
  get lastData(): unknown {
    return this.#data;
  }
}

/** Output kept as text. */
export class InfoText extends TextOutput {
  readonly #parts: string[];

  constructor() {
    const parts: string[] = [];
    super((text) => void parts.push(text));
    this.#parts = parts;
  }

  get text(): string {
    return this.#parts.join('');
  }
}
