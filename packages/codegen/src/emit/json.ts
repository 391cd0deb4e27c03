import { type Field, type Holds, holdsOf } from '@ssmkit/schema/model';
import type { ClassContext } from './context.js';
import { lowerFirst } from './helpers.js';
import { propertyName } from './literals.js';

/** Prints the type of a class's JSON form and its codec. */
export function emitJson(context: ClassContext): void {
  const { out, descriptor, name } = context;
  const valued = descriptor.fields
    .map((field) => ({ field, holds: holdsOf(field) }))
    .filter(({ holds }) => holds.what !== 'nothing');
  out.line(`/** {@link ${name}} as JSON. */`);
  out
    .block(`export interface ${name}Json {`, () => {
      for (const { field, holds } of valued) {
        const optional = descriptor.shape === 'stream' && mayBeAbsent(field) ? '?' : '';
        out.line(`${propertyName(field.name)}${optional}: ${jsonType(context, field, holds)};`);
      }
      if (context.scanned.isPartial) out.line('[inherited: string]: unknown;');
    })
    .line();
  const codec = context.help('JsonCodec');
  out.line(`/** The codec between {@link ${name}} and its JSON form. */`);
  out
    .block(`export function ${lowerFirst(name)}Codec(): ${codec}<${name}, ${name}Json> {`, () => {
      out.line(`return ${context.help('codecOf')}(${name}) as unknown as ${codec}<${name}, ${name}Json>;`);
    })
    .line();
}

/** Whether a field of a stream may not be there. */
export function mayBeAbsent(field: Field): boolean {
  return field.since !== undefined || field.until !== undefined || field.when !== undefined;
}

function jsonType(context: ClassContext, field: Field, holds: Holds): string {
  switch (holds.what) {
    case 'pair':
    case 'bigint':
    case 'bytes':
      return 'string';
    case 'typed':
    case 'list':
      return `${holds.element === 'bigint' ? 'string' : holds.element}[]`;
    case 'object':
    case 'objects':
      return `${context.nested.json(field)}${holds.what === 'objects' ? '[]' : ''}`;
    default:
      return holds.what;
  }
}
