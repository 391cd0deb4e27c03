import type { ProductVersion } from '@ssmkit/runtime';
import type { MemorySegment } from '../guest-memory.js';
import { PAGE_SIZE } from '../pgm/records.js';

/*
 * Guest memory as an ELF core file, as VirtualBox itself dumps it
 *
 *     ELF header, program headers: PT_NOTE, then PT_LOAD for each segment
 *     note VBCORE
 *     the segments' bytes, each from a page boundary on
 *
 * Addresses are guest-physical, as p_paddr and as p_vaddr. Tools for memory forensics take the segments with equal sizes
 * in file and memory; older ones ask for the note by which VirtualBox's own dumps are known
 * (`VirtualBox include/VBox/vmm/dbgfcorefmt.h`).
 */

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const NOTE_NAME = 'VBCORE';
const NOTE_DATA_SIZE = 24;

const ET_CORE = 4;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const PT_LOAD = 1;
const PT_NOTE = 4;
const FLAGS = { rom: 5, ram: 7 } as const;

/** Type of the note, and what its data begins with. */
const NT_VBOXCORE = 0xb00;
const CORE_MAGIC = 0xc01ac0de;
const CORE_FORMAT = 0x00010000;

/** What the file says of the machine. */
export interface CoreMachine {
  readonly arm: boolean;
  readonly cpus: number;
  readonly product: ProductVersion | undefined;
  readonly revision: number;
}

/** An ELF core file: what is in front of the memory, and where each segment's bytes go. */
export interface CoreFile {
  readonly header: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly segment: MemorySegment }[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/** Lays out a core file of these segments. */
export function elfCore(segments: readonly MemorySegment[], machine: CoreMachine): CoreFile {
  const noteAt = HEADER_SIZE + PROGRAM_HEADER_SIZE * (segments.length + 1);
  const note = vbcoreNote(machine);
  const parts: { offset: number; segment: MemorySegment }[] = [];
  let size = Math.ceil((noteAt + note.length) / PAGE_SIZE) * PAGE_SIZE;
  for (const segment of segments) {
    parts.push({ offset: size, segment });
    size += segment.size;
  }
  const header = new Uint8Array(noteAt + note.length);
  const view = new DataView(header.buffer);
  // Class 64 bits, little endian, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, machine.arm ? EM_AARCH64 : EM_X86_64, true);
  view.setUint32(20, 1, true);
  view.setUint32(32, HEADER_SIZE, true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(54, PROGRAM_HEADER_SIZE, true);
  view.setUint16(56, segments.length + 1, true);
  putProgramHeader(view, HEADER_SIZE, {
    type: PT_NOTE,
    flags: 0,
    offset: noteAt,
    address: 0,
    size: note.length,
    align: 4,
  });
  parts.forEach(({ offset, segment: { kind, address, size } }, i) => {
    const at = HEADER_SIZE + PROGRAM_HEADER_SIZE * (i + 1);
    putProgramHeader(view, at, { type: PT_LOAD, flags: FLAGS[kind], offset, address, size, align: PAGE_SIZE });
  });
  header.set(note, noteAt);
  return { header, parts, size };
}

function putProgramHeader(
  view: DataView,
  at: number,
  part: Readonly<Record<'type' | 'flags' | 'offset' | 'address' | 'size' | 'align', number>>,
): void {
  view.setUint32(at, part.type, true);
  view.setUint32(at + 4, part.flags, true);
  const words = [part.offset, part.address, part.address, part.size, part.type === PT_LOAD ? part.size : 0, part.align];
  words.forEach((word, i) => {
    view.setBigUint64(at + 8 + 8 * i, BigInt(word), true);
  });
}

function vbcoreNote({ cpus, product, revision }: CoreMachine): Uint8Array {
  const { major = 0, minor = 0, build = 0 } = product ?? {};
  const name = new TextEncoder().encode(`${NOTE_NAME}\0`);
  const dataAt = 12 + Math.ceil(name.length / 4) * 4;
  const note = new Uint8Array(dataAt + NOTE_DATA_SIZE);
  const view = new DataView(note.buffer);
  [name.length, NOTE_DATA_SIZE, NT_VBOXCORE].forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  note.set(name, 12);
  const version = ((major & 0xff) << 24) | ((minor & 0xff) << 16) | (build & 0xffff);
  [CORE_MAGIC, CORE_FORMAT, NOTE_DATA_SIZE, version, revision, cpus].forEach((word, i) => {
    view.setUint32(dataAt + 4 * i, word >>> 0, true);
  });
  return note;
}
