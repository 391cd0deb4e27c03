import { isSsmError, type OpenUnit, PASS_FINAL, type SsmError, type UnitHeader } from '@ssmkit/runtime';
import type { StateClass } from '@ssmkit/schema';
import { type Catalog, PGM, type PgmHeader, type PgmSurvey, pgmHeaderJson, surveyPgm } from '@ssmkit/vbox';
import type { Context } from '../context.js';
import type { Input } from '../input.js';
import { escapeText } from '../output/escape.js';
import { errorJson, unitJson } from '../output/json.js';
import { renderTable } from '../output/table.js';
import { renderTree } from '../output/tree.js';
import type { SavedState } from '../saved-state.js';
import { type DumpDocument, unitHeading } from './dump-schema.js';
import type { CatalogOptions } from './dump-units.js';

/*
 * Guest memory, which is too large for an object: what stands in front of the pages, and how many of each kind there are
 */

/** Whether a unit is guest memory, and no class of a catalog is to decode it. */
export function isPgm(unit: Pick<UnitHeader, 'name' | 'instance' | 'version' | 'pass'>, catalog: Catalog): boolean {
  return unit.name === PGM.name && unit.instance === PGM.instance && typeof catalog.find(unit) === 'string';
}

/** Shows a pass. @returns whether it, or one before, had the lists of ranges. */
export async function printPgm(
  context: Context,
  unit: OpenUnit,
  afterLive: boolean,
  options: CatalogOptions,
): Promise<boolean> {
  const survey = await surveyPgm(unit, afterLive);
  await context.print(text(context, survey, options));
  if (survey.damage !== undefined) throw survey.damage;
  return afterLive || survey.header?.ranges !== undefined;
}

/** `ssm dump FILE pgm` */
export async function dumpPgm(
  context: Context,
  input: Input,
  state: SavedState,
  unit: OpenUnit,
  damage: readonly SsmError[],
  options: CatalogOptions,
): Promise<void> {
  const afterLive = unit.pass === PASS_FINAL && (await hasLivePass(state));
  if (!context.json) {
    await context.print(unitHeading(context, unit));
    await printPgm(context, unit, afterLive, options);
    return;
  }
  const { name: host } = unit.stream.saved;
  const { header, pages, failure, damage: own } = await surveyPgm(unit, afterLive);
  if (own !== undefined) throw own;
  const { data } = await unit.measure();
  const document: DumpDocument = {
    file: input.name,
    unit: unitJson(unit),
    class: null,
    host,
    bytes: data,
    left: null,
    reason: failure === undefined ? null : failure.detail,
    value: header === undefined ? null : { header: pgmHeaderJson(header), pages: { ...pages } },
    errors: damage.map(errorJson),
  };
  await context.document(document);
}

/** Whether the lists of ranges are in a pass in front of the final one. */
async function hasLivePass(state: SavedState): Promise<boolean> {
  try {
    for await (const { name, instance, pass } of state.units()) {
      if (name === PGM.name && instance === PGM.instance) return pass === 0;
    }
  } catch (error) {
    if (!isSsmError(error)) throw error;
  }
  return false;
}

function text({ style, io }: Context, { header, pages, failure, damage }: PgmSurvey, options: CatalogOptions): string {
  const all = options.all === true;
  const trees = partsOf(header ?? { cpus: [] }).map(
    ([name, part]) => `${name}: ${renderTree(part.constructor as StateClass, part, { style, all })}`,
  );
  const rows = Object.entries(pages).map(([type, count]) => [type, String(count)]);
  const table = renderTable([{ title: 'Pages' }, { title: 'Count', align: 'right' }], rows, style, io.stdout.width);
  return [
    ...trees,
    rows.length > 0 ? table : 'no pages\n',
    failure === undefined || damage !== undefined ? '' : `not decoded any further: ${escapeText(failure.detail)}\n`,
  ].join('');
}

/** The parts of a header, by their names in paths of fields. */
function partsOf({ single, global, cpus, mappings, ramConfig, ranges }: PgmHeader): (readonly [string, object])[] {
  const parts: (readonly [string, object | undefined])[] = [
    ['single', single],
    ['global', global],
    ...cpus.map((cpu, i) => [`cpus[${i}]`, cpu] as const),
    ['mappings', mappings],
    ['ramConfig', ramConfig],
    ['ranges', ranges],
  ];
  return parts.filter((part): part is readonly [string, object] => part[1] !== undefined);
}
