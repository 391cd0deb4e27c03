import type { ts } from 'ts-morph';
import { nameText } from './members.js';
import type { Modules } from './modules.js';
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

/** An expression whose value cannot be told without running the code. */
export class NotConstant extends Error {
  constructor(readonly node: ts.Node) {
    super(`'${node.getText()}' cannot be evaluated without running the code; use a literal, a const or an enum`);
  }
}

/*
 * Decorator arguments are evaluated from the syntax alone: literals, objects, arrays, arithmetic on them, consts and
 * enums of this and of other files of the project. That keeps the scan fast (no type checker, no library files), and
 * the descriptor readable where the decorator stands.
 */

/** The value of a decorator's argument. Classes become {@link NamedClass}. @throws NotConstant */
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
    if (value instanceof NamedClass) return value;
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
  const declaration = modules.find(node.getSourceFile(), name);
  if (declaration === undefined) throw new NotConstant(node);
  if (isClassDeclaration(declaration)) {
    return new NamedClass(declaration.name?.text ?? name, declaration.getSourceFile());
  }
  if (isEnumDeclaration(declaration)) return evaluateEnum(declaration, modules);
  const isConst = (declaration.parent.flags & NodeFlags.BlockScoped) === NodeFlags.Const;
  if (!isConst || declaration.initializer === undefined) throw new NotConstant(node);
  return evaluate(declaration.initializer, modules);
}

/** An enum as the object that it is at run time, without the way back from numbers to names. */
function evaluateEnum(node: ts.EnumDeclaration, modules: Modules): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let next = 0;
  for (const { name, initializer } of node.members) {
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
  const builtin = `${object.getText()}.${name}`;
  if (builtin === 'Number.MAX_SAFE_INTEGER') return Number.MAX_SAFE_INTEGER;
  const value =
    isIdentifier(object) && modules.schemaExport(object.getSourceFile(), object.text) === 'StructFlags'
      ? modules.structFlags
      : evaluate(object, modules);
  if (typeof value !== 'object' || value === null || !(name in value)) throw new NotConstant(node);
  return (value as Record<string, unknown>)[name];
}
