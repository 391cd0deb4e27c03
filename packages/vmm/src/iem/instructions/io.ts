import { AL, AX, type Core, DX, type Instruction } from '../core.js';
import { address, REGISTER_FORM, reg } from '../modrm.js';

// IN, OUT and ESC.

function readPort(core: Core, port: number): number {
  return core.ports.readByte(port) & 0xff;
}

function readPortWord(core: Core, port: number): number {
  const { ports } = core;
  if (ports.readWord !== undefined) return ports.readWord(port) & 0xffff;
  const low = readPort(core, port);
  return low | (readPort(core, (port + 1) & 0xffff) << 8);
}

function writePortWord(core: Core, port: number, value: number): void {
  const { ports } = core;
  if (ports.writeWord !== undefined) {
    ports.writeWord(port, value);
  } else {
    ports.writeByte(port, value & 0xff);
    ports.writeByte((port + 1) & 0xffff, value >> 8);
  }
}

/** IN AL; IN AX; OUT AL; OUT AX. */
function ports(port: (core: Core) => number): readonly Instruction[] {
  return [
    (core) => core.setByte(AL, readPort(core, port(core))),
    (core) => core.setWord(AX, readPortWord(core, port(core))),
    (core) => core.ports.writeByte(port(core), core.byte(AL)),
    (core) => writePortWord(core, port(core), core.word(AX)),
  ];
}

/** E4 to E7. */
export const immediatePorts = ports((core) => core.fetch());
/** EC to EF. */
export const variablePorts = ports((core) => core.word(DX));

/** D8 to DF. The CPU reads the operand, for the coprocessor to see it on the bus, and drops it. */
export function escapeTo(opcode: number): Instruction {
  return (core) => {
    const modrm = core.fetch();
    const code = ((opcode & 7) << 3) | reg(modrm);
    let operand: number | undefined;
    if (modrm < REGISTER_FORM) {
      address(core, modrm);
      core.readWord(core.eaSegment, core.ea);
      operand = core.physical(core.eaSegment, core.ea);
    }
    core.coprocessor?.escape(code, operand);
  };
}
