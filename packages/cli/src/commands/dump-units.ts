import { isSsmError, type OpenUnit, type SsmError } from '@ssmkit/runtime';
import { encodeJson } from '@ssmkit/schema';
import { type Catalog, type ReadKnown, type ReadRaw, readUnit, stateDocument, type UnitContext } from '@ssmkit/vbox';
import type { Context } from '../context.js';
import type { Input } from '../input.js';
import type { UnitOptions } from '../options.js';
import { escapeJson, escapeText } from '../output/escape.js';
import { errorJson, unitJson } from '../output/json.js';
import { renderTree } from '../output/tree.js';
import { SavedState } from '../saved-state.js';
import { dumpPgm, isPgm, printPgm } from './dump-pgm.js';
import { type DumpDocument, unitHeading } from './dump-schema.js';

/** Options of `ssm dump` where the classes come from a catalog. */
export interface CatalogOptions extends UnitOptions {
  readonly all?: boolean;
}

/** Bytes that are shown of data that was not understood. */
const HEAD = 64;
const HEAD_LINE = 16;

/** `ssm dump FILE` */
export async function dumpState(
  context: Context,
  input: Input,
  catalog: Catalog,
  options: CatalogOptions,
): Promise<void> {
  const state = await SavedState.open(input.source);
  const damage = state.damage === undefined ? [] : [state.damage];
  context.fail(damage);
  if (context.json) await context.report(await printDocument(context, state, catalog, damage));
  else await context.report([...damage, ...(await printUnits(context, state, catalog, options))]);
}

/** The whole state as a document from which it can be built again. */
async function printDocument(
  context: Context,
  state: SavedState,
  catalog: Catalog,
  errors: readonly SsmError[],
): Promise<readonly SsmError[]> {
  context.beginDocument();
  const document = stateDocument(state, await state.context(), { catalog, errors, errorJson });
  for (;;) {
    const { done, value } = await document.next();
    if (done) return value.errors;
    await context.print(escapeJson(value));
  }
}

async function printUnits(
  context: Context,
  state: SavedState,
  catalog: Catalog,
  options: CatalogOptions,
): Promise<readonly SsmError[]> {
  const unitContext = await state.context();
  let separator = '';
  let afterLive = false;
  try {
    for await (const unit of state.units()) {
      await context.print(separator + unitHeading(context, unit));
      if (isPgm(unit, catalog)) afterLive = await printPgm(context, unit, afterLive, options);
      else await printUnit(context, await readUnit(unit, unitContext, { catalog }), options);
      separator = '\n';
    }
    return [];
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return [error];
  }
}

/** `ssm dump FILE UNIT` */
export async function dumpUnit(
  context: Context,
  input: Input,
  name: string,
  catalog: Catalog,
  options: CatalogOptions,
): Promise<void> {
  const { instance, pass } = options;
  const state = await SavedState.open(input.source);
  const { unit, damage } = await state.find({ name, instance, pass });
  context.fail(damage);
  const unitContext = await state.context();
  const where = { unit: unit.name, instance: unit.instance, pass: unit.pass };
  try {
    if (isPgm(unit, catalog)) {
      await dumpPgm(context, input, state, unit, damage, options);
      await context.report(damage);
      return;
    }
    const read = await readUnit(unit, unitContext, { catalog });
    if (context.json) await context.document(await documentOf(input, unit, read, unitContext, damage));
    else {
      await context.print(unitHeading(context, unit));
      await printUnit(context, read, options);
    }
  } catch (error) {
    throw isSsmError(error) ? error.at(where) : error;
  }
  await context.report(damage);
}

async function documentOf(
  input: Input,
  unit: OpenUnit,
  read: ReadKnown | ReadRaw,
  { saved }: UnitContext,
  damage: readonly SsmError[],
): Promise<DumpDocument> {
  return {
    file: input.name,
    unit: unitJson(unit),
    class: read.kind === 'known' ? read.definition.target.name : null,
    host: saved.name,
    bytes: read.kind === 'known' ? read.data.length : (await headOf(read)).bytes,
    left: null,
    reason: read.kind === 'known' ? null : read.reason,
    value: read.kind === 'known' ? encodeJson(read.definition.target, read.value) : null,
    errors: damage.map(errorJson),
  };
}

async function printUnit(context: Context, read: ReadKnown | ReadRaw, options: CatalogOptions): Promise<void> {
  const { style } = context;
  if (read.kind === 'known') {
    const all = options.all === true;
    await context.print(renderTree(read.definition.target, read.value, { style, all }));
    return;
  }
  const { head, bytes } = await headOf(read);
  await context.print(`${bytes} bytes, not decoded: ${escapeText(read.reason)}\n`);
  for (let at = 0; at < head.length; at += HEAD_LINE) {
    const line = Array.from(head.subarray(at, at + HEAD_LINE), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    await context.print(`   ${style.faint(at.toString(16).padStart(4, '0'))}  ${line}\n`);
  }
  if (bytes > head.length)
    await context.print(`   ${style.faint(`… ${bytes - head.length} more (ssm cat has them all)`)}\n`);
}

/** The first bytes of raw data, and how many there are; they are read to their end. */
export async function headOf({ pieces }: Pick<ReadRaw, 'pieces'>): Promise<{ head: Uint8Array; bytes: number }> {
  const head = new Uint8Array(HEAD);
  let bytes = 0;
  for await (const piece of pieces) {
    if (bytes < HEAD) head.set(piece.subarray(0, HEAD - bytes), bytes);
    bytes += piece.length;
  }
  return { head: head.subarray(0, Math.min(bytes, HEAD)), bytes };
}
