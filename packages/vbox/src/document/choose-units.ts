import { PASS_FINAL, SsmError, type UnitHeader } from '@ssmkit/runtime';
import { nearNames } from '../near-names.js';

/*
 * Units by name
 *
 * `pit`, `pit#1`, `pit#1@final`, `ram@3`: instance and pass may be left out where that leaves no doubt.
 */

/** Which of a state's units are meant. */
export interface UnitChoice {
  readonly name: string;
  /** Default: the only one that there is. */
  readonly instance?: number | undefined;
  /** Default: the final one where the unit has it, else the last. */
  readonly pass?: number | undefined;
}

/** What a text may mean: as a whole a name, or with what stands behind # and @ taken off. */
function choicesOf(text: string): UnitChoice[] {
  const [, name = '', instance, pass] =
    /^(.*?)(?:#(0x[0-9a-f]+|\d+))?(?:@(final|0x[0-9a-f]+|\d+))?$/is.exec(text) ?? [];
  const choice = {
    name,
    instance: instance === undefined ? undefined : Number(instance),
    pass: pass === undefined ? undefined : pass.toLowerCase() === 'final' ? PASS_FINAL : Number(pass),
  };
  return name === text ? [choice] : [{ name: text }, choice];
}

/**
 * The units that a text means: every pass of one unit where it names none.
 *
 * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, with near names; VERR_INVALID_PARAMETER where it could be one of several
 * instances.
 */
export function chooseUnits<T extends UnitHeader>(text: string, units: readonly T[]): readonly T[] {
  const [plain, parsed = plain] = choicesOf(text) as [UnitChoice, UnitChoice?];
  const choice = units.some(({ name }) => name === plain.name) ? plain : parsed;
  const named = units.filter(({ name }) => name === choice.name);
  if (named.length === 0) throw notFound(choice.name, units);
  const instances = [...new Set(named.map(({ instance }) => instance))];
  if (choice.instance === undefined && instances.length > 1) {
    const all = instances.map((instance) => `'${choice.name}#${instance}'`).join(', ');
    throw new SsmError('VERR_INVALID_PARAMETER', `'${choice.name}' has several instances: say ${all}`);
  }
  const instance = choice.instance ?? instances[0];
  const passes = named.filter((unit) => unit.instance === instance);
  if (passes.length === 0) {
    const all = instances.join(', ');
    throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no such instance; '${choice.name}' has ${all}`, where(choice));
  }
  if (choice.pass === undefined) return passes;
  const found = passes.filter(({ pass }) => pass === choice.pass);
  if (found.length > 0) return found;
  const all = passes.map(({ pass }) => (pass === PASS_FINAL ? 'final' : pass)).join(', ');
  throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no such pass; '${choice.name}'#${instance} has ${all}`, where(choice));
}

/** The one unit that a text means: the final pass where it names none, else the last. */
export function chooseUnit<T extends UnitHeader>(text: string, units: readonly T[]): T {
  const passes = chooseUnits(text, units);
  return passes.findLast(({ pass }) => pass === PASS_FINAL) ?? (passes.at(-1) as T);
}

function where({ name, instance }: UnitChoice) {
  return { unit: name, ...(instance !== undefined && { instance }) };
}

const LISTED_MAX = 12;

function notFound(name: string, units: readonly UnitHeader[]): SsmError {
  const names = [...new Set(units.map((unit) => unit.name))];
  const near = nearNames(name, names);
  const more = names.length > LISTED_MAX ? ` and ${names.length - LISTED_MAX} more` : '';
  const listed =
    names.length === 0 ? 'there are no units' : `there are ${names.slice(0, LISTED_MAX).join(', ')}${more}`;
  const hint = near.length > 0 ? `near names: ${near.join(', ')}` : listed;
  return new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no such unit; ${hint}`, { unit: name });
}

/** `pit#0`, with the pass where it is not the final one. */
export function unitName({ name, instance, pass }: Pick<UnitHeader, 'name' | 'instance' | 'pass'>): string {
  return `${name}#${instance}${pass === PASS_FINAL ? '' : `@${pass}`}`;
}
