const SEPARATORS = ' \t\n\r';
/** What a backslash inside double quotes takes its meaning from; in front of anything else it is a backslash. */
const ESCAPED_IN_QUOTES = '"\\`$\n';

/**
 * Splits a text into arguments as a Bourne shell does: blanks separate, quotes and backslashes keep together. A quote
 * that nobody closes holds to the end. The rules are those of POSIX (Shell Command Language, Quoting).
 */
export function splitArguments(text: string): string[] {
  const list: string[] = [];
  let argument: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote === undefined && SEPARATORS.includes(character)) {
      if (argument !== undefined) list.push(argument);
      argument = undefined;
      continue;
    }
    argument ??= '';
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (character !== '\\' || quote === "'") argument += character;
    else {
      const next = text[++i] ?? '';
      if (quote === '"' && !ESCAPED_IN_QUOTES.includes(next)) argument += '\\';
      argument += next;
    }
  }
  if (argument !== undefined) list.push(argument);
  return list;
}
