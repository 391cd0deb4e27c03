import type { InfoOutput } from '../dbgf/index.js';
import type { Subsystem } from '../vm/index.js';
import { type IoPortRange, portText } from './io-port-range.js';
import { IoPortManager, type IoPortManagerOptions } from './io-ports.js';

/** Name of the info item. */
const PORTS_INFO = 'ioport';

/** The I/O ports of a VM, as `vm.iom`; the info item `ioport`. Counted accesses are samples below `/IOM/IoPorts`. */
export function iom(options: IoPortManagerOptions = {}): Subsystem {
  return {
    name: 'IOM',
    init: (vm) => {
      const manager = new IoPortManager(options);
      const { info, statistics } = vm.uvm;
      if (manager.counts) {
        manager.onMapped = (range, first, mapped) => {
          const prefix = sampleName(range, first);
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
      info.registerInternal({ name: PORTS_INFO, description, handler: (_vm, output) => show(manager, output) });
      vm.iom = manager;
    },
    term: (vm) => {
      // The UVM lives on, and would keep the devices.
      vm.uvm.info.deregister('internal', undefined, PORTS_INFO);
      vm.uvm.statistics.deregisterByPrefix('/IOM/');
      vm.iom = undefined;
    },
  };
}

/** Most characters that a description has in the name of a sample, which has at most 239. */
const DESCRIPTION_MAX = 40;

/** Slashes divide the names of samples, and backslashes they cannot have. */
const sampleName = ({ count, description }: IoPortRange, first: number): string => {
  const [from, to] = [first, first + count - 1].map((port) => portText(port).slice(2));
  return `/IOM/IoPorts/${from}-${to} ${description.replaceAll(/[/\\]/g, '-').slice(0, DESCRIPTION_MAX)}`;
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
