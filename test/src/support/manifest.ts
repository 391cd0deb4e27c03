import { createHash } from 'node:crypto';
import type { GetStream, PutStream } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes, corpusJson } from './corpus.js';

/** A put that the original was asked for. */
export interface Put {
  /** Name of the call without `Put`. */
  readonly op: string;
  readonly value?: string | boolean;
  readonly hex?: string;
  /** Mem: size. */
  readonly cb?: number;
  /** StrZ: length. */
  readonly len?: number;
  readonly sha256?: string;
  readonly rc?: string;
}

/** What was put into a unit in a pass. */
export interface ManifestPass {
  readonly pass: number;
  /** Size and hash of the unit's bytes; of units with structures only `readBack` has them. */
  readonly userSize?: number;
  readonly userSha256?: string;
  /** What the original read after seeking the unit. */
  readonly readBack?: {
    readonly version: number;
    readonly size: number;
    readonly sha256: string;
    readonly hex?: string;
    readonly bin?: string;
  };
  readonly puts: readonly Put[];
}

export interface ManifestUnit {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly hasSaveExec: boolean;
  readonly passes: readonly ManifestPass[];
}

/** A manifest of the collection. */
export interface Manifest {
  readonly file: string;
  readonly live: boolean;
  readonly units: readonly ManifestUnit[];
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function manifestOf(test: Mocha.Context, name: string): Manifest {
  return corpusJson<Manifest>(test, `${name}.json`);
}

/** The bytes that the original read back of a pass, where the manifest has them. */
export function readBackOf(test: Mocha.Context, { readBack }: ManifestPass): Uint8Array | undefined {
  if (readBack?.bin !== undefined) return corpusBytes(test, readBack.bin);
  return readBack?.hex === undefined ? undefined : fromHex(readBack.hex);
}

/** Calls of a stream by name, as the manifest names them. */
type Gets = Record<string, () => bigint | number | boolean>;
type Puts = Record<string, (value: bigint | number | boolean) => void>;

const wide = /^[US](64|128)$|^GC(Phys|Phys64|Ptr|UInt|UIntPtr|UIntReg)$/;

/** The value of a put as its call wants it. */
export function putValue(put: Put): bigint | number | boolean {
  if (typeof put.value !== 'string') return put.value as boolean;
  // The manifests show it as if it had no sign.
  if (put.op === 'S128') return BigInt.asIntN(128, BigInt(put.value));
  return wide.test(put.op) ? BigInt(put.value) : Number(put.value);
}

/**
 * Does again what the original was asked for.
 *
 * @param data the bytes of the whole pass, from which memory and strings are taken.
 */
export async function replayPuts(stream: PutStream, puts: readonly Put[], data: Uint8Array): Promise<void> {
  for (const put of puts) {
    const at = stream.offset;
    if (put.op === 'Mem') stream.putMem(data.subarray(at, at + (put.cb as number)));
    else if (put.op !== 'StrZ') (stream as unknown as Puts)[`put${put.op}`]?.call(stream, putValue(put));
    else if (put.rc === 'VINF_SUCCESS') stream.putStrZBytes(data.subarray(at + 4, at + 4 + (put.len as number)));
    else expect(await statusOf(() => stream.putStrZ('x'.repeat(put.len as number)))).to.equal(put.rc);
  }
  expect(stream.offset).to.equal(data.length);
}

/** Gets each value by the call that mirrors its put, and compares. */
export function checkGets(stream: GetStream, puts: readonly Put[]): void {
  for (const [i, put] of puts.entries()) {
    const which = `put ${i}, ${put.op}`;
    if (put.op === 'Mem') {
      const data = stream.getMem(new Uint8Array(put.cb as number));
      expect(sha256(data), which).to.equal(put.sha256);
    } else if (put.op !== 'StrZ') {
      expect((stream as unknown as Gets)[`get${put.op}`]?.call(stream), which).to.equal(putValue(put));
    } else if (put.rc === 'VINF_SUCCESS') {
      const bytes = Buffer.from(stream.getStrZ());
      expect(sha256(bytes), which).to.equal(put.sha256);
      // The manifests show a string byte by byte.
      if (put.value !== undefined) expect(bytes.toString('latin1'), which).to.equal(put.value);
    }
  }
}
