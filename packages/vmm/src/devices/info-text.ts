// How info items show registers.

/** A register: two hex digits, or more. */
export const hex = (value: number, digits = 2) => value.toString(16).padStart(digits, '0');

/** An address, or a port. */
export const address = (value: number, digits = 0) => `0x${hex(value, digits)}`;

/** Registers of a name, one after the other. */
export const bytes = (values: Iterable<number>) => Array.from(values, (value) => hex(value)).join(' ');

/** What holds of something, in words; `none` where nothing does. */
export function words(facts: Readonly<Record<string, boolean>>): string {
  const held = Object.entries(facts).filter(([, holds]) => holds);
  return held.map(([name]) => name).join(', ') || 'none';
}
