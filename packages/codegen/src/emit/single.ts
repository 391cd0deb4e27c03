import type { Field } from '@ssmkit/schema/model';
import type { Mode, Run, Single } from '../plan.js';
import type { ClassContext } from './context.js';

/** Whether a function looks at its flags. */
export function usesFlags(steps: readonly (Run | Single)[], mode: Mode): boolean {
  return steps.some(
    (step) =>
      step.type === 'single' &&
      (step.hostDependent ||
        step.wire.form === 'callback' ||
        delegates(step.field, step.wire) ||
        (mode !== 'canonical' && step.field.class !== undefined)),
  );
}

/** Fields for which the shared engine's function for one field is called. */
export function delegates(field: Field, wire: Single['wire']): boolean {
  return wire.form === 'image' || field.end !== undefined || field.kind === 'u32_zx_u64';
}

/** A callback without a method for the direction fails in the shared engine, with its status. */
export function noCallback(context: ClassContext, index: number, direction: 'put' | 'get'): string {
  return `${context.help(`${direction}Field`)}(s, o, ${context.at(index)}, flags);`;
}
