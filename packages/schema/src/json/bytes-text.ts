/*
 * Bytes as text
 *
 * Base64 (RFC 4648 §4, padded) and hex, without `Buffer`. Decoding is strict: there is exactly one text for some bytes.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digits = new Map([...alphabet].map((letter, value) => [letter.charCodeAt(0), value]));

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const triple = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    parts.push(
      alphabet[triple >>> 18]!,
      alphabet[(triple >>> 12) & 63]!,
      left > 1 ? alphabet[(triple >>> 6) & 63]! : '=',
      left > 2 ? alphabet[triple & 63]! : '=',
    );
  }
  return parts.join('');
}

/** The bytes of a base64 text; `undefined` for text that {@link toBase64} does not make. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const isLast = at + 4 === text.length;
    let triple = 0;
    for (let i = 0; i < 4; i++) {
      const value = isLast && i >= 4 - padding ? 0 : digits.get(text.charCodeAt(at + i));
      if (value === undefined) return undefined;
      triple = (triple << 6) | value;
    }
    for (let i = 0; i < 3; i++) {
      const byte = (triple >>> (16 - 8 * i)) & 0xff;
      if (to + i < bytes.length) bytes[to + i] = byte;
      else if (byte !== 0) return undefined;
    }
  }
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of a hex text, in upper or lower case; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(i * 2, i * 2 + 2), 16));
}
