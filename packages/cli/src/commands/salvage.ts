import type { Gap, LostUnit, SalvageResult, WholeUnit } from '@ssmkit/runtime';
import { salvageState } from '@ssmkit/runtime';
import type { Context } from '../context.js';
import type { Input } from '../input.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson, type UnitJson, unitJson } from '../output/json.js';
import { withOutput } from '../output-sink.js';
import { passText } from '../saved-state.js';

/** What `ssm verify --salvage` has written, as part of its document; docs/cli.md says what each key means. */
export interface SalvageJson {
  readonly output: string;
  readonly bytes: number;
  readonly knownBy: SalvageResult['knownBy'];
  readonly headerRepaired: number | null;
  readonly whole: readonly UnitJson[];
  readonly lost: readonly { readonly unit: UnitJson | null; readonly offset: number; readonly error: ErrorJson }[];
  readonly gaps: readonly Gap[];
}

/** Writes a new state with the units that are whole. */
export function salvage({ io }: Context, input: Input, output: string): Promise<SalvageResult> {
  return withOutput(io, output, (sink) => salvageState(input.source, sink));
}

export function salvageJson(result: SalvageResult, output: string): SalvageJson {
  const { bytes, knownBy, headerRepaired, whole, lost, gaps } = result;
  return {
    output,
    bytes,
    knownBy,
    headerRepaired: headerRepaired ?? null,
    whole: whole.map(({ unit }) => unitJson(unit)),
    lost: lost.map(({ unit, offset, failure }) => ({
      unit: unit === undefined ? null : unitJson(unit),
      offset,
      error: errorJson(failure),
    })),
    gaps,
  };
}

/** What was kept and what is lost, for people. */
export function salvageText({ style }: Context, result: SalvageResult, output: string): string {
  const { whole, lost, gaps, headerRepaired, knownBy, bytes } = result;
  const missing = gaps.reduce((sum, { size }) => sum + size, 0);
  const lines = [
    `${style.heading(escapeText(output))}: ${whole.length} units, ${bytes} bytes`,
    ...(headerRepaired === undefined ? [] : [`  repaired: byte ${headerRepaired} of the file header`]),
    ...lost.map((each) => `  ${style.bad('lost:')} ${lostText(each)}`),
    ...(missing === 0
      ? []
      : [`  ${missing} bytes of the file belong to no whole unit: ${gaps.map(gapText).join(', ')}`]),
    ...(knownBy === 'checksum' ? [] : ['  its units have no checksums: changed bytes inside of them go unnoticed']),
    ...passesApart(whole, lost),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function lostText({ unit, offset, failure }: LostUnit): string {
  const place = `offset 0x${offset.toString(16)}`;
  const name = unit === undefined ? 'a unit' : `'${unit.name}'#${unit.instance}, ${passName(unit.pass)}`;
  return escapeText(`${name} (${place}): ${failure.detail}`);
}

function gapText({ offset, size }: Gap): string {
  return `0x${offset.toString(16)}…0x${(offset + size - 1).toString(16)}`;
}

function passName(pass: number): string {
  return passText(pass) === 'final' ? 'final pass' : `pass ${pass}`;
}

/** A unit of which some passes are whole and others lost is not as it was. */
function passesApart(whole: readonly WholeUnit[], lost: readonly LostUnit[]): string[] {
  const keyOf = ({ name, instance }: { name: string; instance: number }) => `'${name}'#${instance}`;
  const kept = new Set(whole.map(({ unit }) => keyOf(unit)));
  const apart = new Set(lost.flatMap(({ unit }) => (unit !== undefined && kept.has(keyOf(unit)) ? keyOf(unit) : [])));
  return [...apart].map((key) => `  some passes of ${escapeText(key)} are whole and others lost: it is not as it was`);
}
