import {
  crc32,
  type Format,
  getSelfDescription,
  isSsmError,
  type OpenState,
  type OpenUnit,
  PASS_FINAL,
  type SsmError,
} from '@ssmkit/runtime';
import type { Catalog, UnitContext } from '../catalog.js';
import { getPgmHeader, type PgmHeader } from '../pgm/header-parts.js';
import { PGM } from '../pgm/records.js';
import { readWith } from '../read-with.js';
import type { Cpuid } from '../units/cpum/cpuid.js';
import { Cpum, CpumLive } from '../units/cpum/cpum.js';
import { Vga } from '../units/graphics/vga.js';
import { DisplayScreenshot, ScreenshotType } from '../units/main/display.js';
import { Rtc } from '../units/platform/rtc.js';
import { Pdm, PdmLive } from '../units/vmm/pdm.js';
import { Mm } from '../units/vmm/ssm.js';
import { Tm } from '../units/vmm/time.js';
import { VmmDev } from '../units/vmmdev/vmmdev.js';
import { type CpuInfo, cpuInfo } from './cpu-info.js';
import { type DeviceName, deviceName } from './device-names.js';
import { decodedNames, machineUnits } from './machine-units.js';

/** A device of the machine. */
export interface DeviceInfo extends DeviceName {
  readonly name: string;
  readonly instance: number;
}

/** A range of guest-physical addresses. */
export interface MemoryRange {
  readonly address: number;
  readonly size: number;
  readonly what: string;
}

/** What machine a state is of, as far as it tells; what it does not is undefined. */
export interface MachineInfo {
  readonly format: Format;
  /** `7.2.22` */
  readonly product: string | undefined;
  readonly revision: number | undefined;
  readonly live: boolean;
  readonly host: string | undefined;
  readonly buildType: string | undefined;
  readonly openSource: boolean | undefined;
  readonly cpuCount: number | undefined;
  readonly cpu: CpuInfo | undefined;
  /** Bytes. */
  readonly ramBytes: number | undefined;
  /** Bytes below 4 GiB that are no RAM. */
  readonly ramHole: number | undefined;
  /** RAM and ROM. */
  readonly ranges: readonly MemoryRange[];
  readonly videoBytes: number | undefined;
  readonly graphics: 'VMSVGA' | 'VBoxVGA' | undefined;
  readonly firmware: 'BIOS' | 'EFI' | undefined;
  readonly chipset: 'PIIX3' | 'ICH9' | undefined;
  readonly devices: readonly DeviceInfo[];
  /** What the machine's clock showed, as `2026-11-20T18:20:10`; in UTC or in the host's local time. */
  readonly clock: { readonly time: string; readonly utc: boolean | undefined } | undefined;
  /** Nanoseconds that the machine has run. */
  readonly ranFor: bigint | undefined;
  /** Of the PNG. */
  readonly screenshot: { readonly width: number; readonly height: number } | undefined;
  /** Guest Additions that have reported; their version where they told it. */
  readonly additions: { readonly version: string | undefined; readonly name: string } | undefined;
}

type Mutable = { -readonly [K in keyof MachineInfo]: MachineInfo[K] };

/** What one decoded unit tells. */
type Teller = (info: Mutable, value: object) => void;

/** Classes of units, and what is taken from them. */
const tellers: readonly (readonly [target: abstract new (...args: never[]) => object, tell: Teller])[] = [
  [Cpum, (info, value) => tellCpu(info, (value as Cpum).cpuid)],
  [CpumLive, (info, value) => tellCpu(info, (value as CpumLive).cpuid)],
  [Pdm, (info, value) => tellDevices(info, (value as Pdm).devices)],
  [PdmLive, (info, value) => tellDevices(info, (value as PdmLive).devices)],
  [Rtc, (info, value) => tellClock(info, value as Rtc)],
  [Vga, (info, value) => tellGraphics(info, value as Vga)],
  [VmmDev, (info, value) => tellAdditions(info, value as VmmDev)],
  [DisplayScreenshot, (info, value) => tellScreenshot(info, value as DisplayScreenshot)],
  [Tm, tellTime],
  [Mm, (info, value) => tellMemory(info, value as Mm)],
];

/** What of units is told by their being there. */
const byName: Readonly<Record<string, Partial<MachineInfo>>> = {
  pci: { chipset: 'PIIX3' },
  ich9pci: { chipset: 'ICH9' },
  pcbios: { firmware: 'BIOS' },
  efi: { firmware: 'EFI' },
};

/** What of a state is needed to say what machine it is of. */
export type MachineState = Pick<OpenState, 'format' | 'header' | 'units' | 'directory' | 'seek'>;

/** How it is said. */
export interface MachineInfoOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
  /** Told what is known so far, in an object that goes on being filled. */
  readonly onInfo?: (info: MachineInfo) => void;
}

/**
 * What machine a state is of.
 *
 * Of a file whose directory leads to its units, only those are read that tell something: every one to its end, where its
 * checksum is, but of guest memory only the front. Units of live saves, formats without a directory, and damaged files are
 * gone through to the end. So a state that something is told of need not be sound; `verifyState` says whether it is.
 *
 * @throws SsmError the first thing found wrong with the state, after `onInfo` was called with what is told all the same: by
 * the other units, or where all are gone through by those in front of the damage.
 */
export async function machineInfo(
  state: MachineState,
  context: UnitContext,
  { catalog = machineUnits, onInfo }: MachineInfoOptions = {},
): Promise<MachineInfo> {
  const info = nothingTold(state, context);
  onInfo?.(info);
  const tell = (unit: OpenUnit, afterLive: boolean) => tellFrom(info, unit, afterLive, catalog, context);
  const places = await telling(state);
  if (places === undefined) {
    let afterLive = false;
    for await (const unit of state.units()) {
      await tell(unit, afterLive);
      afterLive ||= unit.name === PGM.name;
    }
    return info;
  }
  let failure: SsmError | undefined;
  for (const { name, instance } of places) {
    try {
      const unit = await state.seek(name, instance);
      const isTold = await tell(unit, false);
      if (name !== PGM.name || !isTold) await unit.measure();
    } catch (error) {
      if (!isSsmError(error)) throw error;
      failure ??= error.at({ unit: name, instance });
    }
  }
  if (failure !== undefined) throw failure;
  return info;
}

/** What is known before any unit is read. */
function nothingTold({ format, header }: MachineState, context: UnitContext): Mutable {
  const { product, revision, live } = header;
  return {
    format,
    product: product === undefined ? undefined : `${product.major}.${product.minor}.${product.build}`,
    revision: revision === 0 ? undefined : revision,
    live,
    host: context.saved.name === '' ? undefined : context.saved.name,
    buildType: undefined,
    openSource: context.openSource,
    cpuCount: context.cpuCount,
    cpu: undefined,
    ramBytes: undefined,
    ramHole: undefined,
    ranges: [],
    videoBytes: undefined,
    graphics: undefined,
    firmware: undefined,
    chipset: undefined,
    devices: [],
    clock: undefined,
    ranFor: undefined,
    screenshot: undefined,
    additions: undefined,
  };
}

/** The unit in which the saving side tells of itself. */
const SELF = 'SSM';

/** CRCs of the names of all units that tell something. */
const namesByCrc: ReadonlyMap<number, string> = new Map(
  [SELF, PGM.name, ...decodedNames, ...Object.keys(byName)].map((name) => [
    crc32(new TextEncoder().encode(name)),
    name,
  ]),
);

/**
 * The units that tell something, in the order of the file; `undefined` where they have to be looked for by going through it:
 * a directory leads to the last pass of a unit only, and where it is damaged, going through the file says so.
 */
async function telling(state: MachineState): Promise<{ name: string; instance: number }[] | undefined> {
  if (state.header.live) return undefined;
  try {
    const { entries } = await state.directory();
    return entries
      .toSorted((a, b) => a.offset - b.offset)
      .flatMap(({ nameCrc, instance, offset }) => {
        const name = namesByCrc.get(nameCrc);
        // Units that have saved nothing are at no offset.
        return name === undefined || offset === 0 ? [] : [{ name, instance }];
      });
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return undefined;
  }
}

/** @returns whether what it has to tell was understood. */
async function tellFrom(
  info: Mutable,
  unit: OpenUnit,
  afterLive: boolean,
  catalog: Catalog,
  context: UnitContext,
): Promise<boolean> {
  const { name } = unit;
  Object.assign(info, Object.hasOwn(byName, name) ? byName[name] : {});
  if (name === SELF) return tellSelf(info, unit);
  if (name === PGM.name) return tellRam(info, unit, afterLive);
  return decodedNames.has(name) && tellUnit(info, unit, catalog, context);
}

async function tellUnit(info: Mutable, unit: OpenUnit, catalog: Catalog, context: UnitContext): Promise<boolean> {
  const read = await readWith(catalog, unit, context);
  if (read.kind !== 'known') return false;
  tellers.find(([target]) => read.value instanceof target)?.[1](info, read.value);
  return true;
}

async function tellSelf(info: Mutable, { stream }: OpenUnit): Promise<boolean> {
  try {
    const pairs = await getSelfDescription(stream);
    info.buildType = pairs.get('Build Type');
    info.host ??= pairs.get('Host OS');
    return true;
  } catch (error) {
    // Of a damaged unit the end of it tells.
    if (!isSsmError(error)) throw error;
    return false;
  }
}

async function tellRam(info: Mutable, { stream, version, pass }: OpenUnit, afterLive: boolean): Promise<boolean> {
  if (pass !== PASS_FINAL && pass !== 0) return false;
  let header: PgmHeader;
  try {
    header = await getPgmHeader(stream, version, afterLive);
  } catch (error) {
    // What is in front of the pages is not known in this version, or damaged, which the end of the unit tells.
    if (!isSsmError(error)) throw error;
    return false;
  }
  const { ramConfig, ranges } = header;
  if (ramConfig !== undefined) {
    info.ramBytes = Number(ramConfig.size);
    info.ramHole = ramConfig.hole;
  }
  if (ranges !== undefined) tellRanges(info, ranges);
  return true;
}

function tellRanges(info: Mutable, { rom, mmio2 }: NonNullable<PgmHeader['ranges']>): void {
  const roms = rom.map(({ address, size, description }) => ({
    address: Number(address),
    size: Number(size),
    what: description,
  }));
  info.ranges = [...ramRanges(info), ...roms].sort((a, b) => a.address - b.address);
  const video = mmio2.find(({ device, description }) => device === 'vga' && /^vram/i.test(description));
  if (video !== undefined) info.videoBytes = Number(video.size);
}

const FOUR_GIB = 2 ** 32;

/** RAM begins at 0 and, where it reaches the hole below 4 GiB, goes on above (`VirtualBox 7.2 PGM.cpp, PGMR3InitFinalize`). */
function ramRanges({ ramBytes, ramHole }: Mutable): MemoryRange[] {
  if (ramBytes === undefined || ramHole === undefined) return [];
  const low = Math.min(ramBytes, FOUR_GIB - ramHole);
  const high = ramBytes - low;
  return [
    { address: 0, size: low, what: 'RAM' },
    ...(high > 0 ? [{ address: FOUR_GIB, size: high, what: 'RAM' }] : []),
  ];
}

function tellMemory(info: Mutable, { ramBytes }: Mm): void {
  info.ramBytes ??= Number(ramBytes);
}

function tellCpu(info: Mutable, cpuid: Cpuid): void {
  info.cpu = cpuInfo(cpuid);
}

function tellDevices(info: Mutable, devices: readonly { name: string; instance: number }[]): void {
  info.devices = devices.map(({ name, instance }) => ({ name, instance, ...deviceName(name) }));
}

function tellClock(info: Mutable, { time, config }: Rtc): void {
  const { year, month, day, hours, minutes, seconds } = time;
  const two = (value: number) => String(value).padStart(2, '0');
  const text = `${year + 1900}-${two(month + 1)}-${two(day)}T${two(hours)}:${two(minutes)}:${two(seconds)}`;
  info.clock = { time: text, utc: config.utc };
}

function tellGraphics(info: Mutable, { svga }: Vga): void {
  info.graphics = svga === undefined ? 'VBoxVGA' : 'VMSVGA';
}

function tellAdditions(info: Mutable, device: VmmDev): void {
  const { additionsOk, additionsVersion: version, additionsName: name } = device;
  if (additionsOk === 0 && version === 0) return;
  // Major, minor and build in one number (`VBox/version.h, VBOX_FULL_VERSION_MAKE`).
  const text = `${version >>> 24}.${(version >>> 16) & 0xff}.${version & 0xffff}`;
  info.additions = { version: version === 0 ? undefined : text, name };
}

function tellScreenshot(info: Mutable, screenshot: DisplayScreenshot): void {
  const png = screenshot.picture(ScreenshotType.Png);
  if (png !== undefined) info.screenshot = { width: png.width, height: png.height };
}

function tellTime(info: Mutable, value: object): void {
  const { virtual, virtualFrequency } = value as Tm;
  if (virtualFrequency > 0n) info.ranFor = (virtual * 1_000_000_000n) / virtualFrequency;
}
