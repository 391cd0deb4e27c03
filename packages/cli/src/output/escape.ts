/*
 * Text from files
 *
 * Names of units and strings may hold anything. What a terminal would act on (control characters), what would reorder or
 * hide other text (format characters, line separators) and what it cannot show is written as an escape instead.
 */

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Nothing but printable ASCII and line breaks. */
const PLAIN = /^[\x20-\x7e\n]*$/;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text that is safe to show: unsafe characters as `\n`, `\x1b`, `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) as number;
    return short[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
  });
}

/** {@link escapeText} in quotes, for messages and values. */
export function quoteText(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\"')}"`;
}

/** Makes JSON safe to show without changing what it says: unsafe characters as `\u202e`. Its own line breaks stay. */
export function escapeJson(json: string): string {
  // Most JSON is plain, and large.
  if (PLAIN.test(json)) return json;
  return json.replace(UNSAFE, (char) =>
    char === '\n'
      ? char
      : char
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
  );
}
