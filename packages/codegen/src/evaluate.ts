import type { ts } from 'ts-morph';
import { type DeclaredName, declaredType } from './declared-type.js';
import { nameText } from './members.js';
import { Foreign, type Modules } from './modules.js';
import type { Declaration } from './names.js';
import { NotConstant, notConstantName } from './not-constant.js';
import {
  isArrayLiteralExpression,
  isArrowFunction,
  isAsExpression,
  isBigIntLiteral,
  isBinaryExpression,
  isBlock,
  isClassDeclaration,
  isElementAccessExpression,
  isEnumDeclaration,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isObjectLiteralExpression,
  isParenthesizedExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isSatisfiesExpression,
  isShorthandPropertyAssignment,
  isSpreadAssignment,
  isStringLiteral,
  isVariableDeclaration,
  NodeFlags,
  SyntaxKind,
} from './ts-morph.js';

/** A class that an argument names: `Inner`, or `() => Inner`. */
export class NamedClass {
  constructor(
    readonly name: string,
    readonly file: ts.SourceFile,
  ) {}
}

/*
 * Decorator arguments are evaluated from the syntax alone: literals, objects, arrays, arithmetic on them, consts and
 * enums of this and of other files of the project, and of packages as far as their declarations (`.d.ts`) tell the
 * value. That keeps the scan fast (no type checker, no library files), and the descriptor readable where the decorator
 * stands.
 */

/**
 * The class that a decorator's argument names; the value where it names none. Where a class is imported from need not
 * be there: what it is, the run time tells.
 *
 * @throws NotConstant
 */
export function evaluateClass(node: ts.Node, modules: Modules): unknown {
  if (isParenthesizedExpression(node)) return evaluateClass(node.expression, modules);
  if (isArrowFunction(node) && !isBlock(node.body)) return evaluateClass(node.body, modules);
  const found = isIdentifier(node)
    ? modules.find(node.getSourceFile(), node.text)
    : isPropertyAccessExpression(node)
      ? modules.findIn(node.getSourceFile(), node.expression.getText(), node.name.text)
      : undefined;
  if (!(found instanceof Foreign)) return evaluate(node, modules);
  if (!modules.isThere(found)) throw new NotConstant(node, `there is no module '${found.module}'`);
  return found;
}

/**
 * The value of a decorator's argument. Classes become {@link NamedClass}, or {@link Foreign} where their source is not
 * seen.
 *
 * @throws NotConstant
 */
export function evaluate(node: ts.Node, modules: Modules): unknown {
  if (isParenthesizedExpression(node) || isAsExpression(node) || isSatisfiesExpression(node)) {
    return evaluate(node.expression, modules);
  }
  if (isNumericLiteral(node)) return Number(node.text);
  // With the 'n' of the literal, but in decimal digits.
  if (isBigIntLiteral(node)) return BigInt(node.text.slice(0, -1));
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (node.kind === SyntaxKind.TrueKeyword) return true;
  if (node.kind === SyntaxKind.FalseKeyword) return false;
  if (isObjectLiteralExpression(node)) return evaluateObject(node, modules);
  if (isArrayLiteralExpression(node)) return node.elements.map((element) => evaluate(element, modules));
  if (isPrefixUnaryExpression(node)) return unary(node, node.operator, evaluate(node.operand, modules) as number);
  if (isBinaryExpression(node)) {
    const [left, right] = [evaluate(node.left, modules), evaluate(node.right, modules)];
    return binary(node, node.operatorToken.kind, left as number, right as number);
  }
  if (isArrowFunction(node)) {
    const value = isBlock(node.body) ? undefined : evaluate(node.body, modules);
    if (value instanceof NamedClass || value instanceof Foreign) return value;
    throw new NotConstant(node);
  }
  if (isIdentifier(node)) return evaluateName(node, node.text, modules);
  if (isPropertyAccessExpression(node)) return evaluateMember(node, node.expression, node.name.text, modules);
  if (isElementAccessExpression(node)) {
    return evaluateMember(node, node.expression, String(evaluate(node.argumentExpression, modules)), modules);
  }
  throw new NotConstant(node);
}

function evaluateObject(node: ts.ObjectLiteralExpression, modules: Modules): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (isPropertyAssignment(property)) object[nameText(property.name)] = evaluate(property.initializer, modules);
    else if (isShorthandPropertyAssignment(property)) object[property.name.text] = evaluate(property.name, modules);
    else if (isSpreadAssignment(property)) Object.assign(object, evaluate(property.expression, modules));
    else throw new NotConstant(property);
  }
  return object;
}

function unary(node: ts.Node, operator: ts.SyntaxKind, value: number): number {
  switch (operator) {
    case SyntaxKind.MinusToken:
      return -value;
    case SyntaxKind.PlusToken:
      return +value;
    case SyntaxKind.TildeToken:
      return ~value;
    default:
      throw new NotConstant(node);
  }
}

function binary(node: ts.Node, operator: ts.SyntaxKind, left: number, right: number): unknown {
  switch (operator) {
    case SyntaxKind.PlusToken:
      return left + right;
    case SyntaxKind.MinusToken:
      return left - right;
    case SyntaxKind.AsteriskToken:
      return left * right;
    case SyntaxKind.SlashToken:
      return left / right;
    case SyntaxKind.PercentToken:
      return left % right;
    case SyntaxKind.AsteriskAsteriskToken:
      return left ** right;
    case SyntaxKind.LessThanLessThanToken:
      return left << right;
    case SyntaxKind.GreaterThanGreaterThanToken:
      return left >> right;
    case SyntaxKind.GreaterThanGreaterThanGreaterThanToken:
      return left >>> right;
    case SyntaxKind.AmpersandToken:
      return left & right;
    case SyntaxKind.BarToken:
      return left | right;
    case SyntaxKind.CaretToken:
      return left ^ right;
    default:
      throw new NotConstant(node);
  }
}

function evaluateName(node: ts.Node, name: string, modules: Modules): unknown {
  if (name === 'undefined') return undefined;
  return evaluateFound(node, name, modules.find(node.getSourceFile(), name), modules);
}

function evaluateFound(
  node: ts.Node,
  name: string,
  found: Declaration | Foreign | undefined,
  modules: Modules,
): unknown {
  if (found === undefined) throw notConstantName(node, name, modules);
  if (found instanceof Foreign) return evaluateForeign(node, found, modules);
  if (isClassDeclaration(found)) return new NamedClass(found.name?.text ?? name, found.getSourceFile());
  return evaluateDeclaration(node, found, modules);
}

/** A value from a package, as far as its declarations tell it. */
function evaluateForeign(node: ts.Node, foreign: Foreign, modules: Modules): unknown {
  const { module, name } = foreign;
  const declaration = modules.declarationOf(foreign);
  if (declaration === undefined) {
    throw new NotConstant(node, `the declarations (.d.ts) of '${module}' are not there, or have no '${name}'`);
  }
  if (isClassDeclaration(declaration)) return foreign;
  try {
    return evaluateDeclaration(node, declaration, modules);
  } catch (error) {
    if (!(error instanceof NotConstant)) throw error;
    const type = isVariableDeclaration(declaration) ? declaration.type?.getText() : undefined;
    const found = type === undefined ? 'do not tell its value' : `say '${type}', not its value`;
    const remedy = "make it a const with a literal or 'as const' there, or a const of its own here";
    throw new NotConstant(node, `the declarations (.d.ts) of '${module}' ${found}; ${remedy}`);
  }
}

function evaluateDeclaration(
  node: ts.Node,
  declaration: ts.EnumDeclaration | ts.VariableDeclaration,
  modules: Modules,
): unknown {
  if (isEnumDeclaration(declaration)) return evaluateEnum(declaration, modules);
  const isConst = (declaration.parent.flags & NodeFlags.BlockScoped) === NodeFlags.Const;
  if (!isConst) throw new NotConstant(node, 'it is a variable; make it a const');
  if (declaration.initializer !== undefined) return evaluate(declaration.initializer, modules);
  if (declaration.type === undefined) throw new NotConstant(node);
  const lookUp: DeclaredName = (name, path) => path.reduce(memberOf(node), evaluateName(name, name.text, modules));
  return declaredType(declaration.type, lookUp, (literal) => evaluate(literal, modules));
}

/** An enum as the object that it is at run time, without the way back from numbers to names. */
function evaluateEnum(node: ts.EnumDeclaration, modules: Modules): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const isDeclared = node.getSourceFile().isDeclarationFile;
  let next = 0;
  for (const member of node.members) {
    const { name, initializer } = member;
    // Declarations have the value of every member, but of those that are computed at run time.
    if (initializer === undefined && isDeclared) throw new NotConstant(member);
    const value = initializer === undefined ? next : enumValue(initializer, values, modules);
    values[nameText(name)] = value;
    if (typeof value === 'number') next = value + 1;
  }
  return values;
}

/** An enum member's value may name earlier members. */
function enumValue(initializer: ts.Expression, values: Record<string, unknown>, modules: Modules): unknown {
  if (isIdentifier(initializer) && initializer.text in values) return values[initializer.text];
  if (isBinaryExpression(initializer)) {
    const { left, right, operatorToken } = initializer;
    const [a, b] = [left, right].map((side) => enumValue(side, values, modules));
    return binary(initializer, operatorToken.kind, a as number, b as number);
  }
  if (isParenthesizedExpression(initializer)) return enumValue(initializer.expression, values, modules);
  return evaluate(initializer, modules);
}

function evaluateMember(node: ts.Node, object: ts.Expression, name: string, modules: Modules): unknown {
  if (`${object.getText()}.${name}` === 'Number.MAX_SAFE_INTEGER') return Number.MAX_SAFE_INTEGER;
  const file = object.getSourceFile();
  if (isIdentifier(object)) {
    const found = modules.findIn(file, object.text, name);
    if (found !== undefined) return evaluateFound(node, name, found, modules);
    if (modules.schemaExport(file, object.text) === 'StructFlags') return memberOf(node)(modules.structFlags, name);
  }
  return memberOf(node)(evaluate(object, modules), name);
}

/** A member of an object, or an enum. */
function memberOf(node: ts.Node): (object: unknown, name: string) => unknown {
  return (object, name) => {
    if (object instanceof NamedClass || object instanceof Foreign) {
      throw new NotConstant(node, 'static members of classes are not read; use a const or an enum');
    }
    if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) {
      throw new NotConstant(node, `there is no '${name}' in it`);
    }
    return (object as Record<string, unknown>)[name];
  };
}
