import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { type DeviceInfo, type MachineInfo, machineInfo, type Requirement, requirementsOf } from '@ssmkit/vbox/info';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type Input, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { wrapped } from '../output/wrap.js';
import { SavedState } from '../saved-state.js';

type Nullable<T> = { readonly [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] };

/** What `ssm info --json` prints; docs/cli.md says what each key means. */
export interface InfoDocument {
  readonly file: string;
  readonly size: number;
  readonly machine: Nullable<Omit<MachineInfo, 'ranFor'>> & { readonly ranFor: string | null };
  readonly needs: readonly Nullable<Requirement>[];
  readonly errors: readonly ErrorJson[];
}

const example = `
Example:
  $ ssm info machine.sav
  $ ssm info machine.sav --json | jq -r '.needs[].option // empty'

What is shown is what the state tells by itself. What a machine needs to load it is a list to go through before a state is
given to another machine: a loader refuses one that differs. Options are those of 'VBoxManage modifyvm'. Only units that tell
something are read: whether the state is sound says 'ssm verify'.`;

/** `ssm info FILE` */
export function infoCommand(context: Context): Command {
  return new Command('info')
    .description('Says what machine a saved state is of, and what another one needs in order to load it.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, options: CommonOptions) => {
      context.json = options.json === true;
      await withInput(context.io, file, options.maxInput, (input) => info(context, input));
    });
}

async function info(context: Context, input: Input): Promise<void> {
  const state = await SavedState.open(input.source);
  const errors: SsmError[] = state.damage === undefined ? [] : [state.damage];
  let found: MachineInfo | undefined;
  try {
    const onInfo = (machine: MachineInfo) => {
      found = machine;
    };
    found = await machineInfo(state, await state.context(), { onInfo });
  } catch (error) {
    if (!isSsmError(error)) throw error;
    errors.push(error);
  }
  context.fail(errors);
  if (found !== undefined && context.json) await context.document(documentOf(input, found, errors));
  else if (found !== undefined) await context.print(text(context, input, found));
  await context.report(errors);
}

function documentOf({ name, size }: Input, machine: MachineInfo, errors: readonly SsmError[]): InfoDocument {
  const ranFor = machine.ranFor === undefined ? null : String(machine.ranFor);
  return {
    file: name,
    size,
    machine: { ...withNulls(machine), ranFor },
    needs: requirementsOf(machine).map(withNulls),
    errors: errors.map(errorJson),
  };
}

/** What is not known is null. */
function withNulls<T extends object>(object: T): Nullable<T> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, value ?? null])) as Nullable<T>;
}

const MIB = 2 ** 20;

function text({ style, io }: Context, { name }: Input, info: MachineInfo): string {
  const rows: readonly (readonly [what: string, value: string | undefined])[] = [
    ['Saved by', savedBy(info)],
    ['Host', info.host],
    ['Clock', clockText(info)],
    ['Has run', info.ranFor === undefined ? undefined : durationText(info.ranFor)],
    ['Kind', info.live ? 'live save' : undefined],
    ['CPUs', cpuText(info)],
    ['Features', info.cpu?.features.join(' ')],
    ['RAM', info.ramBytes === undefined ? undefined : `${info.ramBytes / MIB} MiB`],
    ...info.ranges.map(({ address, size, what }) => ['', `${rangeText(address, size)}  ${what}`] as const),
    ['Firmware', info.firmware],
    ['Chipset', info.chipset],
    ['Graphics', graphicsText(info)],
    ...devicesByKind(info.devices),
    ['Screenshot', info.screenshot && `${info.screenshot.width} × ${info.screenshot.height} (ssm screenshot)`],
    ['Additions', additionsText(info)],
  ];
  const width = io.stdout.width;
  const lines = rows.flatMap(([what, value]) =>
    value === undefined || value === '' ? [] : wrapped(value, `  ${what.padEnd(12)}`, width),
  );
  const needs = requirementsOf(info).map(({ what, value, option }) =>
    wrapped(option === undefined ? `${what}: ${value}` : `${what}: ${value} (${option})`, '  * ', width),
  );
  return [
    `${style.heading(escapeText(name))}\n`,
    ...lines,
    `\n${style.heading('To load it a machine needs')}\n`,
    ...needs,
  ].join('');
}

function savedBy({ product, revision, format, openSource, buildType }: MachineInfo): string {
  const version = product === undefined ? 'VirtualBox' : `VirtualBox ${product} r${revision}`;
  const notes = [
    `format V${format}`,
    ...(openSource ? ['open source edition'] : []),
    ...(buildType !== undefined && buildType !== 'release' ? [buildType] : []),
  ];
  return `${version} (${notes.join(', ')})`;
}

function clockText({ clock }: MachineInfo): string | undefined {
  if (clock === undefined) return undefined;
  return `${clock.time.replace('T', ' ')} ${clock.utc ? 'UTC' : 'local time of the host'}`;
}

function durationText(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / 1_000_000n) / 1000;
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  return [...(days > 0 ? [`${days} d`] : []), ...(hours > 0 ? [`${hours} h`] : []), `${minutes % 60} min`].join(' ');
}

function cpuText({ cpuCount, cpu }: MachineInfo): string | undefined {
  const name = cpu === undefined ? undefined : cpu.name || cpu.vendor;
  const model = cpu && `family ${cpu.family}, model ${cpu.model}, stepping ${cpu.stepping}`;
  return [cpuCount === undefined ? undefined : String(cpuCount), name, model].filter(Boolean).join(', ') || undefined;
}

function graphicsText({ graphics, videoBytes }: MachineInfo): string | undefined {
  return [graphics, videoBytes === undefined ? undefined : `${videoBytes / MIB} MiB`].filter(Boolean).join(', ');
}

function rangeText(address: number, size: number): string {
  const hex = (value: number) => `0x${value.toString(16).padStart(9, '0')}`;
  return `${hex(address)}…${hex(address + size - 1)}`;
}

const kinds: readonly (readonly [kind: DeviceInfo['kind'], title: string])[] = [
  ['storage', 'Storage'],
  ['network', 'Network'],
  ['audio', 'Audio'],
  ['usb', 'USB'],
  ['port', 'Ports'],
  ['other', 'Other'],
  ['system', 'System'],
];

function devicesByKind(devices: readonly DeviceInfo[]): (readonly [title: string, value: string])[] {
  return kinds.flatMap(([kind, title]) => {
    const counts = new Map<string, number>();
    for (const { what, kind: own } of devices) if (own === kind) counts.set(what, (counts.get(what) ?? 0) + 1);
    const texts = [...counts].map(([what, count]) => (count > 1 ? `${count} × ${what}` : what));
    return texts.length > 0 ? [[title, texts.join(', ')] as const] : [];
  });
}

function additionsText({ additions }: MachineInfo): string | undefined {
  if (additions === undefined) return undefined;
  return [additions.version ?? 'present', additions.name].filter(Boolean).join(' ');
}
