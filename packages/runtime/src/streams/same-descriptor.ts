import type { Descriptor } from '@ssmkit/schema';

/** Whether two descriptors say the same of a class. What they call the classes of its fields does not matter. */
export function isSameDescriptor(a: Descriptor, b: Descriptor): boolean {
  return text(a) === text(b);
}

function text(descriptor: Descriptor): string {
  return JSON.stringify(descriptor, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    return typeof value === 'object' && value !== null && 'descriptor' in value ? undefined : value;
  });
}
