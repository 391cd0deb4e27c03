import { GetStream, PutStream } from '@ssmkit/runtime';

/** A put stream whose records go nowhere. */
export function putStream(): PutStream {
  return new PutStream({ capacity: 4096, itemMax: 512, putBuffered() {}, putBig() {}, drain: () => undefined });
}

/** A get stream over the same bytes again and again. */
export function getStream(data: Uint8Array): GetStream {
  const record = new Uint8Array(Math.max(1, Math.floor(4096 / data.length)) * data.length);
  for (let at = 0; at < record.length; at += data.length) record.set(data, at);
  return new GetStream({
    fill(into, at) {
      into.set(record, at);
      return record.length;
    },
    more: async () => {},
  });
}

/** What one put writes. */
export function bytesOfPut(put: (stream: PutStream) => void): Uint8Array {
  const parts: number[] = [];
  const stream = new PutStream({
    capacity: 4096,
    itemMax: 512,
    putBuffered: (bytes, start, end) => parts.push(...bytes.subarray(start, end)),
    putBig: (data) => parts.push(...data),
    drain: () => undefined,
  });
  put(stream);
  stream.flush();
  return new Uint8Array(parts);
}
