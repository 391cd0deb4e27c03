/** A target and whether it was met. */
export interface Target {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

/** `measured` may be at most `limit`. */
export function atMost(what: string, measured: number, limit: number): Target {
  return { what: `${what} ≤ ${limit}`, limit, measured, met: measured <= limit };
}

/** `measured` must be at least `limit`. */
export function atLeast(what: string, measured: number, limit: number): Target {
  return { what: `${what} ≥ ${limit}`, limit, measured, met: measured >= limit };
}

/** A table as text: the first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** Targets, one a line. */
export function targetLines(targets: readonly Target[]): string {
  return targets
    .map(({ what, measured, met }) => `${met ? 'met   ' : 'MISSED'} ${what}: ${digits(measured)}`)
    .join('\n');
}

/** Three digits, as many as measurements are worth. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function percent(value: number): string {
  return `±${(value * 100).toFixed(0)} %`;
}
