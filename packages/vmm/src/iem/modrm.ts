import { BP, BX, type Core, DI, DS, SI, SS } from './core.js';

/*
 * The byte after most opcodes: mod (two bits), reg (three), rm (three). mod 3 makes rm a register; else rm and mod say
 * how the offset of a memory operand is made. Reading an operand leaves the offset in `core.ea`, where writing it back
 * finds it.
 */

/** Modrm bytes from here on name a register. */
export const REGISTER_FORM = 0xc0;

/** The reg field. */
export function reg(modrm: number): number {
  return (modrm >> 3) & 7;
}

/** Fetches the displacement and makes segment and offset of the memory operand. */
export function address(core: Core, modrm: number): void {
  const { words } = core;
  let segment = DS;
  let offset: number;
  switch (modrm & 7) {
    case 0:
      offset = (words[BX] as number) + (words[SI] as number);
      break;
    case 1:
      offset = (words[BX] as number) + (words[DI] as number);
      break;
    case 2:
      offset = (words[BP] as number) + (words[SI] as number);
      segment = SS;
      break;
    case 3:
      offset = (words[BP] as number) + (words[DI] as number);
      segment = SS;
      break;
    case 4:
      offset = words[SI] as number;
      break;
    case 5:
      offset = words[DI] as number;
      break;
    case 6:
      if (modrm < 0x40) {
        offset = core.fetchWord();
      } else {
        offset = words[BP] as number;
        segment = SS;
      }
      break;
    default:
      offset = words[BX] as number;
  }
  if (modrm >= 0x80) offset += core.fetchWord();
  else if (modrm >= 0x40) offset += core.fetchSigned();
  core.ea = offset & 0xffff;
  core.eaSegment = core.segmentOr(segment);
}

export function readRm8(core: Core, modrm: number): number {
  if (modrm >= REGISTER_FORM) return core.byte(modrm & 7);
  address(core, modrm);
  return core.readByte(core.eaSegment, core.ea);
}

export function readRm16(core: Core, modrm: number): number {
  if (modrm >= REGISTER_FORM) return core.word(modrm & 7);
  address(core, modrm);
  return core.readWord(core.eaSegment, core.ea);
}

/** Writes to the operand that was read, or whose address was made. */
export function writeBack8(core: Core, modrm: number, value: number): void {
  if (modrm >= REGISTER_FORM) core.setByte(modrm & 7, value);
  else core.writeByte(core.eaSegment, core.ea, value);
}

export function writeBack16(core: Core, modrm: number, value: number): void {
  if (modrm >= REGISTER_FORM) core.setWord(modrm & 7, value);
  else core.writeWord(core.eaSegment, core.ea, value);
}
