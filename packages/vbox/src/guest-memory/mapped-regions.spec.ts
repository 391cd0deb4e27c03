import { MemorySource, openState } from '@ssmkit/runtime';
import { expect } from 'chai';
import { GuestMemory } from '../guest-memory.js';
import { guestState, page, type TestMachine } from '../testing.js';
import { PciBus, PciFunction, PciRegionType } from '../units/platform/pci.js';
import { mappedRegions } from './mapped-regions.js';

const MIB = 2 ** 20;

interface TestFunction {
  readonly id?: readonly [vendor: number, device: number];
  readonly command?: number;
  /** Base address registers and sizes, by the number of the region. */
  readonly bars?: Readonly<Record<number, readonly [address: number, size: number, type?: number]>>;
}

/** A bus with these functions. */
function bus(...functions: readonly TestFunction[]): NonNullable<TestMachine['units']>[number] {
  const object = new PciBus();
  object.functions = functions.map(({ id = [0x80ee, 0xbeef], command = 3, bars = {} }, i) => {
    const made = Object.assign(new PciFunction(), { devFn: i * 8 });
    const view = new DataView(made.config.buffer);
    view.setUint16(0, id[0], true);
    view.setUint16(2, id[1], true);
    view.setUint16(4, command, true);
    for (const [number, [address, size, type = 0]] of Object.entries(bars)) {
      view.setUint32(0x10 + 4 * Number(number), ((address % 2 ** 32) | type) >>> 0, true);
      if (type === PciRegionType.MEMORY_64)
        view.setUint32(0x14 + 4 * Number(number), Math.floor(address / 2 ** 32), true);
      Object.assign(made.regions[Number(number)] as object, { type, size: BigInt(size) });
    }
    return made;
  });
  return { name: 'pci', version: 4, object };
}

const vga = { device: 'vga', region: 0, description: 'VRam', size: BigInt(MIB) };
const nvme = { device: 'nvme', region: 3, description: 'buffer', size: BigInt(5 * MIB) };

const rows: readonly (readonly [
  what: string,
  mmio2: TestMachine['mmio2'],
  functions: readonly TestFunction[],
  mapped: readonly (readonly [device: string, address: number])[],
])[] = [
  ['the memory of the graphics adapter', [vga], [{ bars: { 0: [0xe0000000, MIB, 8] } }], [['vga', 0xe0000000]]],
  [
    'the same under the name of another maker',
    [{ ...vga, region: 1 }],
    [{ id: [0x15ad, 0x0405], bars: { 1: [0xe0000000, MIB] } }],
    [['vga', 0xe0000000]],
  ],
  ['an address above 4 GiB', [vga], [{ bars: { 0: [5 * 2 ** 32, MIB, 4] } }], [['vga', 5 * 2 ** 32]]],
  [
    'a size that is no power of two',
    [nvme],
    [{ id: [1, 2], bars: { 3: [0xf0000000, 8 * MIB] } }],
    [['nvme', 0xf0000000]],
  ],
  [
    'several devices, by their addresses',
    [vga, nvme],
    [{ id: [1, 2], bars: { 3: [0xd0000000, 8 * MIB] } }, { bars: { 0: [0xe0000000, MIB] } }],
    [
      ['nvme', 0xd0000000],
      ['vga', 0xe0000000],
    ],
  ],
  [
    'two adapters, by their instances',
    [vga, { ...vga, instance: 1 }],
    [{ bars: { 0: [0xe0000000, MIB] } }, { bars: { 0: [0xd0000000, MIB] } }],
    [
      ['vga', 0xd0000000],
      ['vga', 0xe0000000],
    ],
  ],
  ['not where the device does not answer', [vga], [{ command: 1, bars: { 0: [0xe0000000, MIB] } }], []],
  ['not where it has no address yet', [vga], [{ bars: { 0: [0, MIB] } }], []],
  ['not over RAM', [vga], [{ bars: { 0: [0x80000, MIB] } }], []],
  ['not ports', [vga], [{ bars: { 0: [0xd000, MIB, 1] } }], []],
  ['not a device of another size', [vga], [{ bars: { 0: [0xe0000000, 2 * MIB] } }], []],
  [
    'not where two devices could be meant',
    [nvme],
    [
      { id: [1, 2], bars: { 3: [0xf0000000, 8 * MIB] } },
      { id: [1, 3], bars: { 3: [0xd0000000, 8 * MIB] } },
    ],
    [],
  ],
  ['not regions that are none of the bus', [{ ...vga, device: 'GIMDev', region: 9 }], [{}], []],
];

describe('where the guest sees the memory of devices', () => {
  for (const [what, mmio2 = [], functions, mapped] of rows) {
    it(what, async () => {
      const machine = { ram: MIB, mmio2, units: [bus(...functions)] };
      const state = await openState(
        new MemorySource(await guestState([{ pages: (put) => put.putMmio2(1, 0, page(1)) }], machine)),
      );
      const found = await mappedRegions(state, await GuestMemory.open(state));
      expect(found.map(({ region, address }) => [region.device, address])).to.deep.equal(mapped);
    });
  }

  it('nowhere, in a state without a bus', async () => {
    const state = await openState(new MemorySource(await guestState([{}], { mmio2: [vga] })));
    expect(await mappedRegions(state, await GuestMemory.open(state))).to.deep.equal([]);
  });
});
