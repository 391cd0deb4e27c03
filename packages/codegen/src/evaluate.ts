import type { Expression, SourceFile } from 'ts-morph';
import type { Modules } from './modules.js';
import { Node, SyntaxKind } from './ts-morph.js';

/** A class that an argument names: `Inner`, or `() => Inner`. */
export class NamedClass {
  constructor(
    readonly name: string,
    readonly file: SourceFile,
  ) {}
}

/** An expression whose value cannot be told without running the code. */
export class NotConstant extends Error {
  constructor(readonly node: Node) {
    super(`'${node.getText()}' cannot be evaluated without running the code; use a literal, a const or an enum`);
  }
}

/*
 * Decorator arguments are evaluated from the syntax alone: literals, objects, arrays, arithmetic on them, consts and
 * enums of this and of other files of the project. That keeps the scan fast (no type checker, no library files), and
 * the descriptor readable where the decorator stands.
 */

/** The value of a decorator's argument. Classes become {@link NamedClass}. @throws NotConstant */
export function evaluate(node: Node, modules: Modules): unknown {
  if (Node.isParenthesizedExpression(node) || Node.isAsExpression(node) || Node.isSatisfiesExpression(node)) {
    return evaluate(node.getExpression(), modules);
  }
  if (Node.isNumericLiteral(node)) return node.getLiteralValue();
  if (Node.isBigIntLiteral(node)) return BigInt(node.getText().slice(0, -1).replaceAll('_', ''));
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralValue();
  if (Node.isTrueLiteral(node)) return true;
  if (Node.isFalseLiteral(node)) return false;
  if (Node.isObjectLiteralExpression(node)) return evaluateObject(node, modules);
  if (Node.isArrayLiteralExpression(node)) return node.getElements().map((element) => evaluate(element, modules));
  if (Node.isPrefixUnaryExpression(node)) {
    return unary(node, node.getOperatorToken(), evaluate(node.getOperand(), modules) as number);
  }
  if (Node.isBinaryExpression(node)) {
    const [left, right] = [evaluate(node.getLeft(), modules), evaluate(node.getRight(), modules)];
    return binary(node, node.getOperatorToken().getKind(), left as number, right as number);
  }
  if (Node.isArrowFunction(node)) {
    const body = node.getBody();
    const value = Node.isBlock(body) ? undefined : evaluate(body, modules);
    if (value instanceof NamedClass) return value;
    throw new NotConstant(node);
  }
  if (Node.isIdentifier(node)) return evaluateName(node, node.getText(), node.getSourceFile(), modules);
  if (Node.isPropertyAccessExpression(node)) return evaluateMember(node, node.getExpression(), node.getName(), modules);
  if (Node.isElementAccessExpression(node)) {
    const key = node.getArgumentExpression();
    if (key !== undefined) return evaluateMember(node, node.getExpression(), String(evaluate(key, modules)), modules);
  }
  throw new NotConstant(node);
}

function evaluateObject(node: Node, modules: Modules): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const property of node.asKindOrThrow(SyntaxKind.ObjectLiteralExpression).getProperties()) {
    if (Node.isPropertyAssignment(property)) {
      const name = property.getNameNode();
      const key =
        Node.isStringLiteral(name) || Node.isNumericLiteral(name) ? String(name.getLiteralValue()) : name.getText();
      object[key] = evaluate(property.getInitializerOrThrow(), modules);
    } else if (Node.isShorthandPropertyAssignment(property)) {
      object[property.getName()] = evaluate(property.getNameNode(), modules);
    } else if (Node.isSpreadAssignment(property)) {
      Object.assign(object, evaluate(property.getExpression(), modules));
    } else throw new NotConstant(property);
  }
  return object;
}

function unary(node: Node, operator: SyntaxKind, value: number): number {
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

function binary(node: Node, operator: SyntaxKind, left: number, right: number): unknown {
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

function evaluateName(node: Node, name: string, file: SourceFile, modules: Modules): unknown {
  if (name === 'undefined') return undefined;
  const declaration = modules.find(file, name);
  if (declaration === undefined) throw new NotConstant(node);
  if (Node.isClassDeclaration(declaration))
    return new NamedClass(declaration.getName() ?? name, declaration.getSourceFile());
  if (Node.isEnumDeclaration(declaration)) return evaluateEnum(declaration, modules);
  if (Node.isVariableDeclaration(declaration)) {
    const isConst = declaration.getVariableStatement()?.getDeclarationKind() === 'const';
    const initializer = declaration.getInitializer();
    if (isConst && initializer !== undefined) return evaluate(initializer, modules);
  }
  throw new NotConstant(node);
}

/** An enum as the object that it is at run time, without the way back from numbers to names. */
function evaluateEnum(node: Node, modules: Modules): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let next = 0;
  for (const member of node.asKindOrThrow(SyntaxKind.EnumDeclaration).getMembers()) {
    const initializer = member.getInitializer();
    const value = initializer === undefined ? next : enumValue(initializer, values, modules);
    values[member.getName()] = value;
    if (typeof value === 'number') next = value + 1;
  }
  return values;
}

/** An enum member's value may name earlier members. */
function enumValue(initializer: Expression, values: Record<string, unknown>, modules: Modules): unknown {
  if (Node.isIdentifier(initializer) && initializer.getText() in values) return values[initializer.getText()];
  if (Node.isBinaryExpression(initializer)) {
    const [left, right] = [initializer.getLeft(), initializer.getRight()].map((side) =>
      enumValue(side, values, modules),
    );
    return binary(initializer, initializer.getOperatorToken().getKind(), left as number, right as number);
  }
  if (Node.isParenthesizedExpression(initializer)) return enumValue(initializer.getExpression(), values, modules);
  return evaluate(initializer, modules);
}

function evaluateMember(node: Node, object: Node, name: string, modules: Modules): unknown {
  const builtin = `${object.getText()}.${name}`;
  if (builtin === 'Number.MAX_SAFE_INTEGER') return Number.MAX_SAFE_INTEGER;
  const value =
    Node.isIdentifier(object) && modules.schemaExport(object.getSourceFile(), object.getText()) === 'StructFlags'
      ? modules.structFlags
      : evaluate(object, modules);
  if (typeof value !== 'object' || value === null || !(name in value)) throw new NotConstant(node);
  return (value as Record<string, unknown>)[name];
}
