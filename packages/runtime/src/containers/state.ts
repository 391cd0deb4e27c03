import type { SsmError } from '../error.js';
import type { PutStream } from '../streams/put-stream.js';
import type { RecordSource } from '../streams/record-source.js';
import type { CodecPool } from '../workers/pool.js';
import type { ByteReader } from './byte-reader.js';
import type { Format } from './formats.js';
import type { ReadGuard } from './guard.js';

/*
 * What the formats have in common
 *
 * The engine saves and loads through these interfaces and does not know which format it has to do with. Each format's
 * folder has a reader and, where ssmkit writes the format, a writer.
 */

/** Version of the product that saved. */
export interface ProductVersion {
  /** 1…1000. */
  readonly major: number;
  /** 0…1000. */
  readonly minor: number;
  /** 0…1048576. */
  readonly build: number;
}

/** What a saved state of any format says about itself in its header. */
export interface StateHeader {
  /** Version of the product that saved; `undefined` in formats before V1.2. */
  readonly product: ProductVersion | undefined;
  /** Source revision of the product, 1…10000000; 0 in formats before V1.2. */
  readonly revision: number;
  /** Width of a host pointer where it was saved; `undefined` in V1.1. */
  readonly hostBits: 32 | 64 | undefined;
  /** sizeof(RTGCPHYS) where it was saved. */
  readonly gcPhysBytes: 4 | 8;
  /** sizeof(RTGCPTR) where it was saved; in V1.1 8 until a unit knows better. */
  readonly gcPtrBytes: 4 | 8;
  /** Number of units that were registered, a hint, as those that save nothing count, too; `undefined` in V1.x. */
  readonly unitCount: number | undefined;
  /** Written by a live save. */
  readonly live: boolean;
  /** Carries checksums. */
  readonly checksum: boolean;
  /** `lz4` where blocks may be packed with LZ4, ssmkit's extension of V2.0: VirtualBox refuses such a state. */
  readonly compression?: 'lz4' | undefined;
}

/** What the header of a unit says. */
export interface UnitHeader {
  readonly name: string;
  readonly instance: number;
  /** Version of the layout of the unit's data. */
  readonly version: number;
  /** Live pass, or `PASS_FINAL` (0xFFFFFFFF), which is all there is in V1.x. */
  readonly pass: number;
  /** Offset of the header in the stream. */
  readonly offset: number;
}

/** What the records of a unit amount to. */
export interface RecordTotals {
  /** Records that hold data as it is; in V1.x 1 for a STORE stream. */
  raw: number;
  /** Records, in V1.x blocks, that hold LZF data. */
  lzf: number;
  /** Records that stand for zeros; not in V1.x. */
  zero: number;
  /** Records that hold LZ4 data: ssmkit's own extension of V2.0. */
  lz4: number;
  /** Streams of zlib data: V1.x only. */
  zlib: number;
  /** Bytes of data that they stand for. */
  data: number;
}

/** Totals of a unit of which nothing was read yet. */
export function noTotals(): RecordTotals {
  return { raw: 0, lzf: 0, zero: 0, lz4: 0, zlib: 0, data: 0 };
}

/** A place in a unit's data from which decoding can go on later: between two records, or inside one that is not packed. */
export interface RecordMark {
  /** Offset in the file of the first of the unit's records. */
  readonly start: number;
  /** Offset in the file of what is decoded next. */
  readonly position: number;
  /** Bytes left of the RAW record that the place is in, else 0; in V1.x of the unit. */
  readonly rest: number;
}

/** The records of the unit whose header was read last. */
export interface UnitRecords extends RecordSource {
  /** What was read of the unit so far. */
  readonly totals: Readonly<RecordTotals>;
  /** Bytes in the file consumed of the unit's data so far. */
  readonly stored: number;
  /** Whether the last record read holds no data: exact reading would have stopped in front of it. */
  readonly empty: boolean;
  /** Whether a load callback may leave the rest of a unit, whatever is in it, as in V1.x; in V2.0 it may not. */
  readonly restIgnored: boolean;
  /** Where decoding goes on next; `undefined` in the middle of what can only be decoded from its beginning. */
  mark(): RecordMark | undefined;
  /**
   * Skips some data, if possible without decoding it.
   *
   * @returns false when the unit is at its end, whose check is part of it.
   * @throws SsmError for a damaged record; NeedMore.
   */
  skip(): boolean;
  /**
   * The check after a load callback has returned: whether the unit is at its end as the format asks.
   *
   * @param buffered decoded bytes that the callback has left.
   * @throws SsmError; NeedMore.
   */
  finish(buffered: number): void;
}

/** A unit and the readers that stand at its data. */
export interface UnitPlace {
  readonly unit: UnitHeader;
  readonly input: ByteReader;
  readonly records: UnitRecords;
}

/** An entry of the directory: where the last header of a unit is. */
export interface DirectoryEntry {
  readonly offset: number;
  readonly instance: number;
  /** CRC-32 of the name without its terminator. */
  readonly nameCrc: number;
}

/** A directory and where it is. */
export interface Directory {
  readonly offset: number;
  readonly entries: readonly DirectoryEntry[];
}

/** Reads a saved state unit by unit, from a file or, where the format allows, from a stream. */
export interface StateReader {
  readonly format: Format;
  readonly header: StateHeader;
  /** Decodes the unit whose header was read last. Over an asynchronous source it throws NeedMore as streams expect. */
  readonly records: UnitRecords;
  readonly input: ByteReader;
  readonly guard: ReadGuard;
  /** Has workers expand what {@link records} come to; V2.0 only. */
  useWorkers?(pool: CodecPool): void;
  /**
   * Reads the header of the next unit, after the data of the one before.
   *
   * @returns the unit, or `undefined` after the last. @throws SsmError
   */
  nextUnit(): Promise<UnitHeader | undefined>;
  /** Reads and checks what follows the last unit. @throws SsmError */
  readEnd(): Promise<void>;
  /** Of a file without an END unit: whether the units are at their end nevertheless. */
  readonly atDirectory: boolean;
  /**
   * Computes the CRC of the whole file, where it has one. @throws SsmError VERR_SSM_INTEGRITY_CRC */
  checkWhole(): Promise<void>;
  /**
   * The directory of a file. @throws SsmError VERR_NOT_SUPPORTED for a format without; what is wrong with it. */
  directory(): Promise<Directory>;
  /**
   * Finds a unit of a file; independent of everything else that reads.
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND; what is wrong on the way.
   */
  seek(name: string, instance: number): Promise<UnitPlace>;
  /**
   * Goes on decoding at a mark in a unit of a file; independent of everything else that reads. The CRC is not checked.
   *
   * @throws SsmError VERR_NOT_SUPPORTED for a stream.
   */
  resume(mark: RecordMark): Promise<UnitRecords>;
}

/** What {@link StateWriter.beginUnit} writes into the header of a unit. */
export interface UnitStart {
  /** 1…47 bytes of UTF-8 without NUL. */
  readonly name: string;
  readonly version: number;
  readonly instance?: number;
  /** Default `PASS_FINAL`. */
  readonly pass?: number;
}

/** Writes a saved state unit by unit; the file header is written when it is made. */
export interface StateWriter {
  /** What units are written with; the same stream for all of them. */
  readonly stream: PutStream;
  /** Offset of what is written next; data that the stream still buffers is not counted. */
  readonly position: number;
  /** Writes a unit's header. @returns the stream for the unit's data. @throws SsmError VERR_INVALID_STATE, VERR_INVALID_NAME. */
  beginUnit(start: UnitStart): PutStream;
  /** Waits, where that is needed, before {@link endUnit} over a slow sink. */
  settleUnit?(): Promise<void> | undefined;
  /** Writes what the stream still buffers and the end of the unit. @throws SsmError what the stream was left with. */
  endUnit(): void;
  /** Writes what follows the last unit. @param order the units of the directory, in its order. */
  finish(order: readonly { readonly name: string; readonly instance: number }[]): void;
  /** Waits until an asynchronous sink has taken all that was handed to it. @throws SsmError the sink's failure. */
  settle(): Promise<void>;
  /** Asks the sink whether there is a point in going on. @throws SsmError the sink's failure. */
  checkSink(): Promise<void>;
  /** Writes out what is buffered and closes the sink. @param aborted the state is not complete. */
  close(aborted: boolean, failure?: SsmError): Promise<void>;
}
