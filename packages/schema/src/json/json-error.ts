/** A value as `JSON.parse` makes it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What is wrong, and where. */
export interface JsonProblem {
  /** Path of the field, such as `Pit.channels[2].mode`. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly problem: string;
}

/** JSON that is no instance of a class, or an instance that has no JSON form: every problem with its path. */
export class JsonError extends Error {
  override readonly name = 'JsonError';

  constructor(readonly problems: readonly JsonProblem[]) {
    super(problems.map(({ path, problem }) => `${path}: ${problem}`).join('\n'));
  }
}
