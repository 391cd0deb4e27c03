import { lzfDecompress } from '@ssmkit/runtime';
import { expect } from 'chai';

/*
 * Two saved states with the same content may differ where LZF was free to choose, and in the sizes, offsets and checksums
 * that follow from it. The normal form has what must not differ. It is read by means of its own, not by the reader.
 */

/** A record, with what it stands for. */
export interface NormalRecord {
  readonly type: 'raw' | 'lzf' | 'zero';
  readonly data: Uint8Array;
  /** Bytes of its payload. */
  readonly stored: number;
}

export interface NormalUnit {
  readonly offset: number;
  /** Name, version, instance, pass, flags. */
  readonly header: readonly (string | number)[];
  readonly records: readonly NormalRecord[];
  readonly termFlags: number;
}

export interface NormalForm {
  readonly bytes: Uint8Array;
  readonly fileHeader: Uint8Array;
  readonly units: readonly NormalUnit[];
  readonly hasEnd: boolean;
  /** Which unit each entry leads to, its instance, the CRC of its name. */
  readonly directory: readonly (readonly number[])[];
  readonly size: number;
}

const types = { 2: 'raw', 3: 'lzf', 4: 'zero' } as const;

/** Reads a sound saved state of format V2.0. */
export function normalForm(bytes: Uint8Array): NormalForm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, size: number) => Buffer.from(bytes.subarray(at, at + size)).toString('latin1');
  const u32 = (at: number) => view.getUint32(at, true);
  let at = 64;
  const units: NormalUnit[] = [];
  while (text(at, 8) === '\nUnit\n\0\0') {
    const offset = at;
    const header = [text(at + 44, u32(at + 40)), ...[24, 28, 32, 36].map((field) => u32(at + field))];
    at += 44 + u32(at + 40);
    const records: NormalRecord[] = [];
    for (;;) {
      const type = (bytes[at] as number) & 0x0f;
      if (type === 1) break;
      expect(bytes[at], `record at ${at}`).to.equal(0x90 | type);
      let size = bytes[at + 1] as number;
      at += 2;
      if (size >= 0x80) {
        const more = Math.clz32(~(size << 24)) - 1;
        size &= 0x3f >> more;
        for (let i = 0; i < more; i++) size = size * 64 + ((bytes[at++] as number) & 0x3f);
      }
      const payload = bytes.subarray(at, at + size);
      at += size;
      let data = payload;
      if (type !== 2) {
        data = new Uint8Array((payload[0] as number) * 1024);
        if (type === 3) expect(lzfDecompress(payload, 1, size, data, 0, data.length)).to.equal(true);
      }
      records.push({ type: types[type as 2 | 3 | 4], data, stored: size });
    }
    units.push({ offset, header, records, termFlags: view.getUint16(at + 2, true) });
    at += 16;
  }
  const hasEnd = text(at, 8) === '\nTheEnd\0';
  if (hasEnd) at += 44;
  expect(text(at, 8)).to.equal('\nDir\n\0\0\0');
  const entries = Array.from({ length: u32(at + 12) }, (_, i) => {
    const entry = at + 16 + 16 * i;
    return [units.findIndex(({ offset }) => offset === u32(entry)), u32(entry + 8), u32(entry + 12)];
  });
  return {
    bytes,
    fileHeader: bytes.subarray(0, 64),
    units,
    hasEnd,
    directory: entries,
    size: at + 16 * entries.length + 48,
  };
}

/** From this size of an LZF payload on two compressors may disagree on whether a block is worth compressing. */
const NEARLY_RAW = 3600;

function sameRecord(ours: NormalRecord, theirs: NormalRecord, which: string): void {
  expect(Buffer.compare(ours.data, theirs.data), `${which}: data`).to.equal(0);
  if (ours.type === theirs.type) return;
  // The original recognises zeros at aligned addresses only.
  if (ours.type === 'zero' && theirs.type === 'lzf' && ours.data.every((byte) => byte === 0)) return;
  const lzf = [ours, theirs].find(({ type }) => type === 'lzf');
  const raw = [ours, theirs].find(({ type }) => type === 'raw');
  if (lzf !== undefined && raw?.data.length === 4096 && lzf.stored >= NEARLY_RAW) return;
  expect.fail(
    `${which}: ${ours.type} of ${ours.stored} bytes where the original has ${theirs.type} of ${theirs.stored}`,
  );
}

/** Expects that two states differ only where LZF was free. Where there is no LZF they must be the same bytes. */
export function expectSame(ours: NormalForm, theirs: NormalForm): void {
  expect(ours.fileHeader).to.deep.equal(theirs.fileHeader);
  expect(ours.units.map(({ header }) => header)).to.deep.equal(theirs.units.map(({ header }) => header));
  for (const [i, unit] of ours.units.entries()) {
    const other = theirs.units[i] as NormalUnit;
    const which = `unit ${unit.header.slice(0, 3).join(' ')}`;
    expect(unit.records.length, `${which}: records`).to.equal(other.records.length);
    for (const [j, record] of unit.records.entries())
      sameRecord(record, other.records[j] as NormalRecord, `${which}, record ${j}`);
    expect(unit.termFlags).to.equal(other.termFlags);
  }
  expect([ours.hasEnd, ours.directory, ours.size - ours.bytes.length]).to.deep.equal([
    theirs.hasEnd,
    theirs.directory,
    theirs.size - theirs.bytes.length,
  ]);

  const free = ({ units }: NormalForm) => units.find(({ records }) => records.some(({ type }) => type === 'lzf'));
  const first = free(theirs) ?? free(ours);
  if (first === undefined) expect(Buffer.compare(ours.bytes, theirs.bytes), 'bytes').to.equal(0);
  // Up to the unit with the first LZF record nothing depends on it.
  else
    expect(
      Buffer.compare(ours.bytes.subarray(0, first.offset), theirs.bytes.subarray(0, first.offset)),
      'bytes in front of LZF',
    ).to.equal(0);
}
