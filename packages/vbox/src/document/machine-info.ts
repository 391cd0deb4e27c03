import {
  type Format,
  getSelfDescription,
  isSsmError,
  type OpenState,
  type OpenUnit,
  PASS_FINAL,
} from '@ssmkit/runtime';
import type { Catalog, UnitContext } from '../catalog.js';
import { getPgmHeader, type PgmHeader } from '../pgm/header-parts.js';
import { PGM } from '../pgm/records.js';
import { readUnit } from '../read-unit.js';
import type { Cpuid } from '../units/cpum/cpuid.js';
import { Cpum, CpumLive } from '../units/cpum/cpum.js';
import { Vga } from '../units/graphics/vga.js';
import { catalog as known } from '../units/index.js';
import { DisplayScreenshot, ScreenshotType } from '../units/main/display.js';
import { Rtc } from '../units/platform/rtc.js';
import { Pdm, PdmLive } from '../units/vmm/pdm.js';
import { Mm } from '../units/vmm/ssm.js';
import { Tm } from '../units/vmm/time.js';
import { VmmDev } from '../units/vmmdev/vmmdev.js';
import { type CpuInfo, cpuInfo } from './cpu-info.js';
import { type DeviceName, deviceName } from './device-names.js';

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

/** Units that are decoded. */
const names = new Set(['cpum', 'pdm', 'mc146818', 'vga', 'VMMDev', 'DisplayScreenshot', 'tm', 'mm']);

/** What of units is told by their being there. */
const byName: Readonly<Record<string, Partial<MachineInfo>>> = {
  pci: { chipset: 'PIIX3' },
  ich9pci: { chipset: 'ICH9' },
  pcbios: { firmware: 'BIOS' },
  efi: { firmware: 'EFI' },
};

/**
 * What machine a state is of.
 *
 * A damaged state tells what stands in front of the damage: it is thrown with what was found.
 *
 * @throws SsmError what is wrong with the state, after `onInfo` was called with what it has told so far.
 */
export async function machineInfo(
  state: Pick<OpenState, 'format' | 'header' | 'units'>,
  context: UnitContext,
  { catalog = known, onInfo }: { readonly catalog?: Catalog; readonly onInfo?: (info: MachineInfo) => void } = {},
): Promise<MachineInfo> {
  const { product, revision, live } = state.header;
  const info: Mutable = {
    format: state.format,
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
  onInfo?.(info);
  let afterLive = false;
  for await (const unit of state.units()) {
    Object.assign(info, Object.hasOwn(byName, unit.name) ? byName[unit.name] : {});
    if (unit.name === 'SSM') await tellSelf(info, unit);
    else if (unit.name === PGM.name) {
      await tellRam(info, unit, afterLive);
      afterLive = true;
    } else if (names.has(unit.name)) await tellUnit(info, unit, catalog, context);
  }
  return info;
}

async function tellUnit(info: Mutable, unit: OpenUnit, catalog: Catalog, context: UnitContext): Promise<void> {
  const read = await readUnit(unit, context, { catalog });
  if (read.kind === 'known') tellers.find(([target]) => read.value instanceof target)?.[1](info, read.value);
}

async function tellSelf(info: Mutable, { stream }: OpenUnit): Promise<void> {
  try {
    const pairs = await getSelfDescription(stream);
    info.buildType = pairs.get('Build Type');
    info.host ??= pairs.get('Host OS');
  } catch (error) {
    // Of a damaged unit the end of it tells.
    if (!isSsmError(error)) throw error;
  }
}

async function tellRam(info: Mutable, { stream, version, pass }: OpenUnit, afterLive: boolean): Promise<void> {
  if (pass !== PASS_FINAL && pass !== 0) return;
  let header: PgmHeader;
  try {
    header = await getPgmHeader(stream, version, afterLive);
  } catch (error) {
    // What is in front of the pages is not known in this version, or damaged, which the end of the unit tells.
    if (!isSsmError(error)) throw error;
    return;
  }
  const { ramConfig, ranges } = header;
  if (ramConfig !== undefined) {
    info.ramBytes = Number(ramConfig.size);
    info.ramHole = ramConfig.hole;
  }
  if (ranges === undefined) return;
  const rom = ranges.rom.map(({ address, size, description }) => ({
    address: Number(address),
    size: Number(size),
    what: description,
  }));
  info.ranges = [...ramRanges(info), ...rom].sort((a, b) => a.address - b.address);
  const video = ranges.mmio2.find(({ device, description }) => device === 'vga' && /^vram/i.test(description));
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

/** Something that a machine must have to load the state. */
export interface Requirement {
  readonly what: string;
  readonly value: string;
  /** How `VBoxManage modifyvm` says it; undefined where it is said otherwise. */
  readonly option: string | undefined;
}

const MIB = 2 ** 20;

/** What a machine needs in order to load the state: loaders refuse one that differs. */
export function requirementsOf(info: MachineInfo): Requirement[] {
  const { product, cpuCount, ramBytes, chipset, firmware, videoBytes, graphics, devices, host, cpu } = info;
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? undefined : `--${name} ${value}`;
  const count = (name: string) => devices.filter((device) => device.name === name).length;
  const rows: readonly (readonly [what: string, value: string | undefined, option?: string | undefined])[] = [
    ['VirtualBox', product === undefined ? undefined : `${product} or later`],
    ['host', host === undefined ? undefined : `CPUs of ${host.slice(host.lastIndexOf('.') + 1)}`],
    ['RAM', ramBytes === undefined ? undefined : `${ramBytes / MIB} MiB`, option('memory', ramBytes && ramBytes / MIB)],
    ['CPUs', cpuCount === undefined ? undefined : String(cpuCount), option('cpus', cpuCount)],
    ['CPU', cpu === undefined || cpu.vendor === '' ? undefined : `made by ${cpu.vendor}, with the features shown`],
    ['chipset', chipset, option('chipset', chipset?.toLowerCase())],
    ['firmware', firmware, option('firmware', firmware?.toLowerCase())],
    ['graphics', graphics, option('graphicscontroller', graphics?.toLowerCase())],
    [
      'video memory',
      videoBytes === undefined ? undefined : `${videoBytes / MIB} MiB`,
      option('vram', videoBytes && videoBytes / MIB),
    ],
    ...[...new Set(devices.filter(({ kind }) => kind !== 'system' && kind !== 'graphics').map(({ name }) => name))].map(
      (name) => [deviceName(name).what, `${count(name)} (${name})`] as const,
    ),
  ];
  return rows.flatMap(([what, value, how]) => (value === undefined ? [] : [{ what, value, option: how }]));
}
