import { toBase64 } from './base64.js';

/*
 * Lines of a document
 *
 * A line with data has up to a million characters. As one string it would be copied with every step on its way out, each
 * copy garbage of a kind that is collected late: a hundred megabytes of it lay about at a time. In short pieces it is
 * collected at once.
 */

/** A line: JSON text, and bytes that are base64 in it. The bytes are valid until the next line is asked for. */
export type Line = readonly (string | Uint8Array)[];

/** Bytes whose base64 is one piece; a multiple of 3, so that it has no padding. */
const PIECE = 48 * 1024;

/** Characters from which on text is a piece. */
const TEXT = (PIECE / 3) * 4;

/** An object as JSON. */
export function lineOf(object: object): Line {
  return [JSON.stringify(object)];
}

/** An object as JSON, with data as its last property. */
export function lineWithData(object: object, key: string, data: Uint8Array): Line {
  const text = JSON.stringify(object).slice(0, -1);
  return [`${text}${text === '{' ? '' : ','}"${key}":"`, data, '"}'];
}

/** The text of a line in pieces. @param before what stands in front of it. */
export function* lineText(before: string, line: Line): Generator<string, void, undefined> {
  let text = before;
  for (const part of line) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    for (let at = 0; at < part.length; at += PIECE) {
      if (text.length >= TEXT) {
        yield text;
        text = '';
      }
      text += toBase64(part.subarray(at, at + PIECE));
    }
  }
  yield text;
}
