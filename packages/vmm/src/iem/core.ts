import { FLAGS_FIXED, FLAGS_WRITABLE, IF, TF } from './flags.js';
import type { IoPorts, Memory } from './memory.js';

/*
 * What instructions work on: registers, memory and ports, and the few marks that make the next step other than "fetch
 * an opcode and execute it". Those marks are bits of one number, so that the usual step looks at that number only.
 */

/** The other chip of a system with an 8087. */
export interface Coprocessor {
  /** Level of the TEST pin: WAIT waits while it is true. */
  readonly busy: boolean;
  /**
   * An ESC instruction.
   *
   * @param code six bits: the opcode's low three, then the reg field.
   * @param address physical address of the operand, whose word the CPU has read; undefined for register forms.
   */
  escape(code: number, address: number | undefined): void;
}

/** Indices of general registers as words. */
export const AX = 0;
export const CX = 1;
export const DX = 2;
export const BX = 3;
export const SP = 4;
export const BP = 5;
export const SI = 6;
export const DI = 7;

/** Indices of general registers as bytes. */
export const AL = 0;
export const CL = 1;
export const AH = 4;

/** Indices of segment registers. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;

/** No segment override prefix. */
export const NO_OVERRIDE = -1;

/** INTR is high. */
export const INTERRUPT_LINE = 0x01;
/** NMI has risen and was not taken yet. */
export const NMI = 0x02;
/** TF is set: the coming instruction is traced. */
export const TRACING = 0x04;
/** The instruction before was traced: a single-step interrupt is due. */
export const TRAPPED = 0x08;
/** The instruction before loaded a segment register: no interrupt of any kind is taken before the next one. */
export const INHIBIT_ALL = 0x10;
/** The instruction before was the STI that set IF: INTR is not looked at yet. */
export const INHIBIT_INTR = 0x20;
/** HLT was executed. */
export const HALTED = 0x40;
/** A repeated string instruction has iterations left. */
export const REPEATING = 0x80;
/** Prefixes were read, their instruction not yet. */
export const PREFIXES = 0x100;

/** Where byte register n (AL, CL, DL, BL, AH, CH, DH, BH) lies in the memory of the word registers on this host. */
const lowByte = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;
const byteIndex = Uint8Array.from({ length: 8 }, (_, i) => (i & 3) * 2 + (i < 4 ? lowByte : 1 - lowByte));

export class Core {
  readonly words = new Uint16Array(8);
  readonly #bytes = new Uint8Array(this.words.buffer);
  readonly segments = new Uint16Array(4);
  /** Offset of the next byte to fetch. */
  ip = 0;
  /** Always with its fixed bits. `setFlags` must be used where TF may change. */
  flags = FLAGS_FIXED;
  attention = 0;

  /** Segment register that prefixes chose, or NO_OVERRIDE. */
  override = NO_OVERRIDE;
  /** The last REP prefix, 0xF2 or 0xF3, or 0. */
  repeat = 0;
  /** Opcode of the string instruction that goes on while REPEATING. */
  stringOpcode = 0;
  /** Offset of the first prefix of a prefixed instruction. */
  prefixIp = 0;

  /** Offset of the last memory operand, as the chip's IND register keeps it for those who ask again. */
  ea = 0;
  /** Index of the segment register of the last memory operand. */
  eaSegment = DS;

  readonly memory: Memory;
  readonly ports: IoPorts;
  readonly coprocessor: Coprocessor | undefined;
  /** By opcode. */
  readonly instructions: readonly Instruction[];

  constructor(
    memory: Memory,
    ports: IoPorts,
    coprocessor: Coprocessor | undefined,
    instructions: readonly Instruction[],
  ) {
    this.memory = memory;
    this.ports = ports;
    this.coprocessor = coprocessor;
    this.instructions = instructions;
  }

  /** Executes an instruction whose opcode was fetched. */
  execute(opcode: number): void {
    (this.instructions[opcode] as Instruction)(this);
  }

  byte(register: number): number {
    return this.#bytes[byteIndex[register] as number] as number;
  }

  setByte(register: number, value: number): void {
    this.#bytes[byteIndex[register] as number] = value;
  }

  word(register: number): number {
    return this.words[register] as number;
  }

  setWord(register: number, value: number): void {
    this.words[register] = value;
  }

  segment(register: number): number {
    return this.segments[register] as number;
  }

  setFlags(value: number): void {
    this.flags = (value & FLAGS_WRITABLE) | FLAGS_FIXED;
    if (value & TF) this.attention |= TRACING;
    else this.attention &= ~TRACING;
  }

  /** The 20-bit address; what is beyond wraps to the start of memory. */
  physical(segment: number, offset: number): number {
    return (((this.segments[segment] as number) << 4) + offset) & 0xf_ffff;
  }

  readByte(segment: number, offset: number): number {
    return this.memory.readByte(this.physical(segment, offset));
  }

  writeByte(segment: number, offset: number, value: number): void {
    this.memory.writeByte(this.physical(segment, offset), value);
  }

  /** A word at offset 0xFFFF has its high byte at offset 0 of the segment. */
  readWord(segment: number, offset: number): number {
    const low = this.readByte(segment, offset);
    return low | (this.readByte(segment, (offset + 1) & 0xffff) << 8);
  }

  writeWord(segment: number, offset: number, value: number): void {
    this.writeByte(segment, offset, value & 0xff);
    this.writeByte(segment, (offset + 1) & 0xffff, value >> 8);
  }

  fetch(): number {
    const ip = this.ip;
    this.ip = (ip + 1) & 0xffff;
    return this.memory.readByte((((this.segments[CS] as number) << 4) + ip) & 0xf_ffff);
  }

  /** A byte with its sign, -128 to 127. */
  fetchSigned(): number {
    return (this.fetch() << 24) >> 24;
  }

  fetchWord(): number {
    const low = this.fetch();
    return low | (this.fetch() << 8);
  }

  /** The segment register a memory operand uses that has `usual` without a prefix. */
  segmentOr(usual: number): number {
    return this.override === NO_OVERRIDE ? usual : this.override;
  }

  push(value: number): void {
    const sp = ((this.words[SP] as number) - 2) & 0xffff;
    this.words[SP] = sp;
    this.writeWord(SS, sp, value);
  }

  pop(): number {
    const sp = this.words[SP] as number;
    this.words[SP] = sp + 2;
    return this.readWord(SS, sp);
  }

  /** Enters the interrupt: the vector is read before anything is pushed, and no prefix outlives the instruction. */
  interrupt(vector: number): void {
    const { memory } = this;
    const at = vector * 4;
    const ip = memory.readByte(at) | (memory.readByte(at + 1) << 8);
    const cs = memory.readByte(at + 2) | (memory.readByte(at + 3) << 8);
    this.push(this.flags);
    this.setFlags(this.flags & ~(IF | TF));
    this.push(this.segments[CS] as number);
    this.push(this.ip);
    this.segments[CS] = cs;
    this.ip = ip;
  }
}

/** An instruction, after its opcode was fetched. */
export type Instruction = (core: Core) => void;
