/** Something wrong in a source file, with its place. */
export class CodegenError extends Error {
  override readonly name = 'CodegenError';

  constructor(
    readonly problem: string,
    /** Path of the source file. */
    readonly file: string,
    /** Line and column, both from 1. */
    readonly line: number,
    readonly column: number,
  ) {
    super(`${file}:${line}:${column}: ${problem}`);
  }
}
