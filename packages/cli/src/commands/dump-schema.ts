import { formatWhere, isSsmError, type OpenUnit, SsmError } from '@ssmkit/runtime';
import {
  type Descriptor,
  descriptorFor,
  encodeJson,
  type HostProfile,
  type Json,
  type StateClass,
  slotOf,
} from '@ssmkit/schema';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { Input } from '../input.js';
import type { UnitOptions } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson, type UnitJson, unitJson } from '../output/json.js';
import { renderTree } from '../output/tree.js';
import { passText, SavedState } from '../saved-state.js';

/** What `ssm dump --json` of one unit prints; docs/cli.md says what each key means. */
export interface DumpDocument {
  readonly file: string;
  readonly unit: UnitJson;
  /** Null where the data was not understood. */
  readonly class: string | null;
  readonly host: string;
  readonly bytes: number;
  readonly left: { readonly offset: number; readonly bytes: number } | null;
  /** Why the data was not understood; null where it was. */
  readonly reason: string | null;
  readonly value: Json;
  readonly errors: readonly ErrorJson[];
}

/** Options of `ssm dump` that say how a class is read. */
export interface SchemaOptions extends UnitOptions {
  readonly host: HostProfile;
  readonly flags?: number;
  readonly simple?: boolean;
  readonly all?: boolean;
  readonly strict?: boolean;
}

/** Whether the options go with the class. @throws UsageError */
export function checkShape({ name, shape }: Descriptor, { flags, simple }: SchemaOptions): void {
  if (shape === 'stream' && (flags !== undefined || simple)) {
    throw new UsageError(`'${name}' is a @SsmStream class: --flags and --simple are for @SsmStruct classes`);
  }
}

/** `ssm dump FILE UNIT --schema MODULE#CLASS` */
export async function dumpWithClass(
  context: Context,
  input: Input,
  name: string,
  target: StateClass,
  options: SchemaOptions,
): Promise<void> {
  const { instance, pass, host } = options;
  const state = await SavedState.open(input.source, host);
  const { unit, damage } = await state.find({ name, instance, pass });
  context.fail(damage);
  const { stream } = unit;
  // Seeking does not tell the stream the version; what a class reads depends on it.
  stream.version = unit.version;
  const where = { unit: unit.name, instance: unit.instance, pass: unit.pass };
  let object: object;
  let bytes: number;
  let left: number;
  try {
    object = decode(unit, target, options);
    bytes = stream.offset;
    left = (await unit.measure()).data - bytes;
  } catch (error) {
    throw isSsmError(error) ? error.at(where) : error;
  }
  const errors = [...damage];
  if (left > 0 && options.strict) {
    const problem = `${left} bytes are left after the object, from offset ${bytes} of the unit's data on`;
    errors.push(new SsmError('VERR_SSM_LOADED_TOO_LITTLE', problem, where));
  }
  context.fail(errors);
  if (context.json) {
    const document: DumpDocument = {
      file: input.name,
      unit: unitJson(unit),
      class: target.name,
      host: host.name,
      bytes,
      left: left > 0 ? { offset: bytes, bytes: left } : null,
      reason: null,
      value: encodeJson(target, object),
      errors: errors.map(errorJson),
    };
    await context.document(document);
  } else {
    await context.print(
      unitHeading(context, unit) + renderTree(target, object, { style: context.style, all: options.all === true }),
    );
  }
  if (left > 0 && !options.strict) await context.note(leftText(left, bytes, unit));
  await context.report(errors);
}

function decode({ stream }: OpenUnit, target: StateClass, { flags = 0, simple }: SchemaOptions): object {
  const object = new target();
  if (descriptorFor(slotOf(target).target).shape === 'stream') stream.get(object);
  else if (simple) stream.getStruct(object);
  else stream.getStructEx(object, flags);
  return object;
}

/** The line in front of a unit. */
export function unitHeading({ style }: Context, unit: UnitJson): string {
  const { name, instance, version, pass } = unit;
  const passName = passText(pass) === 'final' ? 'final pass' : `pass ${pass}`;
  return `${style.faint(`unit ${escapeText(name)}#${instance}, version ${version}, ${passName}`)}\n`;
}

function leftText(left: number, offset: number, { name, instance, pass }: OpenUnit): string {
  const place = formatWhere({ unit: name, instance, pass });
  return `${left} bytes are left after the object, from offset ${offset} of the unit's data on (${place})`;
}
