import { createRequire } from 'node:module';
import type * as morph from 'ts-morph';
import { withCompileCache } from './compile-cache.js';

/*
 * ts-morph is CommonJS with all of TypeScript inside. Imported, Node would look through its nine megabytes for names to
 * export before it runs them, which takes a quarter of the loading time; required, it does not.
 *
 * ts-morph opens and parses the files; what they say is read from TypeScript's own nodes, without type checker: ts-morph
 * would wrap each of them in an object of its own, which takes as long as parsing them.
 */
const require = createRequire(import.meta.url);
const { Project, ts } = withCompileCache(() => require('ts-morph') as typeof morph);

export { Project };
export const {
  isArrayLiteralExpression,
  isArrowFunction,
  isAsExpression,
  isBigIntLiteral,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isClassDeclaration,
  isDecorator,
  isElementAccessExpression,
  isEnumDeclaration,
  isExportDeclaration,
  isGetAccessorDeclaration,
  isIdentifier,
  isImportDeclaration,
  isLiteralTypeNode,
  isMethodDeclaration,
  isNamedExports,
  isNamespaceImport,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isObjectLiteralExpression,
  isParenthesizedExpression,
  isParenthesizedTypeNode,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isPropertySignature,
  isSatisfiesExpression,
  isShorthandPropertyAssignment,
  isSpreadAssignment,
  isStringLiteral,
  isTupleTypeNode,
  isTypeLiteralNode,
  isTypeOperatorNode,
  isTypeQueryNode,
  isTypeReferenceNode,
  isVariableDeclaration,
  isVariableStatement,
  ModuleKind,
  ModuleResolutionKind,
  NodeFlags,
  resolveModuleName,
  SyntaxKind,
  sys,
} = ts;
