/*
 * IOM, the I/O ports
 *
 * The other address space of a PC: 65536 ports of a byte each, in which devices have their registers. A device makes a
 * range and maps it, where it always was (ISA), or where the guest wants it (PCI):
 *
 *     IN/OUT ──▶ table: port ─▶ range ──offset, size──▶ the device's handlers
 *                  └─ nobody's: ones              └─ a size it does not answer: the halves, each from its own port
 *
 * Most ports are of devices that know bytes only, and guests write words to them all the same: OUT 3CE, AX sets index and
 * data of a graphics controller at once. On the bus a word for a device of 8 bits becomes two bytes, and so it does here.
 * A byte that nobody answers reads as FF, as the lines of a bus that nobody drives do.
 *
 * Finding a range is one look into a table of all ports. INS and OUTS are as many single accesses. Registers in memory
 * are in pgm/: there is only one way to guest-physical addresses.
 *
 *     const range = vm.iom.register(0x40, { owner, description: 'PIT', count: 4, handlers });
 *     range.unmap();
 *     vm.iom.removeOwner(owner);
 *
 * Where ranges overlap, the one that comes later is refused. Nothing of this is saved: who has ports maps them again. The
 * status codes are ours; the specification of VirtualBox's that this was made from has none for ports.
 */
export { cpuIo } from './cpu-io.js';
export { type IoPortOptions, IoPortRange } from './io-port-range.js';
export { IoPortManager, type IoPortManagerOptions, type PortAccess } from './io-ports.js';
export { iom } from './subsystem.js';
