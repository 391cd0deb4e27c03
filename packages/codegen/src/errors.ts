import type { ts } from 'ts-morph';

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

/** @throws CodegenError at a node. */
export function fail(node: ts.Node, problem: string): never {
  const file = node.getSourceFile();
  const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
  throw new CodegenError(problem, file.fileName, line + 1, character + 1);
}
