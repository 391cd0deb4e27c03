import picocolors from 'picocolors';

/** How parts of the output look. */
export interface Style {
  readonly heading: (text: string) => string;
  readonly name: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** @param color whether the output shows colours; without them every style leaves the text as it is. */
export function styleOf(color: boolean): Style {
  const { bold, cyan, dim, green, red } = picocolors.createColors(color);
  return { heading: bold, name: cyan, faint: dim, good: green, bad: red };
}

/**
 * Whether a stream gets colours: a terminal, unless the environment says no (`NO_COLOR` with any value but the empty one,
 * see no-color.org; `TERM=dumb`).
 */
export function wantsColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}
