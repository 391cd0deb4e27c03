import { escapeText } from './escape.js';

/** Text in lines of the terminal's width, or a readable one; lines after the first are indented as deep as `lead`. */
export function wrapped(text: string, lead: string, width = 100): string {
  const lines: string[] = [];
  let line = lead;
  for (const word of escapeText(text).split(' ')) {
    const full = line.trimEnd().length > lead.trimEnd().length && line.length + word.length > Math.max(width, 40);
    if (full) {
      lines.push(line.trimEnd());
      line = ' '.repeat(lead.length);
    }
    line += `${word} `;
  }
  return `${[...lines, line.trimEnd()].join('\n')}\n`;
}
