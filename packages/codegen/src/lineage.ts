import type { ts } from 'ts-morph';
import { type Members, membersOf } from './members.js';
import { Foreign, type Modules } from './modules.js';
import { isClassDeclaration, isIdentifier, isPropertyAccessExpression, SyntaxKind } from './ts-morph.js';

/** What classes derive from, as far as sources are seen. */
export class Lineages {
  readonly #modules: Modules;
  readonly #members = new Map<ts.ClassDeclaration, Members>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** A class and its ancestors, base first. */
  of(declaration: ts.ClassDeclaration): ts.ClassDeclaration[] {
    const chain = [declaration];
    let parent = this.#parentOf(declaration);
    while (parent !== undefined && !chain.includes(parent)) {
      chain.unshift(parent);
      parent = this.#parentOf(parent);
    }
    return chain;
  }

  /** Whether a class derives from one whose source is not seen: a package's, or one that a function returns. */
  isPartial(declaration: ts.ClassDeclaration): boolean {
    const [oldest] = this.of(declaration) as [ts.ClassDeclaration];
    return baseOf(oldest) !== undefined;
  }

  /** What a class and its ancestors give its objects, base first. */
  members(declaration: ts.ClassDeclaration): Members[] {
    return this.of(declaration).map((ancestor) => {
      let members = this.#members.get(ancestor);
      if (members === undefined) {
        members = membersOf(ancestor, this.#modules);
        this.#members.set(ancestor, members);
      }
      return members;
    });
  }

  #parentOf(declaration: ts.ClassDeclaration): ts.ClassDeclaration | undefined {
    const base = baseOf(declaration);
    if (base === undefined) return undefined;
    const file = declaration.getSourceFile();
    const found = isIdentifier(base)
      ? this.#modules.find(file, base.text)
      : isPropertyAccessExpression(base)
        ? this.#modules.findIn(file, base.expression.getText(file), base.name.text)
        : undefined;
    return found === undefined || found instanceof Foreign || !isClassDeclaration(found) ? undefined : found;
  }
}

function baseOf(declaration: ts.ClassDeclaration): ts.Expression | undefined {
  return declaration.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword)?.types[0]?.expression;
}
