import type { InfoOutput } from '../dbgf/index.js';
import type { Subsystem } from '../vm/index.js';
import { type IoPortRange, portText } from './io-port-range.js';
import { IoPortManager, type IoPortManagerOptions } from './io-ports.js';

/** The I/O ports of a VM, as `vm.iom`; the info item `ioport`. Counted accesses are samples below `/IOM/IoPorts`. */
export function iom(options: IoPortManagerOptions = {}): Subsystem {
  return {
    name: 'IOM',
    init: (vm) => {
      const manager = new IoPortManager(options);
      const { info, statistics } = vm.uvm;
      if (manager.counts) {
        manager.onMapped = (range, mapped) => {
          const prefix = sampleName(range);
          if (!mapped) {
            statistics.deregisterByPrefix(`${prefix}/`);
            return;
          }
          for (const [name, sample] of [
            ['Read', range.reads],
            ['Write', range.writes],
          ] as const) {
            const description = `${name}s of the ports.`;
            statistics.register({
              name: `${prefix}/${name}`,
              type: 'counter',
              sample,
              unit: 'occurences',
              description,
            });
          }
        };
      }
      const description = 'The I/O ports of devices.';
      info.registerInternal({ name: 'ioport', description, handler: (_vm, output) => show(manager, output) });
      vm.iom = manager;
    },
    term: (vm) => {
      vm.iom = undefined;
    },
  };
}

/** Slashes divide the names of samples, and backslashes they cannot have. */
const sampleName = ({ first, count, description }: IoPortRange): string => {
  const [from, to] = [first as number, (first as number) + count - 1].map((port) => portText(port).slice(2));
  return `/IOM/IoPorts/${from}-${to} ${description.replaceAll(/[/\\]/g, '-')}`;
};

function show({ ranges, counts }: IoPortManager, output: InfoOutput): void {
  const sorted = [...ranges].sort((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity));
  output.table([
    ['From', 'To', 'What', ...(counts ? ['Reads', 'Writes'] : [])],
    ...sorted.map(({ first, count, description, reads, writes }) => [
      first === undefined ? 'not mapped' : portText(first),
      first === undefined ? '' : portText(first + count - 1),
      description,
      ...(counts ? [reads.value, writes.value] : []),
    ]),
  ]);
  output.data(
    sorted.map(({ first, count, description }) => ({ ...(first !== undefined && { first }), count, description })),
  );
}
