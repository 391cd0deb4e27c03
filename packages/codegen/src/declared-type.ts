import type { ts } from 'ts-morph';
import { nameText } from './members.js';
import { NotConstant } from './not-constant.js';
import {
  isIdentifier,
  isLiteralTypeNode,
  isParenthesizedTypeNode,
  isPropertySignature,
  isTupleTypeNode,
  isTypeLiteralNode,
  isTypeOperatorNode,
  isTypeQueryNode,
  isTypeReferenceNode,
  SyntaxKind,
} from './ts-morph.js';

/** The value of a name in a type (`typeof limits.queue`, `Mode.Off`), and of its members. */
export type DeclaredName = (name: ts.Identifier, path: readonly string[]) => unknown;

/**
 * The only value of a type, as declarations have it for a const: `5`, `'name'`, `readonly [1, 2]`,
 * `{ readonly queue: 16 }`, `Mode.Off`.
 *
 * @throws NotConstant for a type of several values.
 */
export function declaredType(
  type: ts.TypeNode,
  lookUp: DeclaredName,
  literal: (expression: ts.Expression) => unknown,
): unknown {
  const inner = (part: ts.TypeNode) => declaredType(part, lookUp, literal);
  if (isParenthesizedTypeNode(type)) return inner(type.type);
  if (isLiteralTypeNode(type) && type.literal.kind !== SyntaxKind.NullKeyword) {
    return literal(type.literal as ts.Expression);
  }
  if (isTypeOperatorNode(type) && type.operator === SyntaxKind.ReadonlyKeyword) return inner(type.type);
  if (isTupleTypeNode(type)) return type.elements.map(inner);
  if (isTypeLiteralNode(type)) {
    return Object.fromEntries(
      type.members.map((member) => {
        if (!isPropertySignature(member) || member.type === undefined) throw new NotConstant(member);
        return [nameText(member.name), inner(member.type)];
      }),
    );
  }
  if (isTypeQueryNode(type)) return named(type.exprName, lookUp);
  // A member of an enum; a plain name is that of a type.
  if (isTypeReferenceNode(type) && !isIdentifier(type.typeName)) return named(type.typeName, lookUp);
  throw new NotConstant(type);
}

function named(name: ts.EntityName, lookUp: DeclaredName): unknown {
  const path: string[] = [];
  let at = name;
  while (!isIdentifier(at)) {
    path.unshift(at.right.text);
    at = at.left;
  }
  return lookUp(at, path);
}
