import type { ts } from 'ts-morph';
import { fail } from './errors.js';
import type { Modules } from './modules.js';

/** An expression whose value cannot be told without running the code. */
export class NotConstant extends Error {
  constructor(
    readonly node: ts.Node,
    reason = 'use a literal, a const or an enum',
  ) {
    super(`'${node.getText()}' cannot be evaluated without running the code: ${reason}`);
  }
}

/** What to say of a name that stands for nothing that was found. */
export function notConstantName(node: ts.Node, name: string, modules: Modules): NotConstant {
  const { imports } = modules.names(node.getSourceFile());
  const imported = imports.get(name);
  if (imported !== undefined) {
    return new NotConstant(node, `'${imported.module}' exports no const, enum or class '${imported.name}'`);
  }
  return new NotConstant(node, `it is neither imported nor a const, enum or class of the file's top level`);
}

/** Runs what evaluates expressions, and says whose they are where that fails. @throws CodegenError */
export function within<T>(path: string, evaluation: () => T): T {
  try {
    return evaluation();
  } catch (error) {
    if (error instanceof NotConstant) return fail(error.node, `${path}: ${error.message}`);
    throw error;
  }
}
