import { dec16, inc16 } from '../alu.js';
import { CS, DS, ES, type Instruction, SS } from '../core.js';
import { CF, DF, IF } from '../flags.js';
import { immediate8, immediate16, immediateSigned, sixForms, test, unaryWord } from './arithmetic.js';
import * as control from './control.js';
import * as data from './data.js';
import { aaa, aas, daa, das } from './decimal.js';
import { groupF6, groupF7, groupFe, groupFf } from './groups.js';
import { escapeTo, immediatePorts, variablePorts } from './io.js';
import { aad, aam } from './multiply.js';
import { prefixed, prefixes } from './prefix.js';
import { shiftForms } from './shift.js';
import { stringInstructions } from './string.js';

const eight = (make: (i: number) => Instruction) => Array.from({ length: 8 }, (_, i) => make(i));
const sixteen = (make: (i: number) => Instruction) => Array.from({ length: 16 }, (_, i) => make(i));
const string = (opcode: number) => stringInstructions.get(opcode) as Instruction;
const prefix = (opcode: number) => {
  if (!prefixes.has(opcode)) throw new RangeError(`${opcode.toString(16)} is no prefix`);
  return prefixed(opcode);
};

/** Every opcode, in rows that begin with their first one. */
const rows: readonly (readonly [number, readonly Instruction[]])[] = [
  [0x00, [...sixForms(0), data.pushSegment(ES), data.popSegment(ES)]],
  [0x08, [...sixForms(1), data.pushSegment(CS), data.popSegment(CS)]],
  [0x10, [...sixForms(2), data.pushSegment(SS), data.popSegment(SS)]],
  [0x18, [...sixForms(3), data.pushSegment(DS), data.popSegment(DS)]],
  [0x20, [...sixForms(4), prefix(0x26), daa]],
  [0x28, [...sixForms(5), prefix(0x2e), das]],
  [0x30, [...sixForms(6), prefix(0x36), aaa]],
  [0x38, [...sixForms(7), prefix(0x3e), aas]],
  [0x40, eight((register) => unaryWord(inc16, register))],
  [0x48, eight((register) => unaryWord(dec16, register))],
  [0x50, eight(data.pushRegister)],
  [0x58, eight(data.popRegister)],
  [0x60, sixteen(control.jumpIf)],
  [0x70, sixteen(control.jumpIf)],
  [0x80, [immediate8, immediate16, immediate8, immediateSigned]],
  [0x84, [test.rm8, test.rm16, data.exchange8, data.exchange16]],
  [0x88, [...data.moves, data.moveFromSegment, data.lea, data.moveToSegment, data.popOperand]],
  [0x90, eight(data.exchangeAx)],
  [0x98, [data.cbw, data.cwd, control.callFar, control.wait, data.pushf, data.popf, data.sahf, data.lahf]],
  [0xa0, [...data.directMoves, string(0xa4), string(0xa5), string(0xa6), string(0xa7)]],
  [0xa8, [test.al, test.ax, string(0xaa), string(0xab), string(0xac), string(0xad), string(0xae), string(0xaf)]],
  [0xb0, eight((register) => (core) => core.setByte(register, core.fetch()))],
  [0xb8, eight((register) => (core) => core.setWord(register, core.fetchWord()))],
  [0xc0, [control.retRelease, control.ret, control.retRelease, control.ret]],
  [0xc4, [data.les, data.lds, data.moveImmediate8, data.moveImmediate16]],
  [0xc8, [control.retfRelease, control.retf, control.retfRelease, control.retf]],
  [0xcc, [control.int3, control.int, control.into, control.iret]],
  [0xd0, [...shiftForms, aam, aad, data.salc, data.xlat]],
  [0xd8, eight((i) => escapeTo(0xd8 + i))],
  [0xe0, [...control.loops, ...immediatePorts]],
  [0xe8, [control.callNear, control.jumpNear, control.jumpFar, control.jumpShort, ...variablePorts]],
  [0xf0, [prefix(0xf0), prefix(0xf1), prefix(0xf2), prefix(0xf3)]],
  [0xf4, [control.hlt, control.invertFlag(CF), groupF6, groupF7]],
  [0xf8, [control.clearFlag(CF), control.setFlag(CF), control.clearFlag(IF), control.sti]],
  [0xfc, [control.clearFlag(DF), control.setFlag(DF), groupFe, groupFf]],
];

/** What each opcode does. */
export const instructions: readonly Instruction[] = rows.flatMap(([first, row], i) => {
  const next = rows[i + 1]?.[0] ?? 0x100;
  if (first + row.length !== next) throw new RangeError(`the row of ${first.toString(16)} has ${row.length} opcodes`);
  return row;
});
