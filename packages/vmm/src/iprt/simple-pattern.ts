/*
 * Simple patterns, VirtualBox's way to say which names are meant: `?` is any one character, `*` any number of them,
 * slashes included; `|` stands between alternatives where several are allowed.
 */

/** Whether a name matches one simple pattern; `|` is a character like any other. */
export function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  // Where to go on when the text behind the last `*` does not match here: one character further.
  let star = -1;
  let retry = 0;
  while (n < name.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = p++;
      retry = n;
    } else if (wanted !== undefined && (wanted === '?' || wanted === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++retry;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether a name matches one of the patterns between `|`; an empty list matches nothing. */
export function matchesPatterns(patterns: string, name: string): boolean {
  return patterns.split('|').some((pattern) => pattern !== '' && matchesPattern(pattern, name));
}
