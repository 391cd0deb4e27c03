import {
  type Format,
  isSsmError,
  type OpenUnit,
  PASS_FINAL,
  type SsmError,
  type StateHeader,
  type UnitSize,
} from '@ssmkit/runtime';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type Input, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson, type UnitJson, unitJson } from '../output/json.js';
import { type Column, renderTable } from '../output/table.js';
import { isSelf, passText, SavedState, selfDescription } from '../saved-state.js';

/** A unit in {@link LsDocument}: sizes are null where the unit is damaged. */
export interface LsUnitJson extends UnitJson {
  readonly stored: number | null;
  readonly data: number | null;
  readonly records: UnitSize['records'] | null;
}

/** What `ssm ls --json` prints; docs/cli.md says what each key means. */
export interface LsDocument {
  readonly file: string;
  readonly size: number;
  readonly header: {
    readonly format: Format;
    readonly product: string | null;
    readonly revision: number | null;
    readonly hostBits: number | null;
    readonly gcPhysBytes: number;
    readonly gcPtrBytes: number;
    readonly live: boolean;
    readonly checksum: boolean;
    readonly unitCount: number | null;
    readonly compression: 'lz4' | null;
  };
  readonly self: { readonly hostOs: string | null; readonly buildType: string | null; readonly ose: boolean } | null;
  readonly units: readonly LsUnitJson[];
  readonly totals: {
    readonly units: number;
    readonly stored: number;
    readonly data: number;
    readonly records: UnitSize['records'];
  };
  readonly endUnit: boolean | null;
  readonly errors: readonly ErrorJson[];
}

const example = `
Example:
  $ ssm ls machine.sav
  $ ssm ls --json machine.sav | jq '.units[] | select(.name == "pit")'

Offsets and sizes are in bytes: Offset is that of the unit's header in the file, Stored what its records take there,
Data what they decode to; RAW/LZF/ZERO (of formats V1.x STORE/LZF/ZLIB) counts the records by type. A file that is
damaged is shown as far as it can be read, with ? for what is not known; the exit code is then 1.`;

/** `ssm ls FILE` */
export function lsCommand(context: Context): Command {
  return new Command('ls')
    .description('Shows who wrote a saved state, and the units in it, in the order of the file.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, options: CommonOptions) => {
      context.json = options.json === true;
      await withInput(context.io, file, options.maxInput, (input) => ls(context, input));
    });
}

async function ls(context: Context, input: Input): Promise<void> {
  const listing = await list(input);
  context.fail(listing.errors);
  const document = documentOf(input, listing);
  if (context.json) await context.document(document);
  else await context.print(text(context, document));
  await context.report(listing.errors);
}

interface Listing {
  readonly state: SavedState;
  readonly units: readonly { readonly unit: UnitJson; readonly size: UnitSize | undefined }[];
  readonly pairs: ReadonlyMap<string, string> | undefined;
  readonly end: boolean | undefined;
  readonly errors: readonly SsmError[];
}

async function list({ source }: Input): Promise<Listing> {
  const state = await SavedState.open(source);
  const units: { unit: UnitJson; size: UnitSize | undefined }[] = [];
  const errors: SsmError[] = state.damage === undefined ? [] : [state.damage];
  let pairs: ReadonlyMap<string, string> | undefined;
  const failed = (error: unknown) => {
    if (!isSsmError(error)) throw error;
    errors.push(error);
  };
  try {
    for await (const unit of state.units()) {
      const entry: (typeof units)[0] = { unit: unitJson(unit), size: undefined };
      units.push(entry);
      if (isSelf(unit)) pairs = (await selfDescription(unit)) ?? pairs;
      try {
        entry.size = await measured(unit);
      } catch (error) {
        failed(error);
        // Where the next unit is only the end of this one would have told.
        if (state.format === '2.0') break;
      }
    }
  } catch (error) {
    failed(error);
  }
  // Read as a stream, a file that was read without a failure has come to its END unit.
  const end = state.damage !== undefined && errors.length === 1 ? true : await state.hasEnd();
  return { state, units, pairs, end, errors };
}

async function measured(unit: OpenUnit): Promise<UnitSize> {
  try {
    return await unit.measure();
  } catch (error) {
    throw isSsmError(error) ? error.at({ unit: unit.name, instance: unit.instance, pass: unit.pass }) : error;
  }
}

function documentOf(input: Input, { state, units, pairs, end, errors }: Listing): LsDocument {
  const sizes = units.flatMap(({ size }) => size ?? []);
  const sum = (pick: (size: UnitSize) => number) => sizes.reduce((total, size) => total + pick(size), 0);
  return {
    file: input.name,
    size: input.size,
    header: headerJson(state.format, state.header),
    self: pairs === undefined ? null : selfJson(pairs),
    units: units.map(({ unit, size }) => ({
      ...unit,
      stored: size?.stored ?? null,
      data: size?.data ?? null,
      records: size?.records ?? null,
    })),
    totals: {
      units: units.length,
      stored: sum(({ stored }) => stored),
      data: sum(({ data }) => data),
      records: {
        raw: sum(({ records }) => records.raw),
        lzf: sum(({ records }) => records.lzf),
        zero: sum(({ records }) => records.zero),
        lz4: sum(({ records }) => records.lz4),
        zlib: sum(({ records }) => records.zlib),
      },
    },
    endUnit: end ?? null,
    errors: errors.map(errorJson),
  };
}

function headerJson(format: Format, header: StateHeader): LsDocument['header'] {
  const { product, revision, hostBits, gcPhysBytes, gcPtrBytes, live, checksum, unitCount, compression } = header;
  return {
    format,
    product: product === undefined ? null : `${product.major}.${product.minor}.${product.build}`,
    revision: revision === 0 ? null : revision,
    hostBits: hostBits ?? null,
    gcPhysBytes,
    gcPtrBytes,
    live,
    checksum,
    unitCount: unitCount ?? null,
    compression: compression ?? null,
  };
}

function selfJson(pairs: ReadonlyMap<string, string>): LsDocument['self'] {
  return {
    hostOs: pairs.get('Host OS') ?? null,
    buildType: pairs.get('Build Type') ?? null,
    ose: pairs.get('OSE') === 'true',
  };
}

/** What is counted of a unit. */
type Counted = keyof UnitSize['records'];

/** The types of records that each format has, and what they are called there. */
const recordTypes: Readonly<Record<Format, readonly (readonly [type: Counted, title: string])[]>> = {
  '2.0': [
    ['raw', 'RAW'],
    ['lzf', 'LZF'],
    ['zero', 'ZERO'],
  ],
  '1.2': v1Types(),
  '1.1': v1Types(),
  '1.0': v1Types(),
};

function v1Types() {
  return [
    ['raw', 'STORE'],
    ['lzf', 'LZF'],
    ['zlib', 'ZLIB'],
  ] as const;
}

/** Whose format it is, where the header does not say more. */
const writers: Readonly<Record<Format, string>> = {
  '2.0': '3.1 or later',
  '1.2': '2.1 to 3.0',
  '1.1': '1.4.1 to 2.0',
  '1.0': 'before 1.4.1',
};

const columns = (types: string): readonly Column[] => [
  { title: 'Unit', least: 10 },
  { title: 'Inst', align: 'right' },
  { title: 'Ver', align: 'right' },
  { title: 'Pass', align: 'right' },
  { title: 'Offset', align: 'right' },
  { title: 'Stored', align: 'right' },
  { title: 'Data', align: 'right' },
  { title: types, align: 'right' },
];

function text({ style, io }: Context, document: LsDocument): string {
  const { file, size, header, self, units, totals, endUnit } = document;
  const yes = (value: boolean) => (value ? 'yes' : 'no');
  const edition = self === null ? [] : [self.buildType ?? '', self.ose ? 'open source edition' : ''];
  const built = edition.filter((part) => part !== '').join(', ');
  const product = header.product === null ? writers[header.format] : `${header.product} r${header.revision}`;
  // Another type is rare enough to be shown only where it occurs.
  const types = [...recordTypes[header.format], ...(totals.records.lz4 > 0 ? ([['lz4', 'LZ4']] as const) : [])];
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Format', `V${header.format}${header.compression === 'lz4' ? ' with LZ4, which only ssmkit reads' : ''}`],
    ['Saved by', `VirtualBox ${product}${built && ` (${built})`}`],
    ['Host', `${self?.hostOs ?? 'unknown system'}, ${header.hostBits ?? '?'} bits`],
    ['Guest addresses', `physical ${header.gcPhysBytes} bytes, pointers ${header.gcPtrBytes} bytes`],
    ['Live save', yes(header.live)],
    ['Checksums', yes(header.checksum)],
    ['Units registered', String(header.unitCount ?? '?')],
    ['END unit', endUnit === null ? 'unknown' : endUnit ? 'yes' : 'no: written unit by unit, not by a machine'],
  ];
  const rows = units.map(({ records, ...unit }) => [
    escapeText(unit.name),
    String(unit.instance),
    String(unit.version),
    passText(unit.pass),
    `0x${unit.offset.toString(16)}`,
    String(unit.stored ?? '?'),
    String(unit.data ?? '?'),
    records === null ? '?' : types.map(([type]) => records[type]).join('/'),
  ]);
  const live = units.some(({ pass }) => pass !== PASS_FINAL) ? ' (every pass of a unit counts)' : '';
  return [
    `${style.heading(escapeText(file))}: ${size} bytes\n`,
    ...facts.map(([name, value]) => `  ${style.faint(name.padEnd(17))} ${escapeText(value)}\n`),
    '\n',
    rows.length > 0
      ? renderTable(columns(types.map(([, title]) => title).join('/')), rows, style, io.stdout.width)
      : '',
    `${rows.length > 0 ? '\n' : ''}${totals.units} units${live}, ${totals.data} bytes of data in ${totals.stored} stored\n`,
  ].join('');
}
