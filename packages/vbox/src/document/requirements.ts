import { deviceName } from './device-names.js';
import type { MachineInfo } from './machine-info.js';

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
