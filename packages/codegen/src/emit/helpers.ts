import type { SourceText } from './source-file.js';

/** The name under which a generated file has all helpers of the runtime, so that no class of the source clashes. */
export const HELPERS = 'ssm';

/** A helper of the runtime in a generated file. */
export function helper(out: SourceText, name: string): string {
  return `${out.useAll('@ssmkit/runtime/generated', HELPERS)}.${name}`;
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
