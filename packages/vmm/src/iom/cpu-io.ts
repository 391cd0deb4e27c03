import type { IoPorts } from '../iem/index.js';
import type { IoPortManager } from './io-ports.js';

/** The ports as an 8086 reaches them. */
export function cpuIo(iom: IoPortManager): IoPorts {
  return {
    readByte: (port) => iom.read(port, 1),
    writeByte: (port, value) => iom.write(port, value, 1),
    readWord: (port) => iom.read(port, 2),
    writeWord: (port, value) => iom.write(port, value, 2),
  };
}
