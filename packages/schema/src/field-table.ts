import type { Descriptor, Field } from './descriptor.js';
import { type HostProfile, pointerBytes } from './host.js';
import { type Kind, kinds, type Transformer } from './kinds/index.js';
import { layoutOf, memberShape } from './layout.js';

/*
 * SSMFIELD tables
 *
 * The table that a C programmer writes for a structure, as the preprocessor of a host sees it: sizes and offsets are
 * those of the host, and the padding entries pack two sizes of the stream and one of the structure into one word
 * (spec: byte 0 the size on 32-bit hosts, byte 1 on 64-bit hosts, the high half the member's size on this host).
 */

/** Offset of an entry without a member (`UINT32_MAX / 2`). */
export const NO_OFFSET = 0x7fffffff;

/** An SSMFIELD as a host's compiler makes it. */
export interface SsmField {
  readonly transformer: Transformer | 'CALLBACK';
  /** Offset of the member, or {@link NO_OFFSET}. */
  readonly off: number;
  /** Size of the member; packed for paddings. */
  readonly cb: number;
  /** First unit version that stored the field. */
  readonly firstVer: number;
  readonly name: string;
}

/** A row of the table of a decorated class: the entry, where it comes from and how C would spell it. */
export interface TableRow extends SsmField {
  readonly field: Field;
  /** The macro call. */
  readonly entry: string;
}

/** The SSMFIELD table of a `@SsmStruct` class on a host, nested structures' entries included where flattened. */
export function fieldTable(descriptor: Descriptor, host: HostProfile): readonly TableRow[] {
  return rows(descriptor, host, descriptor.name, '', 0);
}

function rows(descriptor: Descriptor, host: HostProfile, cStruct: string, prefix: string, base: number): TableRow[] {
  const { offsets } = layoutOf(descriptor, host);
  return descriptor.fields.flatMap((field): TableRow[] => {
    const kind = kinds[field.kind];
    if (kind.family === 'noentry') return [];
    const offset = offsets.get(field.name);
    if (field.flatten === true) return flattened(field, host, cStruct, prefix, base + (offset as number));
    return [row(field, kind, host, cStruct, prefix, offset === undefined ? NO_OFFSET : base + offset)];
  });
}

function flattened(field: Field, host: HostProfile, cStruct: string, prefix: string, base: number): TableRow[] {
  const nested = field.class!.descriptor();
  if (field.count === undefined) return rows(nested, host, cStruct, `${prefix}${field.name}.`, base);
  const { size } = layoutOf(nested, host);
  return Array.from({ length: field.count as number }, (_, i) =>
    rows(nested, host, cStruct, `${prefix}${field.name}[${i}].`, base + i * size),
  ).flat();
}

function row(field: Field, kind: Kind, host: HostProfile, cStruct: string, prefix: string, off: number): TableRow {
  const name = prefix + field.name;
  const isArray = field.count !== undefined && kind.arrayTransformer !== undefined;
  const transformer = field.kind === 'callback' ? 'CALLBACK' : isArray ? kind.arrayTransformer! : kind.transformer;
  const cb = packedSize(field, host);
  const firstVer = field.since ?? 0;
  return {
    transformer,
    off,
    cb,
    firstVer,
    name: rowName(kind, cStruct, name),
    field,
    entry: spell(field, kind, cStruct, name, off, cb, isArray),
  };
}

function rowName(kind: Kind, cStruct: string, name: string): string {
  if (kind.family === 'old') return `old::${name}`;
  if (kind.name === 'pad_hc_auto') return '<compiler-padding>';
  if (kind.name === 'pad_msc32_auto') return '<msc32-padding>';
  return `${cStruct}::${name}`;
}

/** The `cb` of an entry (spec 03 §2). */
function packedSize(field: Field, host: HostProfile): number {
  const { cb = 0, cb32 = 0, cb64 = 0 } = field;
  const member = memberShape(field, host)?.size ?? 0;
  const wide = pointerBytes(host) === 8;
  switch (field.kind) {
    case 'old':
    case 'old_pad_msc32':
      return cb;
    case 'old_gcphys':
      return host.gcPhysBytes;
    case 'old_gcptr':
      return host.gcPtrBytes;
    case 'old_rcptr':
      return 4;
    case 'old_hcptr':
      return pointerBytes(host);
    case 'old_pad_hc':
      return cb64 * 0x10000 + cb32;
    case 'pad_hc':
      return member * 0x10000 + cb64 * 0x100 + cb32;
    case 'pad_hc32':
      return member * 0x10000 + cb;
    case 'pad_hc64':
      return member * 0x10000 + cb * 0x100;
    case 'pad_hc_auto':
      return (wide ? cb64 : cb32) * 0x10000 + cb64 * 0x100 + cb32;
    case 'pad_msc32_auto':
      return (host.msc32 ? cb : 0) * 0x10000 + cb;
    default:
      return member;
  }
}

function spell(
  field: Field,
  kind: Kind,
  cStruct: string,
  name: string,
  off: number,
  cb: number,
  isArray: boolean,
): string {
  const suffix = isArray ? (kind.arrayTransformer as string) : kind.entry;
  const macro = `SSMFIELD_ENTRY${suffix && `_${suffix}`}`;
  switch (kind.family) {
    case 'old': {
      if (field.kind === 'old_pad_hc') return `${macro}(${name}, ${field.cb32}, ${field.cb64})`;
      return field.cb === undefined ? `${macro}(${name})` : `${macro}(${name}, ${field.cb})`;
    }
    case 'pad': {
      const sizes = field.cb === undefined ? [field.cb32, field.cb64] : [field.cb];
      const target = field.kind.endsWith('auto') ? [] : [cStruct, name];
      return `${macro}(${[...target, ...sizes].join(', ')})`;
    }
    case 'callback':
      return `SSMFIELD_ENTRY_CALLBACK(${cStruct}, ${name}, ${field.put ?? field.get})`;
    default:
      if (field.since !== undefined && suffix === '') return `SSMFIELD_ENTRY_VER(${cStruct}, ${name}, ${field.since})`;
      if (field.offset !== undefined && suffix === '') return `SSMFIELD_ENTRY_CUSTOM(${name}, ${off}, ${cb})`;
      return `${macro}(${cStruct}, ${name})`;
  }
}

/** Whether a transformer stands for a former member. */
export function isOld(transformer: SsmField['transformer']): boolean {
  return transformer.startsWith('OLD');
}

/** Whether a transformer stands for padding. */
export function isPadding(transformer: SsmField['transformer']): boolean {
  return transformer.startsWith('PAD_');
}

/** Where an entry lies in the structure and how many bytes it covers there (spec 03 §5). */
export function entryExtent(field: SsmField, running: number): { offset: number; size: number } {
  if (isOld(field.transformer)) return { offset: running, size: 0 };
  if (!isPadding(field.transformer)) return { offset: field.off, size: field.cb };
  return { offset: field.off === NO_OFFSET ? running : field.off, size: field.cb >>> 16 };
}

/** The two sizes that a padding entry packs. */
export function paddingSizes(field: SsmField): { cb32: number; cb64: number } {
  return { cb32: field.cb & 0xff, cb64: (field.cb >>> 8) & 0xff };
}

/** What is wrong with a table, and at which entry (the number of entries: at the end). */
export interface TableProblem {
  readonly index: number;
  readonly status:
    | 'VERR_SSM_FIELD_OUT_OF_BOUNDS'
    | 'VERR_SSM_FIELD_NOT_CONSECUTIVE'
    | 'VERR_SSM_FIELD_INVALID_SIZE'
    | 'VERR_SSM_FIELD_INVALID_PADDING_SIZE'
    | 'VERR_SSM_FIELD_COMPLEX';
  readonly problem: string;
}

/** Transformers that SSMR3PutStruct and SSMR3GetStruct take. */
const simpleTransformers: ReadonlySet<string> = new Set([
  'NO_TRANSFORMATION',
  'GCPHYS',
  'GCPTR',
  'RCPTR',
  'RCPTR_ARRAY',
]);

/** The first thing wrong with a table used with the simple API: no bounds and no order, but only simple entries. */
export function simpleTableProblem(table: readonly SsmField[], host: HostProfile): TableProblem | undefined {
  for (const [index, field] of table.entries()) {
    if (!simpleTransformers.has(field.transformer)) {
      const problem = `${field.transformer} needs the extended API (putStructEx, getStructEx)`;
      return { index, status: 'VERR_SSM_FIELD_COMPLEX', problem };
    }
    const problem = sizeProblem(field, field.cb, host);
    if (problem !== undefined) return { index, status: 'VERR_SSM_FIELD_INVALID_SIZE', problem };
  }
  return undefined;
}

/** The first thing wrong with a table used with the extended API (spec 03 §3 and §5). */
export function tableProblem(
  table: readonly SsmField[],
  cbStruct: number,
  host: HostProfile,
  fullStruct: boolean,
): TableProblem | undefined {
  let running = 0;
  for (const [index, field] of table.entries()) {
    const { offset, size } = entryExtent(field, running);
    if (size > cbStruct || offset + size > cbStruct) {
      const problem = `${field.name} covers [${offset}, ${offset + size}) of ${cbStruct} bytes`;
      return { index, status: 'VERR_SSM_FIELD_OUT_OF_BOUNDS', problem };
    }
    if (fullStruct && running !== offset) {
      const problem = `${field.name} lies at ${offset}, but the entries so far end at ${running}`;
      return { index, status: 'VERR_SSM_FIELD_NOT_CONSECUTIVE', problem };
    }
    if (isPadding(field.transformer)) {
      const problem = paddingProblem(field, size, host);
      if (problem !== undefined) return { index, status: 'VERR_SSM_FIELD_INVALID_PADDING_SIZE', problem };
    } else {
      const problem = sizeProblem(field, isOld(field.transformer) ? field.cb : size, host);
      if (problem !== undefined) return { index, status: 'VERR_SSM_FIELD_INVALID_SIZE', problem };
    }
    running = offset + size;
  }
  if (fullStruct && running !== cbStruct) {
    const problem = `the entries end at ${running}, the structure at ${cbStruct}`;
    return { index: table.length, status: 'VERR_SSM_FIELD_NOT_CONSECUTIVE', problem };
  }
  return undefined;
}

/** Bytes that an entry must cover, where its transformer knows one size only. */
function exactSize(transformer: SsmField['transformer'], host: HostProfile): number | undefined {
  switch (transformer) {
    case 'GCPHYS':
    case 'IGN_GCPHYS':
    case 'OLD_GCPHYS':
      return host.gcPhysBytes;
    case 'GCPTR':
    case 'IGN_GCPTR':
    case 'OLD_GCPTR':
      return host.gcPtrBytes;
    case 'RCPTR':
    case 'IGN_RCPTR':
    case 'OLD_RCPTR':
      return 4;
    case 'HCPTR_NI':
    case 'HCPTR_HACK_U32':
    case 'IGN_HCPTR':
    case 'OLD_HCPTR':
      return pointerBytes(host);
    case 'U32_ZX_U64':
      return 8;
    default:
      return undefined;
  }
}

function sizeProblem(field: SsmField, cb: number, host: HostProfile): string | undefined {
  const pointer = pointerBytes(host);
  const wanted = exactSize(field.transformer, host);
  if (wanted !== undefined && cb !== wanted)
    return `${field.name}: ${field.transformer} wants ${wanted} bytes, not ${cb}`;
  const unit = field.transformer === 'RCPTR_ARRAY' ? 4 : field.transformer === 'HCPTR_NI_ARRAY' ? pointer : 0;
  if (unit !== 0 && (cb === 0 || cb % unit !== 0))
    return `${field.name}: ${cb} bytes are no array of ${unit}-byte pointers`;
  if (isOld(field.transformer) && field.off !== NO_OFFSET) return `${field.name}: a former member has no offset`;
  return undefined;
}

/** The padding rule (spec 03 §3). */
function paddingProblem(field: SsmField, cb: number, host: HostProfile): string | undefined {
  const { cb32, cb64 } = paddingSizes(field);
  const wide = host.bits === 64 || (field.transformer === 'PAD_MSC32_AUTO' && !host.msc32);
  const expected = wide ? cb64 : cb32;
  if (cb !== expected) return `${field.name}: the member has ${cb} bytes, the entry says ${expected}`;
  const auto = field.transformer.endsWith('AUTO');
  const fits = field.off === NO_OFFSET ? cb === 0 || auto : cb !== 0;
  return fits
    ? undefined
    : `${field.name}: ${cb} bytes of padding ${field.off === NO_OFFSET ? 'without a member' : 'in a member'}`;
}
