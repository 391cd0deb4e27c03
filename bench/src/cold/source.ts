const types = [
  { decorator: 'U32', initial: '0' },
  { decorator: 'U8', initial: '0' },
  { decorator: 'U16', initial: '0' },
  { decorator: 'Bool', initial: 'false' },
  { decorator: 'U64', initial: '0n' },
  { decorator: 'S32', initial: '0' },
];

/** The source of a class of `count` fields. */
export function classSource(index: number, count: number): string {
  const fields = Array.from({ length: count }, (_, i) => {
    // Another order of kinds in every class, under the same names: what a shared walker likes best.
    const { decorator, initial } = types[(i * (1 + (index % 5)) + index + (i >> 2)) % types.length]!;
    return `  @${decorator}() field${i} = ${initial};`;
  });
  const imports = types.map(({ decorator }) => decorator).sort();
  return `import { ${['SsmStruct', ...imports].join(', ')} } from '@ssmkit/schema';

@SsmStruct()
export class Device${index} {
${fields.join('\n')}
}
`;
}
