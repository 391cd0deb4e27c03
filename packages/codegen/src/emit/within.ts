import type { Field } from '@ssmkit/schema/model';
import type { ClassContext } from './context.js';
import { access } from './literals.js';

/** Gives a nested object the properties that its field says. */
export function emitWith({ out }: ClassContext, field: Field, nested: string): void {
  for (const name of field.with ?? []) out.line(`${access(nested, name)} = ${access('o', name)};`);
}

/** Prints statements whose failures get the way to a nested object. */
export function emitWithin(context: ClassContext, path: string, body: () => void): void {
  const { out } = context;
  out.block('try {', body, '} catch (error) {');
  out.line(`  throw ${context.help('within')}(s, error, ${path});`).line('}');
}

/** Path of a field, for a text in quotes. */
export function pathText(context: ClassContext, field: Field): string {
  return `${context.name}.${field.name}`;
}
