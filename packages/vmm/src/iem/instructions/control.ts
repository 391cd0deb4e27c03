import { type Core, CS, CX, HALTED, INHIBIT_INTR, type Instruction, SP } from '../core.js';
import { conditions, IF, OF, ZF } from '../flags.js';

// Jumps, calls, returns, loops, interrupts, HLT, WAIT and the instructions of single flags.

function jumpBy(core: Core, displacement: number): void {
  core.ip = (core.ip + displacement) & 0xffff;
}

/** 70 to 7F, and 60 to 6F, which the 8086 does not tell from them. */
export function jumpIf(condition: number): Instruction {
  return (core) => {
    const displacement = core.fetchSigned();
    if (((conditions[core.flags & 0xfff] as number) >> condition) & 1) jumpBy(core, displacement);
  };
}

/** EB. */
export function jumpShort(core: Core): void {
  const displacement = core.fetchSigned();
  jumpBy(core, displacement);
}

/** E9. */
export function jumpNear(core: Core): void {
  const displacement = core.fetchWord();
  jumpBy(core, displacement);
}

/** EA. */
export function jumpFar(core: Core): void {
  const ip = core.fetchWord();
  core.segments[CS] = core.fetchWord();
  core.ip = ip;
}

export function callTo(core: Core, ip: number): void {
  core.push(core.ip);
  core.ip = ip;
}

export function callFarTo(core: Core, cs: number, ip: number): void {
  core.push(core.segment(CS));
  core.segments[CS] = cs;
  callTo(core, ip);
}

/** E8. */
export function callNear(core: Core): void {
  const displacement = core.fetchWord();
  callTo(core, (core.ip + displacement) & 0xffff);
}

/** 9A. */
export function callFar(core: Core): void {
  const ip = core.fetchWord();
  callFarTo(core, core.fetchWord(), ip);
}

function release(core: Core, bytes: number): void {
  core.setWord(SP, core.word(SP) + bytes);
}

/** C3, C1. */
export function ret(core: Core): void {
  core.ip = core.pop();
}

/** C2, C0. */
export function retRelease(core: Core): void {
  const bytes = core.fetchWord();
  ret(core);
  release(core, bytes);
}

/** CB, C9. */
export function retf(core: Core): void {
  core.ip = core.pop();
  core.segments[CS] = core.pop();
}

/** CA, C8. */
export function retfRelease(core: Core): void {
  const bytes = core.fetchWord();
  retf(core);
  release(core, bytes);
}

/** CF. */
export function iret(core: Core): void {
  retf(core);
  core.setFlags(core.pop());
}

/** CD. */
export function int(core: Core): void {
  core.interrupt(core.fetch());
}

/** CC. */
export function int3(core: Core): void {
  core.interrupt(3);
}

/** CE. */
export function into(core: Core): void {
  if (core.flags & OF) core.interrupt(4);
}

/** E0 to E2: whether the loop goes on, apart from CX. */
function loop(goesOn: (flags: number) => boolean): Instruction {
  return (core) => {
    const displacement = core.fetchSigned();
    const count = (core.word(CX) - 1) & 0xffff;
    core.setWord(CX, count);
    if (count !== 0 && goesOn(core.flags)) jumpBy(core, displacement);
  };
}

/** E0 to E3: LOOPNE, LOOPE, LOOP, JCXZ. */
export const loops: readonly Instruction[] = [
  loop((flags) => (flags & ZF) === 0),
  loop((flags) => (flags & ZF) !== 0),
  loop(() => true),
  (core) => {
    const displacement = core.fetchSigned();
    if (core.word(CX) === 0) jumpBy(core, displacement);
  },
];

/** F4. */
export function hlt(core: Core): void {
  core.attention |= HALTED;
}

/** 9B. While TEST says busy, the same WAIT is executed again, so that interrupts are taken, and return to it. */
export function wait(core: Core): void {
  if (core.coprocessor?.busy) jumpBy(core, -1);
}

export const setFlag =
  (flag: number): Instruction =>
  (core) => {
    core.flags |= flag;
  };

export const clearFlag =
  (flag: number): Instruction =>
  (core) => {
    core.flags &= ~flag;
  };

export const invertFlag =
  (flag: number): Instruction =>
  (core) => {
    core.flags ^= flag;
  };

/** FB: INTR is looked at only after one more instruction, so that STI, RET returns first. */
export function sti(core: Core): void {
  if ((core.flags & IF) === 0) core.attention |= INHIBIT_INTR;
  core.flags |= IF;
}
