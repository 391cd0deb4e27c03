/** What the CPU's address and data lines reach in memory cycles. Addresses are physical, 0 to 0xFFFFF; values are bytes. */
export interface Memory {
  readByte(address: number): number;
  writeByte(address: number, value: number): void;
}

/** What they reach in I/O cycles. Ports are 0 to 0xFFFF. */
export interface IoPorts {
  readByte(port: number): number;
  writeByte(port: number, value: number): void;
  /** Without it a word is two bytes, from `port` and the port after it, as on the 8088. */
  readWord?(port: number): number;
  writeWord?(port: number, value: number): void;
}

/** Bytes that 20 address lines reach. */
export const MEMORY_SIZE = 0x10_0000;

/** 1 MiB of RAM. */
export class FlatMemory implements Memory {
  readonly bytes: Uint8Array;

  /** @param bytes used as they are, MEMORY_SIZE of them; new zeroed ones by default. */
  constructor(bytes: Uint8Array = new Uint8Array(MEMORY_SIZE)) {
    if (bytes.length !== MEMORY_SIZE) throw new RangeError(`${bytes.length} bytes, not ${MEMORY_SIZE}`);
    this.bytes = bytes;
  }

  readByte(address: number): number {
    return this.bytes[address] as number;
  }

  writeByte(address: number, value: number): void {
    this.bytes[address] = value;
  }
}

/** Ports with nothing behind them: the data lines float high. */
export const noPorts: IoPorts = { readByte: () => 0xff, writeByte: () => {} };
