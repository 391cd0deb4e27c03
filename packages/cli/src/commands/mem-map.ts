import { type MappedRegion, type Mmio2Region, mappedRegions, type PageCounts } from '@ssmkit/vbox';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { type Column, renderTable } from '../output/table.js';
import { addressText, type Opened, withMemory } from './mem-options.js';

/** What `ssm mem --json` prints; docs/cli.md says what each key means. */
export interface MemMapDocument {
  readonly file: string;
  readonly size: number;
  readonly version: number;
  readonly livePasses: number;
  readonly cpus: number | null;
  readonly ramSize: number | null;
  readonly segments: readonly {
    readonly address: number;
    readonly size: number;
    readonly kind: 'ram' | 'rom';
    readonly description: string;
    readonly pages: PageCounts;
  }[];
  readonly devices: readonly {
    readonly device: string;
    readonly instance: number;
    readonly region: number;
    /** Null where the guest does not see it, or where that is not known. */
    readonly address: number | null;
    readonly size: number;
    readonly description: string;
    readonly pages: PageCounts;
  }[];
  readonly pages: PageCounts;
  readonly errors: readonly ErrorJson[];
}

const explanation = `
Pages of 4 KiB are counted by what is saved of them: DATA, all ZERO, BALLOONED (given to the balloon by the guest: zero, too),
or nothing (MISSING). Memory of devices is where the guest has put it on the PCI bus; '-' where it does not see it.`;

/** `ssm mem FILE` */
export function memMapCommand(context: Context): Command {
  return new Command('map')
    .summary('show where there is memory (also without the word map)')
    .description('Shows where the guest has memory, and how much of it is zero.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', explanation)
    .action((file: string, options: SalvageOptions) =>
      withMemory(context, file, options, async (opened) => {
        const mapped = await mappedRegions(opened.state, opened.memory);
        const document = documentOf(opened, mapped);
        if (context.json) await context.document(document);
        else await context.print(text(context, document));
      }),
    );
}

function documentOf({ input, memory, damage }: Opened, mapped: readonly MappedRegion[]): MemMapDocument {
  const { cpus, ramConfig } = memory.header;
  const segments = memory.segments().map(({ address, size, kind, description, space }) => ({
    address,
    size,
    kind,
    description,
    pages: space.count(),
  }));
  return {
    file: input.name,
    size: input.size,
    version: memory.version,
    livePasses: memory.livePasses,
    cpus: cpus.length > 0 ? cpus.length : null,
    ramSize: ramConfig === undefined ? null : Number(ramConfig.size),
    segments,
    devices: memory.mmio2Regions().map((region) => deviceJson(region, mapped)),
    pages: sum(segments.map(({ pages }) => pages)),
    errors: damage.map(errorJson),
  };
}

function deviceJson(of: Mmio2Region, mapped: readonly MappedRegion[]) {
  const { device, instance, region, size, description, space } = of;
  const address = mapped.find((each) => each.region === of)?.address ?? null;
  return { device, instance, region, address, size, description, pages: space.count() };
}

function sum(all: readonly PageCounts[]): PageCounts {
  const total = (pick: (counts: PageCounts) => number) => all.reduce((so, counts) => so + pick(counts), 0);
  return {
    raw: total(({ raw }) => raw),
    zero: total(({ zero }) => zero),
    ballooned: total(({ ballooned }) => ballooned),
    missing: total(({ missing }) => missing),
  };
}

const units: readonly (readonly [unit: string, bytes: number])[] = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
];

/** A size in the largest unit of which it is a whole number. */
function sizeText(bytes: number): string {
  const [unit, size] = units.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['bytes', 1];
  return `${bytes / size} ${unit}`;
}

const counted: readonly Column[] = [
  { title: 'Data', align: 'right' },
  { title: 'Zero', align: 'right' },
  { title: 'Ballooned', align: 'right' },
  { title: 'Missing', align: 'right' },
];
const segmentColumns: readonly Column[] = [
  { title: 'Addresses' },
  { title: 'Size', align: 'right' },
  { title: 'Kind' },
  { title: 'Description', least: 10 },
  ...counted,
];
const deviceColumns: readonly Column[] = [
  { title: 'Device', least: 8 },
  { title: 'Inst', align: 'right' },
  { title: 'Region', align: 'right' },
  { title: 'Address' },
  { title: 'Size', align: 'right' },
  { title: 'Description', least: 10 },
  ...counted,
];

const cells = ({ raw, zero, ballooned, missing }: PageCounts) => [raw, zero, ballooned, missing].map(String);

function text({ style, io }: Context, document: MemMapDocument): string {
  const { file, version, livePasses, cpus, ramSize, segments, devices, pages } = document;
  const { width } = io.stdout;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['RAM', ramSize === null ? 'unknown' : sizeText(ramSize)],
    ['CPUs', cpus === null ? 'unknown' : String(cpus)],
    ['Version of pgm', String(version)],
    ['Live passes', String(livePasses)],
  ];
  const segmentRows = segments.map(({ address, size, kind, description, pages }) => [
    `${addressText(address)}-${addressText(address + size - 1)}`,
    sizeText(size),
    kind.toUpperCase(),
    escapeText(description),
    ...cells(pages),
  ]);
  const deviceRows = devices.map(({ device, instance, region, address, size, description, pages }) => [
    escapeText(device),
    String(instance),
    String(region),
    address === null ? '-' : addressText(address),
    sizeText(size),
    escapeText(description),
    ...cells(pages),
  ]);
  const all = pages.raw + pages.zero + pages.ballooned + pages.missing;
  return [
    `${style.heading(escapeText(file))}\n`,
    ...facts.map(([name, value]) => `  ${style.faint(name.padEnd(14))} ${value}\n`),
    '\n',
    renderTable(segmentColumns, segmentRows, style, width),
    ...(deviceRows.length > 0 ? ['\n', renderTable(deviceColumns, deviceRows, style, width)] : []),
    `\n${all} pages of RAM and ROM, ${pages.raw} of them with data\n`,
  ].join('');
}
