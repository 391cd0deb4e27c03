import { add8, sub8 } from '../alu.js';
import { AH, AL, type Core } from '../core.js';
import { AF, CF } from '../flags.js';

/*
 * DAA, DAS, AAA and AAS. Each finds its correction of AL first and adds or subtracts it at once; that operation leaves
 * OF, SF, ZF and PF (for AAA and AAS those before the high digit is cut off). With AF set, the 8086 finds the high digit
 * too large from 0xA0 on, otherwise from 0x9A on. (SingleStepTests' measurements of an 8088.)
 */

function lowDigitWrong(core: Core): boolean {
  return (core.byte(AL) & 0x0f) > 9 || (core.flags & AF) !== 0;
}

function highDigitWrong(core: Core): boolean {
  return (core.flags & CF) !== 0 || core.byte(AL) > (core.flags & AF ? 0x9f : 0x99);
}

function adjustPacked(core: Core, operation: typeof add8): void {
  const low = lowDigitWrong(core);
  const high = highDigitWrong(core);
  core.setByte(AL, operation(core, core.byte(AL), (low ? 0x06 : 0) + (high ? 0x60 : 0)));
  core.flags = (core.flags & ~(AF | CF)) | (low ? AF : 0) | (high ? CF : 0);
}

function adjustUnpacked(core: Core, operation: typeof add8, carry: number): void {
  const wrong = lowDigitWrong(core);
  core.setByte(AL, operation(core, core.byte(AL), wrong ? 6 : 0) & 0x0f);
  if (wrong) core.setByte(AH, core.byte(AH) + carry);
  core.flags = (core.flags & ~(AF | CF)) | (wrong ? AF | CF : 0);
}

export const daa = (core: Core): void => adjustPacked(core, add8);
export const das = (core: Core): void => adjustPacked(core, sub8);
export const aaa = (core: Core): void => adjustUnpacked(core, add8, 1);
export const aas = (core: Core): void => adjustUnpacked(core, sub8, -1);
