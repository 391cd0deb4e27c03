/** Complains about a property: throws a DescriptorError that names it. */
export type Complain = (problem: string) => never;

/** Whether a value is a whole number of a range. */
export function isCount(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Whether a value is a whole number, of either type. */
export function isWhole(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}
