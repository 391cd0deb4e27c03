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
 * Whether a stream gets colours: a terminal does. `NO_COLOR` with any value but the empty one (no-color.org) takes them away;
 * else `FORCE_COLOR` gives them to anything, or with `0` or `false` to nothing (force-color.org, and as Node has it);
 * `TERM=dumb` is a terminal without.
 */
export function wantsColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
