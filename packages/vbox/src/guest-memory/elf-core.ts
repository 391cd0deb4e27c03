import type { ProductVersion } from '@ssmkit/runtime';
import type { MemorySegment } from '../guest-memory.js';
import { PAGE_SIZE } from '../pgm/records.js';
import type { CpuRegisters } from '../registers.js';
import { joined } from '../unit-data.js';
import { prstatusNote, vbcoreNote } from './elf-notes.js';

/*
 * Guest memory as an ELF core file, as VirtualBox itself dumps it
 *
 *     ELF header, program headers: PT_NOTE, then PT_LOAD for each segment
 *     notes: VBCORE, then NT_PRSTATUS for each CPU
 *     the segments' bytes, each from a page boundary on
 *
 * Addresses are guest-physical, as p_paddr and as p_vaddr. Tools for memory forensics take the segments with equal sizes
 * in file and memory; what the notes are for says elf-notes.ts.
 */

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;

const ET_CORE = 4;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const PT_LOAD = 1;
const PT_NOTE = 4;
const FLAGS = { rom: 5, ram: 7, mmio2: 6 } as const;

/** What the file says of the machine. */
export interface CoreMachine {
  readonly arm: boolean;
  readonly cpus: number;
  readonly product: ProductVersion | undefined;
  readonly revision: number;
  /** Registers of its CPUs, as far as they are known. */
  readonly registers?: readonly CpuRegisters[];
}

/** Memory that goes into a core file; that of devices where the guest sees it. */
export interface CoreSegment extends Omit<MemorySegment, 'kind'> {
  readonly kind: MemorySegment['kind'] | 'mmio2';
}

/** An ELF core file: what is in front of the memory, and where each segment's bytes go. */
export interface CoreFile {
  readonly header: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly segment: CoreSegment }[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/** Lays out a core file of these segments. */
export function elfCore(segments: readonly CoreSegment[], machine: CoreMachine): CoreFile {
  const noteAt = HEADER_SIZE + PROGRAM_HEADER_SIZE * (segments.length + 1);
  const { cpus, product, revision, registers = [] } = machine;
  const note = joined([vbcoreNote(cpus, product, revision), ...registers.map((each, i) => prstatusNote(i, each))]);
  const parts: { offset: number; segment: CoreSegment }[] = [];
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
