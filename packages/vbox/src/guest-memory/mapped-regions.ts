import type { OpenState } from '@ssmkit/runtime';
import { contextOf } from '../context.js';
import type { GuestMemory, Mmio2Region } from '../guest-memory.js';
import { PGM } from '../pgm/records.js';
import { readUnit } from '../read-unit.js';
import { PciBridge, PciBus, type PciFunction, PciRegionType } from '../units/platform/pci.js';
import { EcamPciBus, Ich9PciBridge, Ich9PciBus, type Ich9PciFunction } from '../units/platform/pci-ich9.js';

/*
 * Where the guest sees the memory of devices
 *
 * That is not with the memory, but in the configuration space of the device on the PCI bus: in the base address register
 * whose number is that of the region, as long as the device answers to memory accesses.
 */

/** Memory of a device that the guest sees. */
export interface MappedRegion {
  readonly region: Mmio2Region;
  /** Guest-physical address. */
  readonly address: number;
}

type AnyFunction = PciFunction | Ich9PciFunction;

/** Vendor and device of the devices whose names are known in another way (`VirtualBox 7.2 DevVGA.cpp, VMMDev.cpp`). */
const idsOf: Readonly<Record<string, readonly number[]>> = {
  vga: [0x80ee_beef, 0x15ad_0405],
  VMMDev: [0x80ee_cafe],
};

/** Classes of units that list functions. */
const buses = [PciBus, PciBridge, Ich9PciBus, Ich9PciBridge, EcamPciBus] as const;

const COMMAND = 4;
const COMMAND_MEMORY = 2;
const FIRST_BAR = 0x10;
const BARS = 6;
const ADDRESS_END = 2 ** 52;

/**
 * The memory of devices that the guest sees, by ascending address. What would lie over RAM, ROM, or other such memory is left
 * out, as is what no function of the bus can be found for.
 */
export async function mappedRegions(state: OpenState, memory: GuestMemory): Promise<MappedRegion[]> {
  if (memory.mmio2Regions().length === 0) return [];
  const functions = await functionsOf(state);
  const mapped: MappedRegion[] = [];
  for (const region of memory.mmio2Regions()) {
    const address = addressOf(region, functions);
    if (address !== undefined && isFree(memory, mapped, address, region.size)) mapped.push({ region, address });
  }
  return mapped.sort((a, b) => a.address - b.address);
}

async function functionsOf(state: OpenState): Promise<AnyFunction[]> {
  const functions: AnyFunction[] = [];
  const context = await contextOf(state);
  for await (const unit of state.units()) {
    // Buses are saved in front of guest memory, and that is long.
    if (unit.name === PGM.name) continue;
    if (!/^(?:ich9)?pci(?:bridge|-generic-ecam(?:-bridge)?)?$/.test(unit.name)) continue;
    const read = await readUnit(unit, context);
    if (read.kind === 'known' && buses.some((bus) => read.value instanceof bus)) {
      functions.push(...(read.value as { functions: AnyFunction[] }).functions);
    }
  }
  return functions.sort((a, b) => a.devFn - b.devFn);
}

function addressOf(region: Mmio2Region, functions: readonly AnyFunction[]): number | undefined {
  const ids = Object.hasOwn(idsOf, region.device) ? idsOf[region.device] : undefined;
  const fitting = functions.filter((each) => (ids?.includes(idOf(each)) ?? true) && fits(each, region));
  // Of devices whose functions cannot be told by their numbers there must be no doubt.
  const found = ids === undefined ? (fitting.length === 1 ? fitting[0] : undefined) : fitting[region.instance];
  return found === undefined ? undefined : barOf(found, region.region);
}

function idOf({ config }: AnyFunction): number {
  const view = viewOf(config);
  return view.getUint16(0, true) * 0x10000 + view.getUint16(2, true);
}

/** Whether a function has such a region; sizes on the bus are powers of two. */
function fits({ config, regions }: AnyFunction, { region, size }: Mmio2Region): boolean {
  if (region >= BARS || config.length < FIRST_BAR + 4 * BARS) return false;
  const found = regions?.[region];
  // Up to version 3 of the unit sizes are not saved.
  if (found === undefined || regions.every((each) => each.size === 0n)) return true;
  const least = 2 ** Math.ceil(Math.log2(size));
  return (found.type & PciRegionType.IO) === 0 && Number(found.size) === least;
}

/** What a base address register of memory says; `undefined` where it is not in use. */
function barOf({ config }: AnyFunction, index: number): number | undefined {
  const view = viewOf(config);
  const at = FIRST_BAR + 4 * index;
  const low = view.getUint32(at, true);
  if ((view.getUint16(COMMAND, true) & COMMAND_MEMORY) === 0 || (low & PciRegionType.IO) !== 0) return undefined;
  const isWide = (low & PciRegionType.MEMORY_64) !== 0 && index + 1 < BARS;
  const address = (isWide ? view.getUint32(at + 4, true) : 0) * 2 ** 32 + low - (low & 15);
  return address === 0 ? undefined : address;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isFree(memory: GuestMemory, mapped: readonly MappedRegion[], address: number, size: number): boolean {
  const end = address + size;
  const others = [...memory.segments(), ...mapped.map((each) => ({ address: each.address, size: each.region.size }))];
  return end <= ADDRESS_END && others.every((each) => end <= each.address || address >= each.address + each.size);
}
