const alphabet = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = '='.charCodeAt(0);
const ascii = new TextDecoder();

/** Memory for texts that are not long. */
const short = new Uint8Array(65536);

/** Base64 of bytes (RFC 4648 §4), padded. Made for data of gigabytes, of which strings would be made letter by letter. */
export function toBase64(bytes: Uint8Array): string {
  const size = Math.ceil(bytes.length / 3) * 4;
  const text = size > short.length ? new Uint8Array(size) : short.subarray(0, size);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const triple = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text[to++] = alphabet[triple >>> 18] as number;
    text[to++] = alphabet[(triple >>> 12) & 63] as number;
    text[to++] = alphabet[(triple >>> 6) & 63] as number;
    text[to++] = alphabet[triple & 63] as number;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  text.fill(PADDING, text.length - missing);
  return ascii.decode(text);
}

/** The bytes of a base64 text; `undefined` for text that is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
