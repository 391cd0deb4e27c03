import Table from 'cli-table3';
import type { Style } from './style.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Default left. */
  readonly align?: 'left' | 'right';
  /** The column may be cut down to this many characters where the terminal is narrow; others are never cut. */
  readonly least?: number;
}

const GAP = 2;

/**
 * A table without lines, as text with a line break at its end.
 *
 * Where it is wider than the terminal, columns that may be are cut; where that does not help, each row becomes a
 * paragraph of its own.
 *
 * @param rows cells, safe to show.
 * @param width of the terminal in characters; `undefined` where there is none.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
  width: number | undefined,
): string {
  const natural = columns.map(({ title }, i) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[i] as string))),
  );
  const widths = fit(columns, natural, width);
  if (widths === undefined) return renderParagraphs(columns, rows, style, width as number);
  return renderColumns(columns, rows, widths, style);
}

/** Widths of the columns such that all fit; `undefined` where they cannot. */
function fit(columns: readonly Column[], natural: readonly number[], width: number | undefined): number[] | undefined {
  const widths = [...natural];
  if (width === undefined) return widths;
  let over = widths.reduce((sum, one) => sum + one, GAP * (columns.length - 1)) - width;
  for (const [i, { least }] of columns.entries()) {
    if (over <= 0 || least === undefined) continue;
    const cut = Math.min(over, Math.max(0, (widths[i] as number) - least));
    widths[i] = (widths[i] as number) - cut;
    over -= cut;
  }
  return over > 0 ? undefined : widths;
}

function renderColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  style: Style,
): string {
  const none = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    (side === 'mid' ? ['', '-mid'] : ['', '-mid', '-left', '-right']).map((part) => [side + part, '']),
  );
  const table = new Table({
    head: columns.map(({ title }) => style.heading(title)),
    colWidths: [...widths],
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: { ...Object.fromEntries(none), 'left-mid': '', 'right-mid': '', middle: ' '.repeat(GAP) },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Each row as its first cell and, indented under it, the others with their titles, as many to a line as fit. */
function renderParagraphs(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
  width: number,
): string {
  const lines = rows.flatMap((row) => {
    const paragraph = [{ text: row[0] as string, width: displayWidth(row[0] as string) }];
    for (const [i, { title }] of columns.entries()) {
      if (i === 0) continue;
      const value = row[i] as string;
      const taken = displayWidth(title) + 1 + displayWidth(value);
      const text = `${style.heading(title)} ${value}`;
      const last = paragraph.at(-1) as (typeof paragraph)[0];
      if (i === 1 || last.width + GAP + taken > width) paragraph.push({ text: `  ${text}`, width: 2 + taken });
      else {
        last.text += `${' '.repeat(GAP)}${text}`;
        last.width += GAP + taken;
      }
    }
    return paragraph;
  });
  return lines.map(({ text }) => `${text}\n`).join('');
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += /\p{M}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
