import type { Descriptor } from './descriptor.js';
import { fieldTable, NO_OFFSET } from './field-table.js';
import { defaultHost, type HostProfile } from './host.js';
import { type Layout, layoutOf, memberShape } from './layout.js';
import { descriptorFor, type StateClass } from './metadata.js';

/**
 * The SSMFIELD table that a C programmer would write for a `@SsmStruct` class, with offsets and sizes on a host as
 * comments. For a `@SsmStream` class, its fields in stream order.
 */
export function describeDescriptor(descriptor: Descriptor, host: HostProfile): string {
  return descriptor.shape === 'struct' ? describeStruct(descriptor, host) : describeStream(descriptor);
}

function describeStruct(descriptor: Descriptor, host: HostProfile): string {
  const { size, align, members } = layoutOf(descriptor, host);
  const table = fieldTable(descriptor, host);
  const width = Math.max(...table.map(({ entry }) => entry.length), 0) + 1;
  const lines = table.map(({ entry, off, field, firstVer }) => {
    const size = memberShape(field, host)?.size;
    const member = off === NO_OFFSET ? 'no member' : `offset ${off}, ${size} byte${size === 1 ? '' : 's'}`;
    // Only the plain entry has a macro with a version; for the others C needs an initialiser written out.
    const since = firstVer === 0 || entry.startsWith('SSMFIELD_ENTRY_VER(') ? '' : `, since version ${firstVer}`;
    return `    ${`${entry},`.padEnd(width)} /* ${member}${since} */`;
  });
  const gaps = members.filter(({ name }) => name === undefined).map(({ offset, size }) => `${size} at ${offset}`);
  return [
    `/* ${descriptor.name} on ${host.name}: ${size} bytes, aligned to ${align}${descriptor.packed ? ', packed' : ''}.`,
    `   Gaps left by the compiler: ${gaps.join(', ') || 'none'}. */`,
    `static SSMFIELD const g_a${descriptor.name}Fields[] =`,
    '{',
    ...lines,
    '    SSMFIELD_ENTRY_TERM()',
    '};',
    '',
  ].join('\n');
}

function describeStream(descriptor: Descriptor): string {
  const lines = descriptor.fields.map((field) => {
    const { name, kind, class: nested, ...options } = field;
    const rest = Object.entries(options).map(([key, value]) => `${key}: ${show(value)}`);
    return `    ${kind}${nested === undefined ? '' : ` ${nested.name}`} ${name}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
  });
  return [`stream ${descriptor.name}`, '{', ...lines, '}', ''].join('\n');
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));
}

/** The SSMFIELD table that a C programmer would write for a decorated class. */
export function describe(target: StateClass, host: HostProfile = defaultHost): string {
  return describeDescriptor(descriptorFor(target), host);
}

/** Where a C compiler for a host puts the members of a `@SsmStruct` class. */
export function layout(target: StateClass, host: HostProfile = defaultHost): Layout {
  return layoutOf(descriptorFor(target), host);
}
