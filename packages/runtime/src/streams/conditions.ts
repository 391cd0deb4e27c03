import { type Field, isSame, lookUp, type UnitContext } from '@ssmkit/schema';
import { SsmError } from '../error.js';

export { giveWith, isPresent } from '@ssmkit/schema';

/** The number of elements that a constant, a field, a getter or a method says. */
export function countOf(object: object, count: number | string, stream: UnitContext): number {
  if (typeof count === 'number') return count;
  const value = Number(lookUp(object, count, stream));
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new SsmError('VERR_OUT_OF_RANGE', `the count '${count}' is ${value}`);
  }
  return value;
}

/** Refuses a value outside the field's domain. */
export function inDomain(field: Field, value: unknown): void {
  const { domain } = field;
  if (domain === undefined) return;
  const number = value as number;
  if ((domain.min !== undefined && number < domain.min) || (domain.max !== undefined && number > domain.max)) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${number} is outside ${domain.min ?? ''}…${domain.max ?? ''}`);
  }
  if (domain.values !== undefined && !domain.values.some((listed) => isSame(number, listed))) {
    throw new SsmError('VERR_SSM_ENUM_VALUE_OUT_OF_RANGE', `${number} is none of ${domain.values.join(', ')}`);
  }
}
