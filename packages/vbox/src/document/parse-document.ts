import { SsmError } from '@ssmkit/runtime';
import { JSONParser } from '@streamparser/json';

/** A part of a document, in its order. */
export interface DocumentPart {
  /** Key of the document; of `units` each element is a part. */
  readonly key: string;
  readonly value: unknown;
  /** Of a unit, which one: for messages. */
  readonly index: number;
}

/** Keys of the document that are read. Others may be added, and are nobody's business here. */
const KEYS = ['format', 'formatVersion', 'header', 'host', 'machine', 'end', 'directory', 'errors'];

/** Bytes of text between two parts, above which the document is refused before memory runs out. */
const PART_MAX = 2 ** 30;

/**
 * The parts of a JSON document as they come.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for text that is no JSON; VERR_TOO_MUCH_DATA for a unit of more than 1 GiB.
 */
export async function* documentParts(
  text: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<DocumentPart, void, undefined> {
  const parser = new JSONParser({
    paths: ['$.units.*', ...KEYS.map((key) => `$.${key}`)],
    keepStack: false,
  });
  const parts: DocumentPart[] = [];
  let failure: Error | undefined;
  let ended = false;
  let index = 0;
  parser.onValue = ({ key, value, stack }) => {
    const isUnit = stack.length === 2;
    parts.push({ key: isUnit ? 'units' : String(key), value, index: isUnit ? index++ : 0 });
  };
  parser.onError = (error) => {
    failure ??= error;
  };
  parser.onEnd = () => {
    ended = true;
  };
  let since = 0;
  let any = false;
  for await (const piece of text) {
    if (ended && !isBlank(piece)) throw noJson('something follows the document');
    if (!ended) {
      any ||= piece.length > 0;
      parser.write(piece);
    }
    if (failure !== undefined) throw noJson(failure.message, failure);
    since = parts.length > 0 ? 0 : since + piece.length;
    if (since > PART_MAX) throw new SsmError('VERR_TOO_MUCH_DATA', `more than ${PART_MAX} bytes of JSON in one piece`);
    yield* parts.splice(0);
  }
  if (!ended) throw noJson(any ? 'it ends too early' : 'there is nothing');
}

function isBlank(piece: Uint8Array | string): boolean {
  const text = typeof piece === 'string' ? piece : new TextDecoder().decode(piece);
  return /^\s*$/.test(text);
}

function noJson(detail: string, cause?: Error): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `not a JSON document: ${detail.replaceAll('\n', ' ')}`, {}, { cause });
}
