import { SsmError } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, layout, writeImage } from '@ssmkit/schema';
import { SupRequestHeader } from './gip/layout.js';

/** SUPVMMR0REQHDR_MAGIC. */
export const VMMR0_REQUEST_MAGIC = 0x19730211;
/** SUPR0SERVICEREQHDR_MAGIC. */
export const SERVICE_REQUEST_MAGIC = 0x19640416;

/** Bytes of a header. */
export const REQUEST_HEADER_SIZE = layout(SupRequestHeader).size;
/** Requests are smaller than this: they are copied into the kernel and back within a page. */
export const REQUEST_LIMIT = 4096;

/** A request: a header, and behind it `payload`. */
export function newRequest(magic: number, payload: Uint8Array): Uint8Array {
  const request = new Uint8Array(REQUEST_HEADER_SIZE + payload.length);
  const header = Object.assign(new SupRequestHeader(), { magic, size: request.length });
  writeImage(descriptorFor(SupRequestHeader), defaultHost, header, request);
  request.set(payload, REQUEST_HEADER_SIZE);
  return request;
}

/**
 * Passes a request on as the driver does: the receiver works on a copy, and what it made of it is copied back, also when
 * it fails.
 *
 * @param call is given the copy, or nothing if there is no request.
 * @throws SsmError VERR_INVALID_MAGIC, VERR_INVALID_PARAMETER for sizes that cannot be; what `call` throws.
 */
export async function passRequest<T>(
  request: Uint8Array | undefined,
  magic: number,
  call: (copy: Uint8Array | undefined) => T | Promise<T>,
): Promise<T> {
  if (request === undefined) return call(undefined);
  checkRequest(request, magic);
  const copy = request.slice();
  try {
    return await call(copy);
  } finally {
    request.set(copy);
  }
}

function checkRequest(request: Uint8Array, magic: number): void {
  if (request.length < REQUEST_HEADER_SIZE) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${request.length} bytes are no request; it begins with a header`);
  }
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const found = view.getUint32(0, true);
  if (found !== magic) {
    throw new SsmError('VERR_INVALID_MAGIC', `0x${found.toString(16)} where a request has 0x${magic.toString(16)}`);
  }
  const size = view.getUint32(4, true);
  if (size !== request.length || size >= REQUEST_LIMIT) {
    throw new SsmError(
      'VERR_INVALID_PARAMETER',
      `a request of ${request.length} bytes says ${size}; less than ${REQUEST_LIMIT} are possible`,
    );
  }
}

/** @throws SsmError VERR_INVALID_PARAMETER unless an integer fits in that many bits. */
export function checkUnsigned(value: number | bigint, bits: 32 | 64, what: string): void {
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!isInteger || BigInt(value) < 0n || BigInt(value) >> BigInt(bits) !== 0n) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${what} ${value} does not fit in ${bits} bits`);
  }
}
