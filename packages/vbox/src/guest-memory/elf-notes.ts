import type { ProductVersion } from '@ssmkit/runtime';
import type { CpuRegisters } from '../registers.js';

/*
 * Notes of a core file
 *
 *     size of the name, size of the data, type; name; data; each from a multiple of 4 bytes on
 *
 * Tools for memory forensics know a dump of VirtualBox by the note VBCORE, which has to be the first
 * (`VirtualBox include/VBox/vmm/dbgfcorefmt.h`). Debuggers take each CPU for a thread and its registers from NT_PRSTATUS, which
 * has the form that Linux gives it on x86-64.
 */

const NOTE_HEAD = 12;

const NT_VBOXCORE = 0xb00;
const CORE_MAGIC = 0xc01ac0de;
const CORE_FORMAT = 0x00010000;
const VBCORE_SIZE = 24;

const NT_PRSTATUS = 1;
const PRSTATUS_SIZE = 336;
/** Number of the thread. */
const PRSTATUS_PID = 32;
const PRSTATUS_REGISTERS = 112;

/** Registers in NT_PRSTATUS, 8 bytes each, in their order; `origRax` is what Linux has for system calls. */
const threadRegisters: readonly ((registers: CpuRegisters) => bigint)[] = [
  ...(['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8'] as const),
  ...(['rax', 'rcx', 'rdx', 'rsi', 'rdi'] as const),
]
  .map((name) => (registers: CpuRegisters) => registers[name])
  .concat([
    () => 0xffff_ffff_ffff_ffffn,
    ({ rip }) => rip,
    ({ cs }) => BigInt(cs.selector),
    ({ rflags }) => rflags,
    ({ rsp }) => rsp,
    ({ ss }) => BigInt(ss.selector),
    ({ fs }) => fs.base,
    ({ gs }) => gs.base,
    ({ ds }) => BigInt(ds.selector),
    ({ es }) => BigInt(es.selector),
    ({ fs }) => BigInt(fs.selector),
    ({ gs }) => BigInt(gs.selector),
  ]);

/** What VirtualBox says of the machine in its own dumps. */
export function vbcoreNote(cpus: number, product: ProductVersion | undefined, revision: number): Uint8Array {
  const { major = 0, minor = 0, build = 0 } = product ?? {};
  const version = ((major & 0xff) << 24) | ((minor & 0xff) << 16) | (build & 0xffff);
  return note('VBCORE', NT_VBOXCORE, VBCORE_SIZE, (view) => {
    [CORE_MAGIC, CORE_FORMAT, VBCORE_SIZE, version, revision, cpus].forEach((word, i) => {
      view.setUint32(4 * i, word >>> 0, true);
    });
  });
}

/** The registers of a CPU. @param cpu its number; threads count from 1. */
export function prstatusNote(cpu: number, registers: CpuRegisters): Uint8Array {
  return note('CORE', NT_PRSTATUS, PRSTATUS_SIZE, (view) => {
    view.setUint32(PRSTATUS_PID, cpu + 1, true);
    threadRegisters.forEach((of, i) => {
      view.setBigUint64(PRSTATUS_REGISTERS + 8 * i, of(registers), true);
    });
  });
}

function note(name: string, type: number, size: number, put: (view: DataView) => void): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0`);
  const dataAt = NOTE_HEAD + Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(dataAt + size);
  const view = new DataView(bytes.buffer);
  [text.length, size, type].forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  bytes.set(text, NOTE_HEAD);
  put(new DataView(bytes.buffer, dataAt, size));
  return bytes;
}
