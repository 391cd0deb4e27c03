import type { Field } from '@ssmkit/schema/model';
import { type Direction, type Mode, modesOf } from '../../plan.js';
import type { ClassContext } from '../context.js';
import { access } from '../literals.js';
import { emitWithin, pathText } from '../within.js';

/** Prints what puts or gets a nested view, or an array of them: calls of the functions of its class. */
export function emitPart(context: ClassContext, field: Field, mode: Mode, direction: Direction): void {
  const { out } = context;
  const hasOwn = mode === 'ignored' && modesOf(field.class!.descriptor()).includes('ignored');
  const run = `${context.nested.view(field)}.${direction}${hasOwn ? 'Ignored' : ''}`;
  const flags = mode === 'canonical' ? '0' : 'flags';
  const property = access('o', field.name);
  if (field.count === undefined) {
    emitWithin(context, context.path(field), () => out.line(`${run}(s, ${property}, ${flags});`));
    return;
  }
  out.block(`for (const [i, part] of ${property}.entries()) {`, () =>
    emitWithin(context, `\`${pathText(context, field)}[\${i}]\``, () => out.line(`${run}(s, part, ${flags});`)),
  );
}
