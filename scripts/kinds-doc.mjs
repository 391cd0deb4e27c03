// Writes docs/kinds.md from the table of kinds.

import { hosts, kinds, signatures } from '@ssmkit/schema';
import { generatedDoc } from './generated-doc.mjs';

const columns = ['linux.amd64', 'linux.x86', 'win.x86'].map((name) => hosts[name]);

function sizes({ size, align }) {
  const text = columns.map((host) => (size(host) === 0 ? '–' : `${size(host)}/${align(host)}`));
  return new Set(text).size === 1 ? text[0] : text.join(', ');
}

const holds = ({ family, value }) =>
  ({ mem: 'Uint8Array', strz: 'string', class: 'object', callback: 'as its type' })[family] ??
  (value === undefined ? '–' : value.js);

function row([name, { kind, params, options }]) {
  const entry = kinds[kind];
  const where = entry.shapes.map((shape) => (shape === 'struct' ? 'C' : 'S')).join(' ');
  const call = `\`@${name}(${params.join(', ')})\``;
  const list = [...new Set(options)].map((option) => `\`${option}\``).join(' ') || '–';
  return `| ${call} | ${where} | ${sizes(entry)} | ${holds(entry)} | ${entry.summary} | ${list} |`;
}

const text = `# Kinds of fields

<!-- Written by \`npm run docs\` from packages/schema/src/kinds. Do not edit. -->

Where: C in a \`@SsmStruct\` (a C structure), S in a \`@SsmStream\`. Size/alignment of the C member in bytes: one figure where
all hosts agree, else those of ${columns.map(({ name }) => name).join(', ')} (MSC32).

| decorator | where | size/align | property | saved | options |
|---|---|---|---|---|---|
${[...signatures].map(row).join('\n')}
`;

generatedDoc('kinds.md', text);
